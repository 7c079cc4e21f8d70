// Layers into snapshots, lowest first: prepare over the layer below, unpack, compare the diffId, commit under the chain id.
// Rule: a snapshot named by a chain id has exactly those layers; an interrupted unpacking leaves only an `extract-…` key.
import { asLabError, LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import type { PulledLayer } from '../../registry/documents.ts';
import type { ContentStore } from '../content/store.ts';
import { applyLayer, type Unpacked, type Unpacker } from '../diff/apply.ts';
import type { Leases } from '../metadata/leases.ts';
import type { Snapshots, UnpackingPlace } from '../snapshot/snapshots.ts';

export interface UnpackParts {
  content: ContentStore;
  snapshots: Snapshots;
  leases: Leases;
  namespace: string;
  lease: string;
  unpacker: Unpacker;
  signal: AbortSignal;
}

/** The layer's files are there, on those of the layers below. */
export const isUnpacked = (parts: UnpackParts, { chainId }: PulledLayer): boolean => isThere(parts, chainId);

/** Makes sure that the layer's snapshot is there. Errors: dataLoss. */
export async function unpackLayer(parts: UnpackParts, layer: PulledLayer): Promise<void> {
  const { snapshots, leases, namespace, lease } = parts;
  const { chainId, parentChainId = '' } = layer;
  const type = `snapshots/${snapshots.name}`;
  leases.hold(namespace, lease, { type, id: chainId });
  if (isUnpacked(parts, layer)) return;
  const key = `extract-${newContainerId().slice(0, 12)} ${chainId}`;
  leases.hold(namespace, lease, { type, id: key });
  const mounts = await snapshots.prepare(namespace, { key, parent: parentChainId, labels: {}, kind: 'active' });
  try {
    const usage = await fill(parts, layer, snapshots.unpackingPlace(mounts));
    await snapshots.commit(namespace, { key, name: chainId, labels: {}, usage });
  } catch (error) {
    await snapshots.remove(namespace, key);
    // Another pull was quicker.
    if (asLabError(error).kind !== 'alreadyExists') throw error;
  }
}

async function fill(
  { content, namespace, unpacker, signal }: UnpackParts,
  layer: PulledLayer,
  place: UnpackingPlace,
): Promise<Unpacked['usage']> {
  const { digest } = layer.descriptor;
  const { diffId, usage } = await applyLayer({ digest, path: content.pathOf(digest), place }, unpacker, signal);
  if (diffId !== layer.diffId) {
    throw new LabError(
      'dataLoss',
      `layer ${digest}: its diff id is ${diffId}, the image's config says ${layer.diffId}`,
    );
  }
  const labels = { 'containerd.io/uncompressed': diffId };
  content.update(namespace, { digest, labels, mask: ['labels.containerd.io/uncompressed'] });
  return usage;
}

function isThere({ snapshots, namespace }: UnpackParts, key: string): boolean {
  return snapshots.find(namespace, key) !== undefined;
}
