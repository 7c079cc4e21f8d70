// tlab next: on from a step that is only to be read; from one with checks, when they pass.
import { defineCommand } from '../command.ts';
import { askChecks, statusOfCheck } from '../lesson/ask-checks.ts';
import { openCurrent } from '../lesson/learner.ts';
import { prepareNext } from '../lesson/prepare.ts';
import { showDebrief, showKeys, showResults, showStep } from '../lesson/show-step.ts';
import { sayWay, wayFlag } from '../lesson/way.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'Asks the checks of the step; when they pass, or when it has none, the next one is shown. Status 1 when they do not, 3 when it cannot be told.',
  flags: { way: wayFlag },
  exitStatus: learnerStatus,
  async run({ operands: [id], flags }) {
    const { learner, attempt } = await openCurrent(id, flags.way);
    const { results, verdict, reply } = await askChecks(learner, attempt);
    if (verdict !== 'passed') {
      showResults(attempt.step, results, reply);
      return statusOfCheck[verdict];
    }
    const { way } = attempt;
    if (way !== 'engine') showResults(attempt.step, results);
    showDebrief(attempt.step);
    if (way === 'engine') await prepareNext(learner, attempt.lesson);
    const following = learner.attempt(attempt.lesson, way);
    if (following.step === undefined) {
      print(`\nThat was the last step of "${attempt.lesson.title}".\nWhat there is: tlab list`);
      return 0;
    }
    print('');
    sayWay(way, attempt.lesson);
    showStep({ ...following, step: following.step });
    if (following.progress.state === 'predicting') print('Predictions come first: tlab learn');
    else showKeys(following.step, way);
    return 0;
  },
});
