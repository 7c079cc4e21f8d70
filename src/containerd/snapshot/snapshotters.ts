// The snapshotters that are there, by the names that containerd's clients use.
import { LabError } from '../../base/errors.ts';
import type { Database } from '../metadata/database.ts';
import type { Mount } from './mounts.ts';
import { native } from './native.ts';
import { overlay } from './overlay.ts';
import { Snapshots } from './snapshots.ts';

export const defaultSnapshotter = overlay.name;

export const openSnapshotters = (root: string, database: Database): ReadonlyMap<string, Snapshots> =>
  new Map([overlay, native].map((kind) => [kind.name, new Snapshots(root, database, kind)]));

interface Holder {
  readonly snapshotters: ReadonlyMap<string, Snapshots>;
}

/** Empty means the default. Errors: notFound, in containerd's words. */
export function snapshotterOf({ snapshotters }: Holder, name: string): Snapshots {
  const found = snapshotters.get(name === '' ? defaultSnapshotter : name);
  if (found === undefined) throw new LabError('notFound', `snapshotter not loaded: ${name}: not found`);
  return found;
}

/** The one whose writable mounts these are. Errors: invalidArgument for foreign mounts. */
export function snapshotterWith({ snapshotters }: Holder, mounts: readonly Mount[]): Snapshots {
  for (const snapshots of snapshotters.values()) if (snapshots.hasWritable(mounts)) return snapshots;
  throw new LabError('invalidArgument', 'applying a layer: expected the mounts of one active snapshot', {
    hint: `prepare one with the snapshotter ${[...snapshotters.keys()].join(' or ')}`,
  });
}
