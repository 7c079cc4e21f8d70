// tlab learn: the step where the learner stands; predictions first, then what to do. With a terminal it goes on looking until the step is passed.
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { openCurrent } from '../lesson/learner.ts';
import { predictStep } from '../lesson/predict-step.ts';
import { showKeys, showRest, showStep } from '../lesson/show-step.ts';
import { watchStep } from '../lesson/watch-step.ts';
import { sayWay, wayFlag } from '../lesson/way.ts';
import { learnerStatus } from '../prompt/prompter.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'Without LESSON: where you were. Work in another terminal; this one looks every second, and says when the step is passed.',
  flags: { 'no-watch': boolean('Show the step and end'), way: wayFlag },
  exitStatus: learnerStatus,
  examples: [
    { says: 'go on', line: 'sudo tlab learn' },
    { says: 'one lesson', line: 'sudo tlab learn one-run' },
    { says: 'without root, on a recording', line: 'tlab learn one-run --way replay' },
  ],
  async run({ operands: [id], flags }) {
    const { learner, attempt } = await openCurrent(id, flags.way);
    sayWay(attempt.way, attempt.lesson);
    showStep(attempt);
    if (attempt.progress.state === 'predicting') {
      await predictStep(learner, attempt);
      showRest(attempt.step);
    }
    const isWatched =
      process.stdin.isTTY === true && process.stdout.isTTY === true && !flags['no-watch'] && attempt.way === 'engine';
    showKeys(attempt.step, attempt.way);
    return isWatched && attempt.step.checks.length > 0 ? await watchStep(learner, attempt) : 0;
  },
});
