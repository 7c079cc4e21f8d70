// `tlab plan show` is `tlab-runc plan show`: one program prints plans.

import { statSync } from 'node:fs';

/** `place` is a bundle, which is compiled, or a compiled plan. */
export async function showPlan(place: string, asJson: boolean): Promise<void> {
  const { verb } = await import('../runc/verbs/plan.ts');
  const options = {
    root: '',
    log: undefined,
    isJsonLog: false,
    isDebug: false,
    rootless: 'auto',
    cgroupDriver: 'cgroupfs',
  } as const;
  const isFile = statSync(place, { throwIfNoEntry: false })?.isFile() ?? false;
  await verb(['show', isFile ? '--file' : '--bundle', place, ...(asJson ? ['--json'] : [])], options);
}
