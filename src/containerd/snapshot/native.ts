// The native snapshotter (Docker's vfs): a snapshot is the whole tree, copied from its parent when it is prepared, and mounted by a bind.
// Only what will be written is copied.
// It needs no overlay and no reflinks, and pays with time and space: every container has a copy of its image.
// @source containerd snapshots/native
import { mkdirSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { copyTree } from './copy-tree.ts';
import type { SnapshotterKind, Surroundings } from './kind.ts';

export const native: SnapshotterKind = {
  name: 'native',
  table: 'native_snapshots',
  folder: 'snapshots-native',
  whiteouts: 'remove',
  check({ mapping }) {
    if (mapping === undefined) return;
    throw new LabError('notImplemented', 'the native snapshotter cannot map the ids of a snapshot', {
      hint: 'use overlayfs, or --userns=host',
    });
  },
  fill,
  mounts: (directory, { kind, parents: [parent = `${directory}/fs`] }) =>
    kind === 'view'
      ? [{ type: 'bind', source: parent, options: ['ro', 'rbind'] }]
      : [{ type: 'bind', source: `${directory}/fs`, options: ['rw', 'rbind'] }],
  // Nothing lies below: all of it is in the directory itself.
  lowers: () => [],
};

/** A view is its parent, which nobody changes. */
async function fill(directory: string, { kind, parents: [parent] }: Surroundings): Promise<void> {
  mkdirSync(`${directory}/fs`, { mode: 0o755 });
  if (parent !== undefined && kind === 'active') await copyTree(parent, `${directory}/fs`);
}
