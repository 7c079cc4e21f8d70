// tlab notes: what was learnt as Markdown on standard output: commands, debriefs, questions and answers, own notes.
import { writeFileSync } from 'node:fs';
import { notesOf } from '../../lesson/notes/notes.ts';
import { defineCommand } from '../command.ts';
import { text } from '../flags/spec.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { say } from '../terminal.ts';

export default defineCommand({
  says: 'Only steps that are over are in it. Add your own: tlab notes add TEXT.',
  flags: { output: text('Write it to a file', { short: 'o', value: 'file' }) },
  exitStatus: learnerStatus,
  examples: [{ says: 'to a file', line: 'tlab notes -o notes.md' }],
  run({ flags }) {
    const course = openLessons();
    const learner = openLearner(course);
    const lessons = course.lessons.flatMap((lesson) => learner.begun(lesson) ?? []);
    const notes = notesOf({ lessons, entries: learner.entries });
    if (flags.output === undefined) process.stdout.write(notes);
    else {
      writeFileSync(flags.output, notes);
      say(`written: ${flags.output}`);
    }
    return 0;
  },
});
