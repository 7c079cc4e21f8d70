// tlab plan show: the kernel operations that a bundle is compiled to.
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';

export default defineCommand({
  operands: '[BUNDLE]',
  count: { min: 0, max: 1 },
  says: 'BUNDLE is a folder with config.json; the current folder without it.',
  flags: { json: boolean('Print JSON') },
  examples: [{ says: 'make a bundle and see its plan', line: 'tlab-runc spec && tlab plan show .' }],
  async run({ operands: [bundle = '.'], flags }) {
    const { showPlan } = await import('../../../engine/plan.ts');
    await showPlan(bundle, flags.json);
    return 0;
  },
});
