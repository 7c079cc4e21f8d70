// GET /images/get: images as one archive that is an OCI layout and, by manifest.json, what docker load has always read; blobs are there once.
// Rule: everything is asked for before the first byte leaves, so that a missing image or layer is an error and not half an archive.
import type { Writable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../../oci/digest.ts';
import { layoutVersion, refNameAnnotation } from '../../oci/layout.ts';
import { isManifestType, ociMediaTypes } from '../../oci/media-types.ts';
import { parseReference } from '../../oci/reference.ts';
import { emit } from '../../trace/recorder.ts';
import type { Engine } from '../engine.ts';
import { familiarName, type ResolvedImage } from './store.ts';
import { type StreamedEntry, writeTarStream } from './tar-stream.ts';

interface SavedImage {
  image: ResolvedImage;
  /** Canonical references: those asked for; none when it was asked for by id. */
  names: string[];
  /** Digest and bytes of its manifest for this platform: an index would name what is not there. */
  manifest: { digest: Digest; bytes: Buffer };
}

const blobName = (digest: string): string => {
  const parsed = parseDigest(digest);
  return `blobs/${digestAlgorithm(parsed)}/${digestHex(parsed)}`;
};
const isId = (name: string): boolean => /^(sha256:)?[0-9a-f]{4,64}$/.test(name);

/** What writes the archive. Errors: notFound for an image, or for a layer whose blob is gone. */
export async function saveImages(engine: Engine, asked: readonly string[]): Promise<(to: Writable) => Promise<void>> {
  if (asked.length === 0) throw new LabError('invalidArgument', 'saving images: no names were given');
  const saved = await collect(engine, asked);
  const blobs = await blobsOf(engine, saved);
  return async (to) => {
    await writeTarStream(to, entriesOf(engine, saved, blobs));
    emit('daemon.images-saved', {
      data: {
        images: [...asked],
        blobs: blobs.size,
        sizeBytes: [...blobs.values()].reduce((sum, size) => sum + size, 0),
      },
      twin: `ctr -n ${engine.containerd.namespace} images export - ${saved.flatMap(({ names }) => names).join(' ')}`,
    });
    for (const { image } of saved) engine.events.publish('image', 'save', image.id, { name: image.id });
  };
}

/** A name without a tag is all tags of that repository. @source docker save */
async function collect(engine: Engine, asked: readonly string[]): Promise<SavedImage[]> {
  const byId = new Map<string, SavedImage>();
  for (const name of asked) {
    for (const image of await imagesOf(engine, name)) {
      const entry = byId.get(image.id) ?? { image, names: [], manifest: await manifestOf(engine, image) };
      if (!isNamedById(name, image) && !entry.names.includes(image.reference)) entry.names.push(image.reference);
      byId.set(image.id, entry);
    }
  }
  return [...byId.values()];
}

const isNamedById = (name: string, image: ResolvedImage): boolean =>
  isId(name) && familiarName(image.reference) !== familiarName(name);

async function imagesOf(engine: Engine, name: string): Promise<ResolvedImage[]> {
  const isBare = !isId(name) && !/[:@][^/]*$/.test(name);
  if (!isBare) return [await engine.images.resolve(name)];
  const { domain, path } = parseReference(name);
  const all = (await engine.images.describeAll()).filter(({ reference }) => reference.startsWith(`${domain}/${path}:`));
  return all.length > 0 ? all : [await engine.images.resolve(name)];
}

/** The very bytes, when the name stands for a manifest; of an index the manifest is looked for among its own. */
async function manifestOf(engine: Engine, image: ResolvedImage): Promise<SavedImage['manifest']> {
  const target = Buffer.from(await engine.images.read(image.target));
  const document = JSON.parse(target.toString()) as { manifests?: Array<{ digest: string; mediaType: string }> };
  if (document.manifests === undefined) return { digest: image.target, bytes: target };
  for (const { digest, mediaType } of document.manifests) {
    if (!isManifestType(mediaType)) continue;
    const bytes = await engine.images.read(parseDigest(digest)).catch(() => undefined);
    if (bytes === undefined) continue;
    const { config } = JSON.parse(Buffer.from(bytes).toString()) as { config?: { digest?: string } };
    if (config?.digest === image.id) return { digest: parseDigest(digest), bytes: Buffer.from(bytes) };
  }
  throw new LabError('dataLoss', `image ${image.reference}: its manifest for this platform is not in the store`);
}

/** Digest → size of every blob, in order of digests, so that the same images give the same archive. */
async function blobsOf({ containerd }: Engine, saved: readonly SavedImage[]): Promise<Map<string, number>> {
  const digests = saved.flatMap(({ image, manifest }) => [
    manifest.digest,
    image.manifest.config.digest,
    ...image.manifest.layers.map(({ digest }) => digest),
  ]);
  const sizes = new Map<string, number>();
  for (const digest of [...new Set<string>(digests)].sort()) {
    const { info } = await containerd.content.info({ digest });
    sizes.set(digest, Number(info?.size ?? 0n));
  }
  return sizes;
}

const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const small = (name: string, bytes: Buffer): StreamedEntry => ({ name, sizeBytes: bytes.length, content: [bytes] });
const folder = (name: string): StreamedEntry => ({ name, sizeBytes: 0, content: [] });

async function* entriesOf(
  engine: Engine,
  saved: readonly SavedImage[],
  blobs: ReadonlyMap<string, number>,
): AsyncGenerator<StreamedEntry> {
  yield folder('blobs/');
  const algorithms = new Set([...blobs.keys()].map((digest) => digestAlgorithm(parseDigest(digest))));
  for (const algorithm of algorithms) yield folder(`blobs/${algorithm}/`);
  for (const [digest, sizeBytes] of blobs) yield { name: blobName(digest), sizeBytes, content: blob(engine, digest) };
  yield small('index.json', jsonOf(indexOf(saved)));
  yield small('manifest.json', jsonOf(saved.map(dockerManifestOf)));
  yield small('oci-layout', jsonOf({ imageLayoutVersion: layoutVersion }));
}

async function* blob({ containerd }: Engine, digest: string): AsyncGenerator<Uint8Array> {
  for await (const { data } of containerd.content.read({ digest, offset: 0n, size: 0n })) yield data;
}

/** One descriptor a name, as Docker 25 and ctr write it. @source containerd images/annotations.go */
const indexOf = (saved: readonly SavedImage[]) => ({
  schemaVersion: 2,
  mediaType: ociMediaTypes.index,
  manifests: saved.flatMap(({ image, names, manifest }) => {
    const descriptor = {
      mediaType: image.manifest.mediaType ?? ociMediaTypes.manifest,
      digest: manifest.digest,
      size: manifest.bytes.length,
    };
    const { architecture, os, variant } = image.config;
    const platform = { architecture, os, ...(variant === undefined ? {} : { variant }) };
    if (names.length === 0) return [{ ...descriptor, platform }];
    return names.map((name) => {
      const annotations = { 'io.containerd.image.name': name, [refNameAnnotation]: parseReference(name).tag ?? '' };
      return { ...descriptor, annotations, platform };
    });
  }),
});

/** @source docker image/tarexport/save.go */
const dockerManifestOf = ({ image, names }: SavedImage) => ({
  Config: blobName(image.manifest.config.digest),
  RepoTags: names.length === 0 ? null : names.map(familiarName),
  Layers: image.manifest.layers.map(({ digest }) => blobName(digest)),
});
