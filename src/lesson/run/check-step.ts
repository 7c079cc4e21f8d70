// The checks of a step, asked. Rule: asking twice changes nothing; evidence is what happened since the step was opened.
import type { DaemonClient } from '../../daemon/client.ts';
import type { Trace } from '../../trace/file.ts';
import { checkState } from '../check/probes.ts';
import { checkTrace } from '../check/trace.ts';
import type { Verdict } from '../check/verdict.ts';
import type { Step } from '../format/load.ts';
import { type Check, kindOfCheck } from '../format/schema.ts';

export interface Evidence {
  daemon: DaemonClient;
  /** Traces that were recorded since, newest first. */
  traces(): Promise<Trace[]>;
  /** Whether anything was done since: the engine was asked for a deed, there is a trace, or the attempt's folder is another one. */
  acted(): Promise<boolean>;
}

export interface CheckResult extends Verdict {
  check: Check;
}

/** Checks whose `needs` have not passed are left out: they would only say the same again. */
export async function checkStep(
  step: Step,
  evidence: Evidence,
  passedBefore: ReadonlySet<string>,
): Promise<CheckResult[]> {
  const passed = new Set<string>();
  const results: CheckResult[] = [];
  for (const check of step.checks) {
    if (!check.needs.every((id) => passed.has(id))) continue;
    const verdict = await verdictOf(check, evidence, passedBefore);
    if (verdict.state === 'passed') passed.add(check.id);
    results.push({ check, ...verdict });
  }
  return results;
}

/** What happened once stays happened; what must hold now is looked at again. */
async function verdictOf(check: Check, evidence: Evidence, passedBefore: ReadonlySet<string>): Promise<Verdict> {
  const kind = kindOfCheck(check);
  const holds = check.holds ?? (kind === 'trace' ? 'once' : 'now');
  if (holds === 'once' && passedBefore.has(check.id))
    return { state: 'passed', saw: 'seen before', wanted: check.says };
  if (kind !== 'trace') return await checkState(check, kind, evidence.daemon);
  return check.trace === undefined ? untraced : bestOf(await evidence.traces(), check.trace);
}

/** No evidence is missing here: nobody has made any. */
const untraced: Verdict = {
  state: 'failed',
  saw: 'no trace since this step began',
  wanted: 'a trace: tlab trace run …',
};

/** Any trace that proves it; else what the newest one says. */
function bestOf(traces: readonly Trace[], assertion: NonNullable<Check['trace']>): Verdict {
  const verdicts = traces.map((trace) => checkTrace(trace, assertion));
  return verdicts.find(({ state }) => state === 'passed') ?? verdicts[0] ?? untraced;
}

export const isStepPassed = (step: Step, results: readonly CheckResult[]): boolean =>
  results.length === step.checks.length && results.every(({ state }) => state === 'passed');

/** Of the step as a whole: what failed is not yet there, whatever else cannot be told. */
export function verdictOfStep(step: Step, results: readonly CheckResult[]): Verdict['state'] {
  if (isStepPassed(step, results)) return 'passed';
  return results.some(({ state }) => state === 'failed') ? 'failed' : 'unknown';
}
