// tlab place: ten questions at most, each by the answers before; lessons that are known are skipped, and come back in review.
import { randomUUID } from 'node:crypto';
import type { Lesson } from '../../lesson/format/load.ts';
import { type Card, cardsOf } from '../../lesson/quiz/cards.ts';
import {
  beginPlacement,
  isPlaced,
  middleOf,
  type Placement,
  placed,
  questionsOfPlacement,
  withoutQuestion,
} from '../../lesson/quiz/place.ts';
import { numbersOf, shuffled } from '../../lesson/vars.ts';
import { defineCommand } from '../command.ts';
import { boolean, text } from '../flags/spec.ts';
import { counted } from '../format/words.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { type Asked, askAll, questionsOf } from '../lesson/quiz-session.ts';
import { openRecordings } from '../lesson/recordings.ts';
import { openPrompter } from '../prompt/open.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  says: 'Lessons before the first one that is not known are skipped; tlab reset LESSON takes one after all. --dry-run changes nothing.',
  flags: {
    'dry-run': boolean('Only say what would be skipped'),
    seed: text('What the questions are made from', { value: 'text' }),
    json: boolean('Speak in JSON, one document a line'),
  },
  exitStatus: learnerStatus,
  async run({ flags }) {
    const course = openLessons();
    const { lessons } = course;
    const learner = openLearner(course);
    const seed = flags.seed ?? randomUUID();
    const cards = cardsOf(lessons, openRecordings());
    const prompter = openPrompter({ json: flags.json });
    let placement = beginPlacement(lessons.length);
    const used = new Set<string>();
    try {
      while (!isPlaced(placement)) {
        const asked = await oneQuestion(cards, lessons[middleOf(placement)], used, `${seed}/${placement.asked}`);
        if (asked === undefined) {
          placement = withoutQuestion(placement);
          continue;
        }
        used.add(asked.card.id);
        let isRight = false;
        const { isStopped } = await askAll(prompter, [asked], {
          triesAllowed: 1,
          title: `Question ${placement.asked + 1} of at most ${questionsOfPlacement}`,
          keep: (answered) => {
            isRight = answered.isRight && answered.hints === 0;
          },
        });
        if (isStopped) {
          prompter.tell('note', 'Stopped: nothing is skipped.');
          return 5;
        }
        placement = placed(placement, isRight);
      }
      const known = lessons.slice(0, placement.low).filter((lesson) => !learner.isDone(lesson));
      if (!flags['dry-run']) for (const lesson of known) skipKnown(learner, lesson);
      if (flags.json) print(JSON.stringify({ schema: 'tlab.place/1', ...summaryOf(placement, lessons, known) }));
      else prompter.tell('text', wordsOf(lessons, placement, known));
      return 0;
    } finally {
      prompter.close();
    }
  },
});

async function oneQuestion(
  cards: readonly Card[],
  lesson: Lesson | undefined,
  used: ReadonlySet<string>,
  seed: string,
): Promise<Asked | undefined> {
  const about = cards.filter((card) => card.lesson === lesson?.id && !used.has(card.id));
  return (await questionsOf(shuffled(about, numbersOf(seed)), seed, 1))[0];
}

function skipKnown(learner: ReturnType<typeof openLearner>, lesson: Lesson): void {
  const steps = lesson.steps.map(({ id }) => ({ kind: 'skipped' as const, lesson: lesson.id, step: id }));
  learner.record([{ kind: 'placed', lesson: lesson.id }, ...steps]);
}

const summaryOf = ({ asked, low }: Placement, lessons: readonly Lesson[], known: readonly Lesson[]) => ({
  asked,
  begin: lessons[low]?.id,
  skipped: known.map(({ id }) => id),
});

function wordsOf(lessons: readonly Lesson[], { low, asked }: Placement, known: readonly Lesson[]): string {
  const begin = lessons[low];
  const skipped =
    known.length === 0
      ? 'Nothing is skipped.'
      : `Skipped: ${known.map(({ id }) => id).join(', ')}; they come back in review.`;
  const next =
    begin === undefined
      ? 'You know the whole course: tlab interview'
      : `Begin with ${begin.id}: tlab learn ${begin.id}`;
  return `${counted(asked, 'question')}. ${skipped} ${next}`;
}
