// tlab system prune: removes what nothing uses: containers, images, build cache, volumes if asked. @source docker-system-prune(1)
import { defineCommand } from '../../command.ts';
import { confirmed } from '../../confirm.ts';
import { connect } from '../../connection.ts';
import { boolean } from '../../flags/spec.ts';
import { pruneFilterFlag } from '../../format/filters.ts';
import {
  type FilterPairs,
  type Pruned,
  printPruned,
  pruneBuildCache,
  pruneContainers,
  pruneImages,
  pruneVolumes,
} from '../../prune.ts';

interface Choice {
  all: boolean;
  volumes: boolean;
  filters: FilterPairs;
}

export default defineCommand({
  flags: {
    all: boolean('Also images that have a name, if no container was made from them', { short: 'a' }),
    filter: pruneFilterFlag,
    force: boolean('Do not ask', { short: 'f' }),
    volumes: boolean('Anonymous volumes that no container uses too'),
  },
  async run({ flags }) {
    const choice = { all: flags.all, volumes: flags.volumes, filters: flags.filter };
    const agreed = flags.force || (await confirmed(warning(choice)));
    printPruned(agreed ? await pruneAll(choice) : []);
    return 0;
  },
});

async function pruneAll({ all, volumes, filters }: Choice): Promise<Pruned[]> {
  const client = connect();
  const labels = filters.filter(([name]) => name !== 'until');
  return [
    await pruneContainers(client, filters),
    ...(volumes ? [await pruneVolumes(client, labels)] : []),
    await pruneImages(client, { all, filters }),
    await pruneBuildCache(client, { all, filters: filters.filter(([name]) => name === 'until') }),
  ];
}

function warning({ all, volumes, filters }: Choice): string {
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'all dangling build cache',
  ];
  const limits = filters.map(([name, value]) => `  - ${name}=${value}`);
  const limited = limits.length === 0 ? [] : ['', '  Items to be pruned will be filtered with:', ...limits];
  return [
    'WARNING! This will remove:',
    ...lines.map((line) => `  - ${line}`),
    ...limited,
    '',
    'Are you sure you want to continue?',
  ].join('\n');
}
