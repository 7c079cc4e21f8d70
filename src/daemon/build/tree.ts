// File trees that an instruction takes things from, beside the context: a stage or an image, mounted read-only for as long as the step lasts.
import { mkdirSync, rmSync } from 'node:fs';
import { newContainerId } from '../../base/ids.ts';
import type { UndoStack } from '../../base/undo.ts';
import type { Digest } from '../../oci/digest.ts';
import { ignoreMissing } from '../container/missing.ts';
import { ownerLabel } from '../engine.ts';
import { mountRootfs } from './rootfs.ts';
import type { BuildSession } from './session.ts';

/** Host path of the tree; an empty folder where there are no layers. What was made is taken back by `undo`. */
export async function mountTree(build: BuildSession, chainId: Digest | undefined, undo: UndoStack): Promise<string> {
  const key = newContainerId();
  const folder = `${build.folder}/${key.slice(0, 12)}`;
  undo.push('folder', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (chainId === undefined) return folder;
  const { containerd, kernel, snapshotter } = build.engine;
  undo.push('view', () => ignoreMissing(containerd.snapshots.remove({ snapshotter, key })));
  const { mounts } = await containerd.snapshots.view(
    { snapshotter, key, parent: chainId, labels: { [ownerLabel]: key } },
    { lease: build.lease },
  );
  const mounted = mountRootfs(kernel.mounts, mounts, folder);
  undo.push('mount', () => mounted.release());
  return mounted.path;
}
