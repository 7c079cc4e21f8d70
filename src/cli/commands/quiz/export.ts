// tlab quiz export: the questions as cards with stable ids, CSV for Anki and others. There are no ratings in it: those are made of evidence.
import { writeFileSync } from 'node:fs';
import type { Question } from '../../../lesson/predict/question.ts';
import { cardsAbout, cardsOf } from '../../../lesson/quiz/cards.ts';
import { defineCommand } from '../../command.ts';
import { text } from '../../flags/spec.ts';
import { csvOf } from '../../format/csv.ts';
import { counted } from '../../format/words.ts';
import { openLessons } from '../../lesson/learner.ts';
import { openRecordings } from '../../lesson/recordings.ts';
import { learnerStatus } from '../../prompt/prompter.ts';
import { say } from '../../terminal.ts';

const columns = ['id', 'question', 'answer', 'evidence', 'tags'] as const;

export default defineCommand({
  operands: '[TOPIC]',
  count: { min: 0, max: 1 },
  says: 'One card a row, and a header row. An id stays when the words of a card change, so that a second import updates it.',
  flags: {
    csv: text('Write to this file; standard output without it', { short: 'o', value: 'file' }),
    seed: text('What the questions are made from (cards)', { value: 'text' }),
  },
  exitStatus: learnerStatus,
  examples: [{ says: 'every card', line: 'tlab quiz export --csv cards.csv' }],
  async run({ operands: [topic], flags }) {
    const { lessons } = openLessons();
    const cards = cardsAbout(cardsOf(lessons, openRecordings()), lessons, topic);
    const rows: string[][] = [[...columns]];
    for (const { id, entry, lesson, ask } of cards) {
      const question = await ask(flags.seed ?? 'cards');
      if (question === undefined) continue;
      const tags = ['tlab', lesson, ...(entry === undefined ? [] : [entry])].join(' ');
      rows.push([id, questionText(question), answerText(question), question.tells.join('\n'), tags]);
    }
    const csv = csvOf(rows);
    if (flags.csv === undefined) process.stdout.write(csv);
    else {
      writeFileSync(flags.csv, csv);
      say(`${counted(rows.length - 1, 'card')} written: ${flags.csv}`);
    }
    return 0;
  },
});

const questionText = ({ asks, choices }: Question): string =>
  [asks, ...choices.map((choice, i) => `${i + 1}. ${choice}`)].join('\n');

function answerText({ choices, answer, form, reason }: Question): string {
  const words = answer.split(' ').map((number) => choices[Number(number) - 1] ?? number);
  const text = choices.length === 0 ? answer : words.join(form === 'order' ? ' → ' : ', ');
  return reason === undefined ? text : `${text}. ${reason}`;
}
