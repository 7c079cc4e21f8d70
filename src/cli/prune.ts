// What the prune commands share: the request, and the report that docker prints. @source docker cli command/*/prune.go
import { LabError } from '../base/errors.ts';
import type { DaemonClient } from '../daemon/client.ts';
import type { ImagesPruneResponse } from '../daemon/image-protocol.ts';
import type { PruneResponse, VolumesPruneResponse } from '../daemon/protocol.ts';
import { filterQuery } from './format/filters.ts';
import { humanSize } from './format/words.ts';
import { print } from './terminal.ts';

export type FilterPairs = ReadonlyArray<[string, string]>;

export interface Pruned {
  /** Lines about what went; none when nothing did. */
  lines: string[];
  reclaimedBytes: number;
}

const ask = <T>(client: DaemonClient, path: string, filters: FilterPairs): Promise<T> =>
  client.json<T>({ method: 'POST', path, query: { filters: filterQuery(filters) } });

const under = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines]);

export async function pruneContainers(client: DaemonClient, filters: FilterPairs): Promise<Pruned> {
  const done = await ask<PruneResponse>(client, '/containers/prune', filters);
  return { lines: under('Deleted Containers:', done.ContainersDeleted ?? []), reclaimedBytes: done.SpaceReclaimed };
}

export async function pruneVolumes(client: DaemonClient, filters: FilterPairs): Promise<Pruned> {
  const done = await ask<VolumesPruneResponse>(client, '/volumes/prune', filters);
  return { lines: under('Deleted Volumes:', done.VolumesDeleted ?? []), reclaimedBytes: done.SpaceReclaimed };
}

export async function pruneImages(
  client: DaemonClient,
  { all, filters }: { all: boolean; filters: FilterPairs },
): Promise<Pruned> {
  const dangling: [string, string] = ['dangling', `${!all}`];
  const done = await ask<ImagesPruneResponse>(client, '/images/prune', [...filters, dangling]);
  const lines = (done.ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged === undefined ? `deleted: ${Deleted}` : `untagged: ${Untagged}`,
  );
  return { lines: under('Deleted Images:', lines), reclaimedBytes: done.SpaceReclaimed };
}

/** A daemon without a builder has nothing to prune. */
export async function pruneBuildCache(
  client: DaemonClient,
  { all, filters }: { all: boolean; filters: FilterPairs },
): Promise<Pruned> {
  try {
    const query = { all: all || undefined, filters: filterQuery(filters) };
    const done = await client.json<{ CachesDeleted: string[] | null; SpaceReclaimed: number }>({
      method: 'POST',
      path: '/build/prune',
      query,
    });
    const lines = under('Deleted build cache objects:', done.CachesDeleted ?? []);
    return { lines, reclaimedBytes: done.SpaceReclaimed };
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notImplemented') return { lines: [], reclaimedBytes: 0 };
    throw error;
  }
}

export function printPruned(pruned: readonly Pruned[]): void {
  let reclaimedBytes = 0;
  for (const each of pruned) {
    for (const line of each.lines) print(line);
    if (each.lines.length > 0) print('');
    reclaimedBytes += each.reclaimedBytes;
  }
  print(`Total reclaimed space: ${humanSize(reclaimedBytes)}`);
}
