// tlab check: whether the step is passed, and what is missing. Status 0 passed, 1 not yet, 3 cannot tell.
import { paint } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { askChecks, statusOfCheck } from '../lesson/ask-checks.ts';
import { openCurrent } from '../lesson/learner.ts';
import { lessonWidth, showDebrief, showResults } from '../lesson/show-step.ts';
import { passedWords, sayWay, wayFlag } from '../lesson/way.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'Looks at the machine and at the traces since the step began; it changes nothing. Status: 0 passed, 1 not yet, 3 cannot tell, as without an engine.',
  flags: { json: boolean('Print one JSON document'), way: wayFlag },
  exitStatus: learnerStatus,
  async run({ operands: [id], flags }) {
    const { learner, attempt } = await openCurrent(id, flags.way);
    const { results, verdict, reply } = await askChecks(learner, attempt);
    const status = statusOfCheck[verdict];
    const isPassed = verdict === 'passed';
    if (flags.json) {
      const checks = results.map(({ check, state, saw, wanted, events = [] }) => ({
        id: check.id,
        state,
        saw,
        wanted,
        events,
      }));
      const about = { lesson: attempt.lesson.id, step: attempt.step.id, way: attempt.way };
      print(JSON.stringify({ schema: 'tlab.check/1', ...about, verdict, isPassed, checks, reply }));
      return status;
    }
    sayWay(attempt.way, attempt.lesson);
    const { lesson, step } = attempt;
    print(paint.out('dim', printable(`${lesson.id}/${step.id}: ${step.title}`)));
    showResults(attempt.step, results, reply);
    if (isPassed) showDebrief(attempt.step);
    const next = { passed: passedWords(attempt.way), failed: 'Help: tlab hint', unknown: cannotTell }[verdict];
    for (const line of wrap(next, lessonWidth())) print(paint.out('dim', line));
    return status;
  },
});

const cannotTell = 'It cannot be told here. The engine: sudo tlab system status. This host: sudo tlab doctor';
