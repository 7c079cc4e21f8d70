// Asks the checks of a step and keeps the answer: the one place where a step becomes passed.
import { LabError } from '../../base/errors.ts';
import { type Attempt, contentOf, type Learner } from '../../lesson/course.ts';
import type { Step } from '../../lesson/format/load.ts';
import { type CheckResult, checkStep, isStepPassed } from '../../lesson/run/check-step.ts';
import { replyTo } from '../../lesson/run/replies.ts';
import { evidenceSince } from './learner.ts';
import { clearWhenDone } from './prepare.ts';

export interface Asked {
  results: CheckResult[];
  isPassed: boolean;
  /** What to say to somebody who went this way. */
  reply: string | undefined;
}

/** `isTry`: the learner asked, so it counts; a look by itself counts only when it passes. */
export async function askChecks(learner: Learner, attempt: Attempt & { step: Step }, isTry = true): Promise<Asked> {
  const { lesson, step, progress, since } = attempt;
  if (progress.state === 'predicting') {
    throw new LabError('conflict', `step "${step.id}" asks for predictions first`, { hint: 'tlab learn' });
  }
  const evidence = evidenceSince(since);
  const results = await checkStep(step, evidence, progress.passedChecks);
  const isPassed = isStepPassed(step, results);
  const place = { lesson: lesson.id, step: step.id };
  const ids = (state: CheckResult['state']): string[] =>
    results.filter((one) => one.state === state).map(({ check }) => check.id);
  if (isTry || isPassed) {
    learner.record([
      { kind: 'checked', ...place, passed: ids('passed'), failed: ids('failed'), unknown: ids('unknown') },
    ]);
  }
  if (isPassed) {
    learner.record([{ kind: 'passed', ...place, content: contentOf(step) }]);
    await clearWhenDone(learner, lesson);
  }
  const wrong = isPassed || !isTry ? undefined : await replyTo(step, results, evidence);
  return { results, isPassed, reply: wrong?.reply };
}
