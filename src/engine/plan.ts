// `tlab plan show` is `tlab-runc plan show`: one program prints plans.

export async function showPlan(bundle: string, asJson: boolean): Promise<void> {
  const { verb } = await import('../runc/verbs/plan.ts');
  const options = { root: '', log: undefined, isJsonLog: false, isDebug: false };
  await verb(['show', '--bundle', bundle, ...(asJson ? ['--json'] : [])], options);
}
