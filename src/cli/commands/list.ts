// tlab list: the lessons, and how far each one is.
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { fitWidth, tableLines } from '../format/table.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print, say } from '../terminal.ts';

export default defineCommand({
  says: 'Take one by its name: tlab learn LESSON.',
  flags: { json: boolean('Print one JSON document') },
  exitStatus: learnerStatus,
  run({ flags }) {
    const course = openLessons();
    const learner = openLearner(course);
    const rows = course.lessons.map((lesson) => ({ lesson, ...learner.countOf(lesson) }));
    if (flags.json) {
      const lessons = rows.map(({ lesson: { id, title, covers, level, minutes, needs }, over, all }) => ({
        ...{ id, title, covers, level, minutes, needs },
        steps: all,
        over,
      }));
      print(JSON.stringify({ schema: 'tlab.lessons/1', lessons }));
      return 0;
    }
    if (rows.length === 0) say('No lesson here.');
    const current = learner.current?.id;
    const cells = rows.map(({ lesson, over, all }) => [
      lesson.id === current ? '>' : '',
      lesson.id,
      over === all ? 'done' : `${over} of ${all}`,
      `${lesson.minutes} min`,
      lesson.title,
    ]);
    for (const line of tableLines([['', 'LESSON', 'STEPS', 'TIME', 'WHAT IT IS ABOUT'], ...cells], fitWidth()))
      print(line);
    return 0;
  },
});
