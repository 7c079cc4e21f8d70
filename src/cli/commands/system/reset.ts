// tlab system reset: removes everything that tlab made on this host. Asks first on a terminal; elsewhere it wants --yes.
import { createInterface } from 'node:readline/promises';
import { LabError } from '../../../base/errors.ts';
import { paths } from '../../../base/paths.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { requireRoot } from '../../root.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
  says: `Containers, images, volumes, traces, networks, rules, cgroups, processes and the folders ${paths.runRoot} and ${paths.dataRoot}. Only what tlab made; running it twice does no harm.`,
  flags: {
    'dry-run': boolean('Print what there is to remove, and remove nothing'),
    'keep-library': boolean('Keep the offline images and the traces'),
    yes: boolean('Do not ask', { short: 'y', aliases: ['force'] }),
  },
  async run({ flags }) {
    const { findLeftovers } = await import('../../../engine/leftovers.ts');
    if (flags['dry-run']) {
      for (const found of findLeftovers()) print(`${found.kind}: ${found.what}`);
      return 0;
    }
    requireRoot('resetting the engine');
    if (!flags.yes) await confirm();
    const { resetHost } = await import('../../../engine/reset.ts');
    await resetHost({ keepLibrary: flags['keep-library'], report: print });
    const left = findLeftovers({ keepLibrary: flags['keep-library'] });
    for (const found of left) say(`left behind: ${found.kind}: ${found.what}`);
    if (left.length === 0) print('nothing of tlab is left');
    return left.length === 0 ? 0 : 1;
  },
});

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new LabError('usage', 'resetting the engine: nobody can be asked here', { hint: 'tlab system reset --yes' });
  }
  using lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`Remove every container, image and volume below ${paths.dataRoot}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new LabError('cancelled', 'nothing was removed');
}
