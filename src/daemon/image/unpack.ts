// An image whose layers are in the content store and not in this daemon's snapshotter: made or pulled under another storage-driver. They
// are unpacked when they are needed, and kept for as long as the image is. Everybody else has them unpacked by whoever brought them.
import { LabError } from '../../base/errors.ts';
import { applyLayer } from '../build/layer.ts';
import type { Engine } from '../engine.ts';
import { withLease } from './lease.ts';
import type { ResolvedImage } from './store.ts';

/** Calls `use` with the key of the image's topmost snapshot, once it is there. Errors: those of `use`; dataLoss for a damaged layer. */
export async function overLayers<T>(
  engine: Engine,
  image: ResolvedImage,
  use: (chainId: string) => Promise<T>,
): Promise<T> {
  const { chainId = '' } = image;
  try {
    return await use(chainId);
  } catch (error) {
    if (chainId === '' || !(error instanceof LabError) || error.kind !== 'notFound') throw error;
  }
  return await withLease(engine, async (lease) => {
    await unpackInto(engine, image, lease);
    return await use(chainId);
  });
}

/** All layers, from the bottom up. */
export async function unpackInto(engine: Engine, image: ResolvedImage, lease: string): Promise<void> {
  const work = { engine, lease, signal: new AbortController().signal, epoch: undefined };
  let below: Awaited<ReturnType<typeof applyLayer>> | undefined;
  for (const [index, descriptor] of image.manifest.layers.entries()) {
    const diffId = image.config.rootfs.diff_ids[index];
    if (diffId === undefined)
      throw new LabError('dataLoss', `image ${image.reference}: layer ${index} has no diff id in its configuration`);
    below = await applyLayer(work, below, { descriptor, diffId });
  }
  const label = `containerd.io/gc.ref.snapshot.${engine.snapshotter}`;
  await engine.containerd.content.update({
    info: { digest: image.id, labels: { [label]: below ?? '' } },
    updateMask: { paths: [`labels.${label}`] },
  });
}
