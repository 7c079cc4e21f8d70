// tlab builder prune: removes what the build cache holds. Asks first on a terminal. @source docker-builder-prune(1)
import { createInterface } from 'node:readline/promises';
import { LabError } from '../../../base/errors.ts';
import type { BuildPruneResponse } from '../../../daemon/protocol.ts';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { sizeBytes } from '../../flags/readers.ts';
import { boolean, one } from '../../flags/spec.ts';
import { filterFlag, filterQuery } from '../../format/filters.ts';
import { humanSize } from '../../format/words.ts';
import { print } from '../../terminal.ts';

/** -f is --force here. */
const { short: _short, ...filter } = filterFlag;

export default defineCommand({
  says: 'Removes the results of build steps that no image is made of; with --all every result, so that the next build starts anew.',
  flags: {
    all: boolean('Remove also what images are made of', { short: 'a' }),
    filter,
    force: boolean('Do not ask', { short: 'f' }),
    'keep-storage': one('Keep so much, the youngest', sizeBytes, { value: 'bytes' }),
  },
  async run({ flags }) {
    if (!flags.force) await confirm(flags.all);
    const answer = await connect().json<BuildPruneResponse>({
      method: 'POST',
      path: '/build/prune',
      query: { all: flags.all, 'keep-storage': flags['keep-storage'], filters: filterQuery(flags.filter) },
    });
    for (const id of answer.CachesDeleted ?? []) print(id);
    print(`Total: ${humanSize(answer.SpaceReclaimed)}`);
    return 0;
  },
});

async function confirm(all: boolean): Promise<void> {
  if (!process.stdin.isTTY)
    throw new LabError('usage', 'pruning the build cache: nobody can be asked here', {
      hint: 'tlab builder prune --force',
    });
  using lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(
    `Remove ${all ? 'the whole build cache' : 'the build cache that no image needs'}? [y/N] `,
  );
  if (!/^y(es)?$/i.test(answer.trim())) throw new LabError('cancelled', 'nothing was removed');
}
