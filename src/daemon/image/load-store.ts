// Blobs of one archived image into the content store. What the archive calls a digest is checked there; what has none gets one.
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { WriteAction } from '../../containerd/proto/gen/content_pb.ts';
import { type Digest, digestOf, parseDigest } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/image.ts';
import { ociMediaTypes } from '../../oci/media-types.ts';
import type { LayerWork } from '../build/layer.ts';
import type { Layer } from '../build/state.ts';
import type { ArchivedImage } from './load-archive.ts';
import { writeBlob } from './write.ts';

export interface StoredImage {
  layers: Layer[];
  id: Digest;
  target: { mediaType: string; digest: Digest; size: number };
  /** When the layers are unpacked: the documents, which refer to them and to their snapshot. */
  finish(chainId: Digest | undefined): Promise<void>;
}

/** Errors: dataLoss for a blob that is not what its digest says. */
export async function storeImage(work: LayerWork, image: ArchivedImage): Promise<StoredImage> {
  const { layers, target, finish } = await storePlatform(work, image);
  const id = digestOf(image.config.bytes);
  const { index } = image;
  if (index === undefined) return { layers, id, target, finish };
  const others: Array<Omit<StoredImage, 'id'>> = [];
  for (const other of index.others) others.push(await storePlatform(work, other));
  return {
    layers,
    id,
    target: { mediaType: index.mediaType, digest: digestOf(index.bytes), size: index.bytes.length },
    async finish(chainId) {
      await finish(chainId);
      for (const other of others) await other.finish(undefined);
      const manifests = [target, ...others.map((other) => other.target)];
      const labels = Object.fromEntries(
        manifests.map(({ digest }, at) => [`containerd.io/gc.ref.content.m.${at}`, digest]),
      );
      await writeBlob(work.engine.containerd, { bytes: index.bytes, labels, lease: work.lease });
    },
  };
}

type PlatformParts = Pick<ArchivedImage, 'config' | 'manifest' | 'layers'>;

async function storePlatform(work: LayerWork, image: PlatformParts): Promise<Omit<StoredImage, 'id'>> {
  const layers: Layer[] = [];
  for (const [index, path] of image.layers.entries()) {
    const diffId = image.config.document.rootfs.diff_ids[index];
    if (diffId === undefined) throw new LabError('dataLoss', `loading the archive: layer ${index} has no diff id`);
    layers.push({ descriptor: await storeLayer(work, path, image.manifest?.document.layers[index]), diffId });
  }
  const id = digestOf(image.config.bytes);
  const manifest = image.manifest?.bytes ?? manifestOf(image, id, layers);
  const mediaType = image.manifest?.mediaType ?? ociMediaTypes.manifest;
  const target = { mediaType, digest: digestOf(manifest), size: manifest.length };
  return {
    layers,
    target,
    async finish(chainId) {
      const { containerd } = work.engine;
      const snapshot =
        chainId === undefined ? {} : { [`containerd.io/gc.ref.snapshot.${work.engine.snapshotter}`]: chainId };
      await writeBlob(containerd, { bytes: image.config.bytes, labels: snapshot, lease: work.lease });
      const references = layers.map(({ descriptor }, index) => [
        `containerd.io/gc.ref.content.l.${index}`,
        descriptor.digest,
      ]);
      const labels = { 'containerd.io/gc.ref.content.config': id, ...Object.fromEntries(references) };
      await writeBlob(containerd, { bytes: manifest, labels, lease: work.lease });
    },
  };
}

const manifestOf = ({ config }: PlatformParts, id: Digest, layers: readonly Layer[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociMediaTypes.manifest,
      config: { mediaType: ociMediaTypes.config, digest: id, size: config.bytes.length },
      layers: layers.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
    }),
  );

/** Plain, gzip or zstd by its first bytes. @source RFC 1952; RFC 8878 */
function mediaTypeOf(path: string): string {
  const magic = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, magic, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  if (magic.readUInt16BE(0) === 0x1f8b) return ociMediaTypes.layerGzip;
  return magic.readUInt32BE(0) === 0x28b52ffd ? ociMediaTypes.layerZstd : ociMediaTypes.layer;
}

async function storeLayer(work: LayerWork, path: string, told: Descriptor | undefined): Promise<Descriptor> {
  const { size } = statSync(path);
  if (told !== undefined && told.size !== size)
    throw new LabError(
      'dataLoss',
      `loading the archive: layer ${told.digest}: ${size} bytes, its descriptor says ${told.size}`,
    );
  const digest = await writeFile(work, { path, size, expected: told?.digest });
  return told ?? ({ mediaType: mediaTypeOf(path), digest, size } as Descriptor);
}

interface LayerFile {
  path: string;
  size: number;
  expected: Digest | undefined;
}

async function writeFile({ engine, lease, signal }: LayerWork, { path, size, expected }: LayerFile): Promise<Digest> {
  const { content, leases } = engine.containerd;
  const call = content.write({ lease, signal });
  // The path is of this load alone: another one may have the same blob under way.
  const common = { ref: `load-${path}`, total: BigInt(size), expected: expected ?? '' };
  const answers = call[Symbol.asyncIterator]();
  try {
    let offset = 0n;
    for await (const data of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      await call.send({ action: WriteAction.WRITE, ...common, offset, data });
      await answers.next();
      offset += BigInt(data.length);
    }
    await call.send({ action: WriteAction.COMMIT, ...common, offset });
    call.end();
    const { value } = await answers.next();
    return parseDigest(value?.digest ?? '');
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'alreadyExists' || expected === undefined) throw error;
    await leases.addResource({ id: lease, resource: { type: 'content', id: expected } });
    return expected;
  }
}
