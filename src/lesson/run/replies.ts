// What is said to somebody who went a way that others went too: the reply of the misconception whose evidence is there.
// Rule: who has done nothing yet has gone no way. A misconception whose own way would have asked the engine for a deed, or left something in a
// trace or in the attempt's folder, is none as long as nothing is there.
import { paths } from '../../base/paths.ts';
import { checkState } from '../check/probes.ts';
import { checkTrace } from '../check/trace.ts';
import type { Step } from '../format/load.ts';
import { type Check, kindOfCheck, type Wrong } from '../format/schema.ts';
import type { CheckResult, Evidence } from './check-step.ts';

/** These ask the daemon for a deed, leave a trace, or change its pid file. */
const told =
  /\btlab (trace|run|create|start|stop|restart|kill|rm|exec|pause|unpause|rename|commit|build|pull|push|tag|rmi|load|import|system)\b|\/tlabd\.pid\b/;

/** What stands in `$(…)` is only read. */
const leavesSomething = ({ do: way = '' }: Wrong): boolean =>
  told.test(way) || way.replaceAll(/\$\([^)]*\)/g, '').includes(paths.lessons);

/** The first one whose evidence is there, of any check that is open; else what the first open check says when nothing else fits. */
export async function replyTo(
  step: Step,
  results: readonly CheckResult[],
  evidence: Evidence,
): Promise<Wrong | undefined> {
  const passed = new Set(results.filter(({ state }) => state === 'passed').map(({ check }) => check.id));
  const open = step.checks.map(({ id }) => id).filter((id) => !passed.has(id));
  const isUntouched = step.wrong.some(leavesSomething) && !(await evidence.acted());
  const possible = isUntouched ? step.wrong.filter((wrong) => !leavesSomething(wrong)) : step.wrong;
  const candidates = open.flatMap((id) => possible.filter(({ check }) => check === id));
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
