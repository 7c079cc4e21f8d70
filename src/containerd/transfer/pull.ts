// A transfer from a registry to the image store: pull, unpack each layer as it arrives, name the image. All of it is held by a lease
// until the image refers to it, so that a garbage collection in the middle takes nothing.
import { isDiskFull } from '../../base/disk.ts';
import { asLabError } from '../../base/errors.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import type { PulledLayer } from '../../registry/documents.ts';
import type { PulledImage, PullOptions } from '../../registry/pull.ts';
import { emit } from '../../trace/recorder.ts';
import { ImageCreateSchema, ImageUpdateSchema } from '../proto/gen/images_pb.ts';
import { snapshotterOf } from '../snapshot/snapshotters.ts';
import { type Stage, unpackerOf } from '../stage.ts';
import type { TransferProgress } from './protocol.ts';
import { clientOptionsOf, configurationOf, type Teller, teller } from './resolver.ts';
import { contentSink } from './sink.ts';
import { isUnpacked, unpackLayer } from './unpack.ts';

export interface ImagePull {
  namespace: string;
  reference: string;
  /** Names the image; the canonical reference when empty. */
  name: string;
  /** `os/architecture[/variant]`; this host's when undefined. */
  platform: string | undefined;
  /** What unpacks it; the default when empty. */
  snapshotter: string;
  labels: Record<string, string>;
  /** Of the registry's resolver: see `resolverHeaders`. */
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** Errors: those of registry/pull.ts, and dataLoss for a layer that is not what the image says. */
export async function pullImage(stage: Stage, request: ImagePull): Promise<PulledImage> {
  const { namespace } = request;
  const lease = stage.leases.createOwn(stage.namespaces.ensure(namespace));
  const told = teller(stage, request);
  let isFull = false;
  try {
    const { pull } = await import('../../registry/pull.ts');
    const pulled = await pull(optionsOf(stage, request, { lease, told }));
    labelConfig(stage, request, pulled);
    nameImage(stage, request, pulled);
    return pulled;
  } catch (error) {
    isFull = isDiskFull(asLabError(error));
    throw error;
  } finally {
    stage.leases.delete(namespace, lease);
    // What came whole is kept for another try, but not on a full disk.
    if (isFull) await stage.collectGarbage();
    told({ kind: 'ended' });
  }
}

function optionsOf(stage: Stage, request: ImagePull, { lease, told }: { lease: string; told: Teller }): PullOptions {
  const { namespace, signal, headers } = request;
  const snapshots = snapshotterOf(stage, request.snapshotter);
  const parts = { ...stage, namespace, lease, snapshots, unpacker: unpackerOf(stage.settings), signal };
  const wereThere = new Set<string>();
  return {
    reference: parseReference(request.reference),
    content: contentSink(parts),
    ...(request.platform === undefined ? {} : { platform: parsePlatform(request.platform) }),
    configuration: configurationOf(headers),
    client: clientOptionsOf(headers, (text) => told({ kind: 'notice', text })),
    async onLayer(layer, stopped) {
      // Here with its files: that was said already, and nothing is done.
      const isWhole = wereThere.has(layer.descriptor.digest) && isUnpacked(parts, layer);
      if (!isWhole) told(layerProgress(layer, 'unpacking'));
      await unpackLayer({ ...parts, signal: AbortSignal.any([signal, stopped]) }, layer);
      if (!isWhole) told(layerProgress(layer, 'unpacked'));
    },
    progress(progress) {
      if (progress.kind === 'blob' && progress.status === 'exists') wereThere.add(progress.digest);
      told(progress);
    },
    signal,
  };
}

const layerProgress = ({ descriptor }: PulledLayer, status: 'unpacking' | 'unpacked'): TransferProgress => ({
  kind: 'blob',
  digest: descriptor.digest,
  mediaType: descriptor.mediaType,
  sizeBytes: descriptor.size,
  offsetBytes: descriptor.size,
  status,
});

/** The snapshot of all layers lives as long as the image's config does. */
function labelConfig(stage: Stage, { namespace, snapshotter }: ImagePull, pulled: PulledImage): void {
  const chainId = pulled.layers.at(-1)?.chainId;
  if (chainId === undefined) return;
  const key = `containerd.io/gc.ref.snapshot.${snapshotterOf(stage, snapshotter).name}`;
  stage.content.update(namespace, {
    digest: pulled.configDescriptor.digest,
    labels: { [key]: chainId },
    mask: [`labels.${key}`],
  });
}

function nameImage(stage: Stage, request: ImagePull, pulled: PulledImage): void {
  const { namespace, labels } = request;
  const name = request.name === '' ? pulled.reference : request.name;
  const { mediaType, digest, size } = pulled.target;
  const image = { name, target: { mediaType, digest, size, annotations: {} }, labels };
  const isNew = !stage.images.list(namespace).some((known) => known.name === name);
  if (isNew) stage.images.create(namespace, image);
  else stage.images.update(namespace, image, undefined);
  const message = { name, labels };
  if (isNew) stage.exchange.publish({ namespace, topic: '/images/create', schema: ImageCreateSchema, message });
  else stage.exchange.publish({ namespace, topic: '/images/update', schema: ImageUpdateSchema, message });
  emit('containerd.image-created', { data: { namespace, name, digest } });
}
