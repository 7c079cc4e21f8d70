// Asks the checks of a step and keeps the answer: the one place where a step becomes passed.
import { LabError } from '../../base/errors.ts';
import type { Verdict } from '../../lesson/check/verdict.ts';
import type { Learner } from '../../lesson/course.ts';
import type { Lesson, Step } from '../../lesson/format/load.ts';
import { type CheckResult, checkStep, verdictOfStep } from '../../lesson/run/check-step.ts';
import { replayStep } from '../../lesson/run/replay.ts';
import { replyTo } from '../../lesson/run/replies.ts';
import type { Trace } from '../../trace/file.ts';
import { readTraceFile } from '../../trace/read.ts';
import { evidenceSince } from './evidence.ts';
import { lessonTrace, type OpenAttempt } from './learner.ts';
import { clearWhenDone } from './prepare.ts';

export interface Asked {
  results: CheckResult[];
  verdict: Verdict['state'];
  /** What to say to somebody who went this way. */
  reply: string | undefined;
}

export const predictionsFirst = ({ id }: Step): LabError =>
  new LabError('conflict', `step "${id}" asks for predictions first`, { hint: 'tlab learn' });

/** Exit statuses: cannot tell is neither passed nor not yet. */
export const statusOfCheck = { passed: 0, failed: 1, unknown: 3 } as const;

/** `isTry`: the learner asked, so it counts; a look by itself counts only when it passes. */
export async function askChecks(learner: Learner, attempt: OpenAttempt, isTry = true): Promise<Asked> {
  const { lesson, step, progress, since, values, content, way } = attempt;
  if (progress.state === 'predicting') throw predictionsFirst(step);
  const isReplay = way !== 'engine';
  const evidence = evidenceSince(since, values.work);
  const results = isReplay
    ? replayStep(step, await recordingOf(lesson))
    : await checkStep(step, evidence, progress.passedChecks);
  // What a recording cannot tell holds nobody up: the step was read and foretold, and is kept as taken on a recording.
  const verdict = isReplay ? 'passed' : verdictOfStep(step, results);
  const isPassed = verdict === 'passed';
  const place = { lesson: lesson.id, step: step.id };
  learner.reread();
  const isPassedAlready = learner.progressOf(lesson, step).state === 'passed';
  const ids = (state: CheckResult['state']): string[] =>
    results.filter((one) => one.state === state).map(({ check }) => check.id);
  if (isTry || isPassed) {
    learner.record([
      { kind: 'checked', ...place, passed: ids('passed'), failed: ids('failed'), unknown: ids('unknown') },
    ]);
  }
  if (isPassed && !isPassedAlready) {
    learner.record([{ kind: 'passed', ...place, content, ...(isReplay && { way }) }]);
    if (!isReplay) await clearWhenDone(learner, lesson);
  }
  const wrong = isPassed || !isTry ? undefined : await replyTo(step, results, evidence);
  return { results, verdict, reply: wrong?.reply };
}

const recordingOf = async (lesson: Lesson): Promise<Trace | undefined> =>
  lesson.trace === undefined ? undefined : await readTraceFile(lessonTrace(lesson));
