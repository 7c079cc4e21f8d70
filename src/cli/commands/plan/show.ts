// tlab plan show: the kernel operations that a bundle is compiled to.
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';

export default defineCommand({
  operands: '[BUNDLE|PLAN]',
  count: { min: 0, max: 1 },
  says: 'BUNDLE is a folder with config.json; the current folder without it. PLAN is a file that containerd compiled one to.',
  flags: { json: boolean('Print JSON') },
  examples: [{ says: 'make a bundle and see its plan', line: 'tlab-runc spec && tlab plan show .' }],
  async run({ operands: [place = '.'], flags }) {
    const { showPlan } = await import('../../../engine/plan.ts');
    await showPlan(place, flags.json);
    return 0;
  },
});
