// tlab hint: the next rung of help of the step: where to look, the idea, the command with blanks, the solution.
import { paint } from '../../base/colour.ts';
import { LabError } from '../../base/errors.ts';
import { nextRung, rungsOf } from '../../lesson/run/hints.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { predictionsFirst } from '../lesson/ask-checks.ts';
import { openCurrent } from '../lesson/learner.ts';
import { commandLines, markdownLines } from '../lesson/markdown.ts';
import { lessonWidth } from '../lesson/show-step.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'Each call goes one rung up. The last one is the solution, which --yes shows; the step then comes back in review.',
  flags: { yes: boolean('Show the solution too', { short: 'y' }) },
  exitStatus: learnerStatus,
  async run({ operands: [id], flags }) {
    const { learner, attempt } = await openCurrent(id);
    const { lesson, step, progress } = attempt;
    if (progress.state === 'predicting') throw predictionsFirst(step);
    const rung = nextRung(step, progress.rung);
    if (rung === undefined)
      throw new LabError('conflict', `step "${step.id}" has no hints: there is nothing to do but to read`);
    if (rung.rung === 4 && !flags.yes && progress.rung < 4) {
      print('What is left is the solution. Show it: tlab hint --yes');
      return 0;
    }
    learner.record([{ kind: 'hinted', lesson: lesson.id, step: step.id, rung: rung.rung }]);
    print(paint.out('bold', `Hint ${rung.rung} of ${rungsOf(step).length}: ${rung.name}`));
    for (const line of rung.rung === 4 ? commandLines(rung.text) : markdownLines(rung.text, lessonWidth())) print(line);
    return 0;
  },
});
