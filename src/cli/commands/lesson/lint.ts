// tlab lesson lint: what is wrong with the lessons, each with its line. Status 1 when there is something.
import { findingLine } from '../../../lesson/format/finding.ts';
import { lintCourse } from '../../../lesson/format/lint.ts';
import { loadCourse } from '../../../lesson/format/load.ts';
import { defineCommand } from '../../command.ts';
import { counted } from '../../format/words.ts';
import { lessonsFolder } from '../../lesson/folder.ts';
import { learnerStatus } from '../../prompt/prompter.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: '[FOLDER]',
  count: { min: 0, max: 1 },
  says: 'FOLDER holds topics, and these lessons: NN-topic/NN-name/lesson.md. Without it: those of tlab.',
  flags: {},
  exitStatus: learnerStatus,
  run({ operands: [folder = lessonsFolder()] }) {
    const course = loadCourse(folder);
    const findings = lintCourse(course);
    for (const finding of findings) print(findingLine(finding));
    print(`${counted(course.length, 'lesson')}, ${counted(findings.length, 'finding')}.`);
    return findings.length > 0 ? 1 : 0;
  },
});
