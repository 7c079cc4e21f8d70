// tlab check: whether the step is passed, and what is missing. Status 0 passed, 1 not yet.
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { askChecks } from '../lesson/ask-checks.ts';
import { currentAttempt, openLearner } from '../lesson/learner.ts';
import { showDebrief, showResults } from '../lesson/show-step.ts';
import { paint, print } from '../terminal.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'Looks at the machine and at the traces since the step began; it changes nothing. Status: 0 passed, 1 not yet.',
  flags: { json: boolean('Print one JSON document') },
  async run({ operands: [id], flags }) {
    const learner = openLearner();
    const attempt = await currentAttempt(learner, id);
    const { results, isPassed, reply } = await askChecks(learner, attempt);
    if (flags.json) {
      const checks = results.map(({ check, state, saw, wanted, events = [] }) => ({
        id: check.id,
        state,
        saw,
        wanted,
        events,
      }));
      print(
        JSON.stringify({ schema: 'tlab.check/1', lesson: attempt.lesson.id, step: attempt.step.id, isPassed, checks }),
      );
      return isPassed ? 0 : 1;
    }
    showResults(attempt.step, results, reply);
    if (isPassed) showDebrief(attempt.step);
    const next = isPassed ? 'Passed. Go on: tlab learn' : 'Help: tlab hint';
    print(paint.out('dim', next));
    return isPassed ? 0 : 1;
  },
});
