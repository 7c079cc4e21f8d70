// What is said to somebody who went a way that others went too: the reply of the misconception whose evidence is there.
import { checkState } from '../check/probes.ts';
import { checkTrace } from '../check/trace.ts';
import type { Step } from '../format/load.ts';
import { type Check, kindOfCheck, type Wrong } from '../format/schema.ts';
import type { CheckResult, Evidence } from './check-step.ts';

/** For the first check that failed; a misconception without evidence of its own comes last. undefined: nobody has gone this way. */
export async function replyTo(
  step: Step,
  results: readonly CheckResult[],
  evidence: Evidence,
): Promise<Wrong | undefined> {
  const open = results.find(({ state }) => state !== 'passed')?.check.id;
  const candidates = step.wrong.filter(({ check }) => check === open);
  for (const wrong of candidates) {
    if (wrong.when !== undefined && (await isSeen(wrong.when, evidence))) return wrong;
  }
  return candidates.find(({ when }) => when === undefined);
}

async function isSeen(when: Check, evidence: Evidence): Promise<boolean> {
  const kind = kindOfCheck(when);
  if (kind !== 'trace') return (await checkState(when, kind, evidence.daemon)).state === 'passed';
  const { trace: assertion } = when;
  if (assertion === undefined) return false;
  return (await evidence.traces()).some((trace) => checkTrace(trace, assertion).state === 'passed');
}
