// tlab list: the lessons, and how far each one is.
import { printable, wrap } from '../../base/text.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { fitWidth, tableLines } from '../format/table.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print, say, terminalColumns } from '../terminal.ts';

/** Below it a table would be cut everywhere. */
const narrow = 60;

const recordLines = ([id = '', steps = '', time = '', title = '']: readonly string[], width: number): string[] => [
  ...wrap(printable(`${id}: ${steps === 'done' ? steps : `${steps} steps`}, ${time}`), width),
  ...wrap(printable(title), width - 4).map((line) => `    ${line}`),
];

export default defineCommand({
  says: 'Take one by its name: tlab learn LESSON.',
  flags: { json: boolean('Print one JSON document') },
  exitStatus: learnerStatus,
  run({ flags }) {
    const course = openLessons();
    const learner = openLearner(course);
    const rows = course.lessons.map((lesson) => ({
      lesson,
      ...learner.countOf(lesson),
      changed: learner.changedOf(lesson),
    }));
    if (flags.json) {
      const lessons = rows.map(({ lesson: { id, title, covers, level, minutes, needs }, over, all, changed }) => ({
        ...{ id, title, covers, level, minutes, needs },
        steps: all,
        over,
        changed,
      }));
      print(JSON.stringify({ schema: 'tlab.lessons/1', lessons }));
      return 0;
    }
    if (rows.length === 0) say('No lesson here.');
    const current = learner.current?.id;
    const cells = rows.map(({ lesson, over, all }) => [
      `${lesson.id === current ? '>' : ' '} ${lesson.id}`,
      over === all ? 'done' : `${over} of ${all}`,
      `${lesson.minutes} min`,
      lesson.title,
    ]);
    const width = fitWidth();
    const lines =
      width !== undefined && width < narrow
        ? cells.flatMap((cell) => recordLines(cell, width))
        : tableLines([['  LESSON', 'STEPS', 'TIME', 'WHAT IT IS ABOUT'], ...cells], width, 0);
    for (const line of lines) print(line);
    const changed = rows.flatMap((row) => row.changed.map((step) => `${row.lesson.id}/${step}`));
    if (changed.length > 0) for (const line of wrap(changedWords(changed), terminalColumns())) say(line);
    return 0;
  },
});

const changedWords = (steps: readonly string[]): string =>
  `Changed since you passed: ${steps.join(', ')}. It counts as before; to take it again: tlab reset ${steps[0]}`;
