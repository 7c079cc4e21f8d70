// The overlayfs snapshotter: a snapshot holds only what it adds to its parents (`fs`, and `work` while it is active); overlay mounts, which
// the shim makes, stack them. @source kernel-doc overlayfs; containerd snapshots/overlay
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import { hostId, mappingOptions } from './id-mapping.ts';
import type { SnapshotterKind, Surroundings } from './kind.ts';
import type { Mount } from './mounts.ts';

export const overlay: SnapshotterKind = {
  name: 'overlayfs',
  table: 'snapshots',
  folder: 'snapshots',
  whiteouts: 'overlay',
  check: () => undefined,
  fill,
  mounts,
  lowers: (mounts) => (mounts[0]?.type === 'overlay' ? layersOf(mounts).slice(1) : []),
};

function fill(directory: string, { kind, parents: [below], mapping }: Surroundings): void {
  const fs = `${directory}/fs`;
  mkdirSync(fs, { mode: 0o755 });
  if (kind === 'active') mkdirSync(`${directory}/work`, { mode: 0o711 });
  if (below === undefined) {
    if (mapping !== undefined) chownSync(fs, hostId(mapping.uids, 0), hostId(mapping.gids, 0));
    return;
  }
  // The merged root takes owner and mode of its uppermost directory, so that one must look like the root of the layer below.
  const { uid, gid, mode } = statSync(below);
  chownSync(fs, mapping ? hostId(mapping.uids, uid) : uid, mapping ? hostId(mapping.gids, gid) : gid);
  chmodSync(fs, mode & 0o7777);
}

/** Without layers below there is nothing to map: all of it is written with the ids of the host. */
function mounts(directory: string, { kind, parents, mapping }: Surroundings): Mount[] {
  const [nearest] = parents;
  if (nearest === undefined)
    return [{ type: 'bind', source: `${directory}/fs`, options: [kind === 'view' ? 'ro' : 'rw', 'rbind'] }];
  const mapped = mappingOptions(mapping);
  const lower = `lowerdir=${parents.join(':')}`;
  if (kind === 'active') {
    const upper = [`workdir=${directory}/work`, `upperdir=${directory}/fs`];
    return [{ type: 'overlay', source: 'overlay', options: ['index=off', ...upper, lower, ...mapped] }];
  }
  if (parents.length === 1) return [{ type: 'bind', source: nearest, options: ['ro', 'rbind', ...mapped] }];
  return [{ type: 'overlay', source: 'overlay', options: ['index=off', lower, ...mapped] }];
}
