// GET /containers/{id}/changes and /export: what the container did to its image's files, and all files that it has.

import type { Writable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { UndoStack } from '../../base/undo.ts';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import { emit } from '../../trace/recorder.ts';
import type { Container } from '../container/container.ts';
import { ignoreMissing } from '../container/missing.ts';
import { snapshotOf } from '../container/record.ts';
import { type Engine, ownerLabel } from '../engine.ts';
import { mountPoints } from './mount-points.ts';
import { ask, packInto } from './native.ts';
import { byHand, rootfsOf } from './view.ts';

/** @source docker-api GET /containers/{id}/changes */
const kinds: Readonly<Record<string, 0 | 1 | 2 | undefined>> = { C: 0, A: 1, D: 2 };

export interface Change {
  Path: string;
  /** 0 changed, 1 added, 2 deleted. */
  Kind: 0 | 1 | 2;
}

/** In order of paths. */
export async function changesOf(engine: Engine, container: Container, signal: AbortSignal): Promise<Change[]> {
  const { rootfs } = await rootfsOf(engine, container, 'diff');
  const [upper = '', ...lowers] = layersOf(rootfs);
  await using undo = new UndoStack();
  // Without overlay the container's directory is a copy of its image, with what was changed in it.
  const sides =
    lowers.length > 0
      ? ['--upper', '--against', lowers.join(':')]
      : ['--against', await imageOf(engine, container, undo)];
  const args = ['--directory', upper, ...sides, '--list'];
  const ignored = mountPoints.flatMap((path) => ['--ignore', path]);
  const answer = await ask('tlab-pack', [...args, ...ignored], {
    what: `comparing container "${container.name}"`,
    signal,
  });
  const changes = answer
    .toString()
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => ({ Path: line.slice(2), Kind: kinds[line.slice(0, 1)] ?? 0 }));
  emit('daemon.changes-listed', {
    data: { id: container.id, directory: upper, changes: changes.length },
    twin: `ctr -n ${engine.containerd.namespace} snapshots --snapshotter ${snapshotOf(container.record).snapshotter} diff ${container.id} | tar --list --gunzip`,
  });
  return changes;
}

/** The directory of the image's own tree. Errors: notImplemented for a container without an image's layers. */
async function imageOf(engine: Engine, { name, record }: Container, undo: UndoStack): Promise<string> {
  const { snapshotter } = snapshotOf(record);
  if (record.image.chainId === '')
    throw new LabError('notImplemented', `diff: container "${name}" has no layers below its own files`);
  const key = newContainerId();
  const labels = { [ownerLabel]: key };
  undo.push('view', () => ignoreMissing(engine.containerd.snapshots.remove({ snapshotter, key })));
  const { mounts } = await engine.containerd.snapshots.view({ snapshotter, key, parent: record.image.chainId, labels });
  return layersOf(mounts)[0] ?? '';
}

/** The root filesystem without volumes: what writes the archive. */
export async function exportOf(
  engine: Engine,
  container: Container,
  signal: AbortSignal,
): Promise<(to: Writable) => Promise<void>> {
  const view = await rootfsOf(engine, container, 'export');
  const { args } = view;
  return async (to) => {
    await packInto(to, args, { what: `exporting container "${container.name}"`, signal });
    emit('daemon.container-exported', {
      data: { id: container.id, directory: args[1] ?? '' },
      twin: byHand(view, (root) => `tar --create --numeric-owner --xattrs --directory ${root} .`),
    });
    engine.events.publish('container', 'export', container.id, container.eventAttributes());
  };
}
