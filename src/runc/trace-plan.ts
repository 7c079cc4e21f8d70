// What the compiler says about its work in the trace.
import { emit } from '../trace/recorder.ts';
import type { Plan } from './plan/format.ts';

export function tracePlan(
  plan: Plan,
  { path, durationUs, warnings }: { path: string; durationUs: number; warnings: string[] },
): void {
  emit('runc.plan-compiled', {
    data: { path, sha256: plan.sha256, kind: plan.kind, operations: plan.operations.length, durationUs, warnings },
    twin: `tlab plan show ${path.slice(0, path.lastIndexOf('/'))}`,
  });
}
