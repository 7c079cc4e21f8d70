// A step that changes files: an active snapshot over its parent, mounted, changed by `work`, and the difference packed as a layer (containerd's
// Diff); then the snapshot is committed under its chain id. What changes nothing makes no layer, as with Docker.
// Rule: every step pushes its undo before it makes something; a snapshot that is named by a chain id holds exactly those layers.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { UndoStack } from '../../base/undo.ts';
import { ignoredPathsLabel } from '../../containerd/client.ts';
import { layersOf, type SnapshotMount } from '../../kernel/snapshot-mounts.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import { ociMediaTypes } from '../../oci/media-types.ts';
import { emit } from '../../trace/recorder.ts';
import { ignoreMissing } from '../container/missing.ts';
import { ownerLabel } from '../engine.ts';
import { mountRootfs } from './rootfs.ts';
import type { BuildSession } from './session.ts';
import { chainOver, type Layer } from './state.ts';
import { dropUntouched } from './stubs.ts';

export interface StepRootfs {
  /** 64 hex digits: the snapshot's key, and the container's id for a RUN. */
  id: string;
  /** Host path of the mounted root. */
  path: string;
  /** Of the snapshot, as they lie on disk: for looking things up in layers. */
  mounts: readonly SnapshotMount[];
  /** A folder of this step's own. */
  folder: string;
  /** Folders inside the root that were touched only for mount points: filled in by a RUN. */
  touched: string[];
}

export interface StepResult {
  /** Undefined: nothing was changed. */
  layer: Layer | undefined;
  chainId: Digest | undefined;
}

