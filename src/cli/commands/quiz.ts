// tlab quiz: questions made from recorded traces, predictions and key points; each answer counts for tlab review.
import { randomUUID } from 'node:crypto';
import { LabError } from '../../base/errors.ts';
import { cardsAbout, cardsOf, topicsOf } from '../../lesson/quiz/cards.ts';
import { numbersOf, shuffled } from '../../lesson/vars.ts';
import { defineCommand } from '../command.ts';
import { between } from '../flags/readers.ts';
import { boolean, one, text } from '../flags/spec.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { askAll, questionsOf, type Session } from '../lesson/quiz-session.ts';
import { openRecordings } from '../lesson/recordings.ts';
import { openPrompter } from '../prompt/open.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[TOPIC]',
  count: { min: 0, max: 1 },
  says: 'TOPIC: an entry (STK-1), an area (STK), a lesson or a topic of the course; everything without it. Answers may come from a pipe, one a line.',
  flags: {
    count: one('So many questions (10)', between(1, 200), { short: 'n', value: 'number' }),
    seed: text('What the questions are made from: the same seed asks the same', { value: 'text' }),
    json: boolean('Speak in JSON, one document a line'),
  },
  exitStatus: learnerStatus,
  examples: [
    { says: 'ten of everything', line: 'tlab quiz' },
    { says: 'three about the stack', line: 'tlab quiz stack -n 3' },
  ],
  async run({ operands: [topic], flags }) {
    const course = openLessons();
    const seed = flags.seed ?? randomUUID();
    const cards = cardsAbout(cardsOf(course.lessons, openRecordings()), course.lessons, topic);
    const asked = await questionsOf(shuffled(cards, numbersOf(seed)), seed, flags.count ?? 10);
    if (asked.length === 0) {
      const known = topicsOf(course.lessons).join(', ');
      throw new LabError('notFound', `topic "${topic ?? ''}": no question about it, there are ${known}`, {
        hint: 'tlab quiz',
      });
    }
    const learner = openLearner(course);
    const prompter = openPrompter({ json: flags.json });
    try {
      const session = await askAll(prompter, asked, {
        keep: ({ card, isRight, tries, hints, seconds, rating }) =>
          learner.record([{ kind: 'reviewed', card, isRight, tries, hints, seconds, rating }]),
      });
      if (flags.json) print(JSON.stringify({ schema: 'tlab.quiz/1', seed, ...session }));
      else prompter.tell('text', wordsOf(session));
      return session.isStopped ? 5 : 0;
    } finally {
      prompter.close();
    }
  },
});

function wordsOf({ answered, isStopped }: Session): string {
  const right = answered.filter(({ isRight }) => isRight).length;
  const weak = [...new Set(answered.flatMap(({ isRight, entry, card }) => (isRight ? [] : [entry ?? card])))];
  const again = weak.length === 0 ? '' : ` Weak: ${weak.join(', ')}.`;
  if (answered.length === 0) return 'Stopped; nothing was answered.';
  return `${right} of ${answered.length} right.${again} ${isStopped ? 'Stopped; what was answered is kept.' : 'They come back when they are due: tlab review'}`;
}
