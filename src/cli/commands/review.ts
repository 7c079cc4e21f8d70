// tlab review: what is due, asked again; steps are done again with other values. When something is due follows from how it went, not from
// what anybody says about it.
import { randomUUID } from 'node:crypto';
import { type Course, lessonOf } from '../../lesson/course.ts';
import { type Card, cardsOf } from '../../lesson/quiz/cards.ts';
import { dueAt, type Scheduled, scheduleOf, stepCard } from '../../lesson/quiz/schedule.ts';
import { numbersOf, shuffled } from '../../lesson/vars.ts';
import { defineCommand } from '../command.ts';
import { between } from '../flags/readers.ts';
import { boolean, one, text } from '../flags/spec.ts';
import { counted } from '../format/words.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { askAll, questionsOf, type Session } from '../lesson/quiz-session.ts';
import { openRecordings } from '../lesson/recordings.ts';
import { redoStep } from '../lesson/redo.ts';
import { openPrompter } from '../prompt/open.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  says: 'Questions that were answered and steps that were passed come back when they are about to be forgotten: FSRS, rated by right, tries, hints and time.',
  flags: {
    count: one('So many questions at most (20)', between(1, 200), { short: 'n', value: 'number' }),
    list: boolean('Only list what is due, and what comes next'),
    again: text('Do a step again, with other values', { value: 'lesson/step' }),
    ahead: one('What will be due in so many days too', between(0, 3650), { value: 'days' }),
    json: boolean('Speak in JSON, one document a line'),
  },
  exitStatus: learnerStatus,
  examples: [
    { says: 'what is due', line: 'tlab review' },
    { says: 'a step with other values', line: 'sudo tlab review --again one-run/start' },
  ],
  async run({ flags }) {
    const course = openLessons();
    const learner = openLearner(course);
    if (flags.again !== undefined) {
      const [lesson = '', step = ''] = flags.again.split('/');
      await redoStep(learner, lessonOf(course, lesson), step);
      print(`${flags.again} begins anew, with other values. Go on: tlab learn ${lesson}`);
      return 0;
    }
    const scheduled = scheduleOf(learner.entries);
    const due = dueAt(scheduled, new Date(Date.now() + (flags.ahead ?? 0) * 86_400_000));
    const cards = new Map(cardsOf(course.lessons, openRecordings()).map((card) => [card.id, card]));
    const steps = due.flatMap(({ card }) => (hasStep(course, card) ? [card.slice('step/'.length)] : []));
    if (flags.list || due.length === 0) return list(scheduled, due, flags.json);
    const seed = randomUUID();
    const known = due.map(({ card }) => cardFor(card, cards, seed)).filter((card): card is Card => card !== undefined);
    const asked = await questionsOf(known, seed, flags.count ?? 20);
    const prompter = openPrompter({ json: flags.json });
    try {
      const session = await askAll(prompter, asked, {
        keep: ({ card, isRight, tries, hints, seconds, rating }) =>
          learner.record([{ kind: 'reviewed', card, isRight, tries, hints, seconds, rating }]),
      });
      if (flags.json) print(JSON.stringify({ schema: 'tlab.review/1', seed, ...session, steps }));
      if (!flags.json && asked.length > 0) prompter.tell('text', wordsOf(session));
      if (!flags.json && known.length === 0 && steps.length === 0)
        prompter.tell('note', 'Of what is due nothing is in this course any more: tlab review --list');
      if (!flags.json && steps.length > 0) {
        prompter.tell('text', `${counted(steps.length, 'step')} to do again, with other values:`);
        for (const step of steps) prompter.tell('evidence', `sudo tlab review --again ${step}`);
      }
      return session.isStopped ? 5 : 0;
    } finally {
      prompter.close();
    }
  },
});

function wordsOf({ answered, isStopped }: Session): string {
  const right = answered.filter(({ isRight }) => isRight).length;
  const stopped = isStopped ? 'Stopped; what is left stays due. ' : '';
  return answered.length === 0 ? stopped.trim() : `${stopped}${right} of ${answered.length} right.`;
}

const hasStep = ({ lessons }: Course, card: string): boolean =>
  lessons.some(({ id, steps }) => steps.some((step) => stepCard(id, step.id) === card));

/** The card; of a lesson that was skipped as known, any one about it, which answers for the lesson. */
function cardFor(id: string, cards: ReadonlyMap<string, Card>, seed: string): Card | undefined {
  if (!id.startsWith('lesson/')) return cards.get(id);
  const about = [...cards.values()].filter(({ lesson }) => `lesson/${lesson}` === id);
  const [any] = shuffled(about, numbersOf(`${seed}/${id}`));
  return any && { ...any, id };
}

/** So many that come next are told. */
const soon = 5;

function list(scheduled: readonly Scheduled[], due: readonly Scheduled[], asJson: boolean): number {
  if (asJson) {
    print(JSON.stringify({ schema: 'tlab.review/1', due: due.map(({ card }) => card), scheduled }));
    return 0;
  }
  print(due.length === 0 ? 'Nothing is due.' : `${counted(due.length, 'card')} due:`);
  for (const { card } of due) print(`  ${card}`);
  const later = scheduled.filter((one) => !due.includes(one)).slice(0, soon);
  if (scheduled.length === 0) print('Cards come from what you answer and pass: tlab quiz, tlab learn');
  for (const { card, due: at } of later) print(`  ${at.toISOString().slice(0, 10)}  ${card}`);
  return 0;
}