/** Errors: those of `work`; as containerd says. */
export async function makeLayer(
  build: BuildSession,
  parent: Digest | undefined,
  work: (rootfs: StepRootfs) => Promise<void>,
): Promise<StepResult> {
  await using undo = new UndoStack();
  const { containerd, snapshotter } = build.engine;
  const id = newContainerId();
  const folder = `${build.folder}/${id.slice(0, 12)}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  undo.push('folder', () => rmSync(folder, { recursive: true, force: true }));
  undo.push('snapshot', () => ignoreMissing(containerd.snapshots.remove({ snapshotter, key: id })));
  const { mounts } = await containerd.snapshots.prepare(
    { snapshotter, key: id, parent: parent ?? '', labels: { [ownerLabel]: id } },
    { lease: build.lease },
  );
  const touched: string[] = [];
  const rootfs = mountRootfs(build.engine.kernel.mounts, mounts, folder);
  try {
    await work({ id, path: rootfs.path, mounts, folder, touched });
  } finally {
    rootfs.release();
  }
  build.signal.throwIfAborted();
  const [upper = '', ...lowers] = layersOf(mounts);
  dropUntouched(upper, lowers, touched);
  // The undo takes snapshot and folder away.
  if (readdirSync(upper).length === 0) return { layer: undefined, chainId: parent };
  const layer = await packLayer(build, { id, parent, mounts });
  return { layer, chainId: await commitLayer(build, { id, parent, layer }) };
}

interface Packed {
  id: string;
  parent: Digest | undefined;
  mounts: readonly SnapshotMount[];
  /** Left out where they are new and empty. */
  ignored?: readonly string[];
}

/** What a layer is made with: a build, or a verb that makes one image. */
export type LayerWork = Pick<BuildSession, 'engine' | 'lease' | 'signal' | 'epoch'>;

/** The difference of an active snapshot and its parent, as a blob. */
export async function packLayer(build: LayerWork, { id, parent, mounts, ignored = [] }: Packed): Promise<Layer> {
  const { containerd } = build.engine;
  await using undo = new UndoStack();
  const left = parent === undefined ? [] : await viewOf(build, parent, undo);
  const { diff } = await containerd.diff.diff(
    {
      left,
      right: mounts.map(({ type, source, options }) => ({ type, source, options: [...options] })),
      mediaType: ociMediaTypes.layerGzip,
      ref: `build-${id}`,
      ...(ignored.length === 0 ? {} : { labels: { [ignoredPathsLabel]: ignored.join(':') } }),
      ...(build.epoch === undefined ? {} : { sourceDateEpoch: { seconds: BigInt(build.epoch), nanos: 0 } }),
    },
    { lease: build.lease, signal: build.signal },
  );
  if (diff === undefined) throw new LabError('internal', 'packing a layer: containerd answered without a descriptor');
  const { info } = await containerd.content.info({ digest: diff.digest });
  const diffId = info?.labels['containerd.io/uncompressed'];
  if (diffId === undefined) throw new LabError('internal', `layer ${diff.digest}: containerd did not tell its diff id`);
  return {
    descriptor: {
      mediaType: diff.mediaType,
      digest: parseDigest(diff.digest),
      size: Number(diff.size),
    } as Layer['descriptor'],
    diffId: parseDigest(diffId),
  };
}

async function viewOf({ engine, lease }: LayerWork, parent: Digest, undo: UndoStack) {
  const key = newContainerId();
  const { snapshotter } = engine;
  undo.push('view', () => ignoreMissing(engine.containerd.snapshots.remove({ snapshotter, key })));
  const labels = { [ownerLabel]: key };
  return (await engine.containerd.snapshots.view({ snapshotter, key, parent, labels }, { lease })).mounts;
}

/** With SOURCE_DATE_EPOCH the files in the layer have other times than those of the snapshot: then the layer itself is unpacked. */
export async function commitLayer(
  build: LayerWork,
  { id, parent, layer }: { id: string; parent: Digest | undefined; layer: Layer },
): Promise<Digest> {
  if (build.epoch !== undefined) return await applyLayer(build, parent, layer);
  const chainId = chainOver(parent, layer.diffId);
  await commitSnapshot(build, id, chainId);
  emitCommitted(layer, chainId);
  return chainId;
}

const emitCommitted = ({ descriptor: { digest, size }, diffId }: Layer, chainId: Digest): void =>
  emit('daemon.build-layer-committed', { data: { digest, diffId, chainId, sizeBytes: size } });

async function commitSnapshot(
  { engine: { containerd, snapshotter }, lease }: LayerWork,
  key: string,
  name: Digest,
): Promise<void> {
  try {
    await containerd.snapshots.commit({ snapshotter, key, name, labels: {} }, { lease });
  } catch (error) {
    // The same layers are there already: the undo takes the second one away.
    if (!(error instanceof LabError) || error.kind !== 'alreadyExists') throw error;
    await containerd.leases.addResource({ id: lease, resource: { type: `snapshots/${snapshotter}`, id: name } });
  }
}

/** A snapshot that is there is held from now on. */
async function isThere({ engine: { containerd, snapshotter }, lease }: LayerWork, chainId: Digest): Promise<boolean> {
  await containerd.leases.addResource({ id: lease, resource: { type: `snapshots/${snapshotter}`, id: chainId } });
  try {
    await containerd.snapshots.stat({ snapshotter, key: chainId });
    return true;
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return false;
    throw error;
  }
}

/** A layer that was packed elsewhere (COPY --link, a clamped one) onto a parent; the chain id. */
export async function applyLayer(build: LayerWork, parent: Digest | undefined, layer: Layer): Promise<Digest> {
  const { containerd, snapshotter } = build.engine;
  const chainId = chainOver(parent, layer.diffId);
  if (await isThere(build, chainId)) return chainId;
  await using undo = new UndoStack();
  const key = newContainerId();
  undo.push('snapshot', () => ignoreMissing(containerd.snapshots.remove({ snapshotter, key })));
  const labels = { [ownerLabel]: key };
  const { mounts } = await containerd.snapshots.prepare(
    { snapshotter, key, parent: parent ?? '', labels },
    { lease: build.lease },
  );
  const { mediaType, digest, size } = layer.descriptor;
  await containerd.diff.apply({ diff: { mediaType, digest, size: BigInt(size) }, mounts }, { signal: build.signal });
  await commitSnapshot(build, key, chainId);
  emitCommitted(layer, chainId);
  return chainId;
}
