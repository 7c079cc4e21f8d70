// What is said to somebody who went a way that others went too: the reply of the misconception whose evidence is there.
import { checkState } from '../check/probes.ts';
import { checkTrace } from '../check/trace.ts';
import type { Step } from '../format/load.ts';
import { type Check, kindOfCheck, type Wrong } from '../format/schema.ts';
import type { CheckResult, Evidence } from './check-step.ts';

/** The first one whose evidence is there, of any check that is open; else what the first open check says when nothing else fits. */
export async function replyTo(
  step: Step,
  results: readonly CheckResult[],
  evidence: Evidence,
): Promise<Wrong | undefined> {
  const passed = new Set(results.filter(({ state }) => state === 'passed').map(({ check }) => check.id));
  const open = step.checks.map(({ id }) => id).filter((id) => !passed.has(id));
  const candidates = open.flatMap((id) => step.wrong.filter(({ check }) => check === id));
  for (const wrong of candidates) {
    if (wrong.when !== undefined && (await isSeen(wrong.when, evidence))) return wrong;
  }
  return candidates.find(({ check, when }) => check === open[0] && when === undefined);
}

async function isSeen(when: Check, evidence: Evidence): Promise<boolean> {
  const kind = kindOfCheck(when);
  if (kind !== 'trace') return (await checkState(when, kind, evidence.daemon)).state === 'passed';
  const { trace: assertion } = when;
  if (assertion === undefined) return false;
  return (await evidence.traces()).some((trace) => checkTrace(trace, assertion).state === 'passed');
}
