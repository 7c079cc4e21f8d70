// GET /images/get: images as one archive that is an OCI layout and, by manifest.json, what docker load has always read; blobs are there once.
// Rule: everything is asked for before the first byte leaves, so that a missing image or layer is an error and not half an archive.
import type { Writable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/image.ts';
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
  /** Its manifest for this platform. */
  manifest: Document;
  /** An index of which more is here than that, and the manifests that are; an index of what is not here would lead nowhere. */
  index: { document: Document; manifests: Document[] } | undefined;
}

interface Document {
  digest: Digest;
  bytes: Buffer;
}

const blobName = (digest: string): string => {
  const parsed = parseDigest(digest);
  return `blobs/${digestAlgorithm(parsed)}/${digestHex(parsed)}`;
};
const isId = (name: string): boolean => /^(sha256:)?[0-9a-f]{4,64}$/.test(name);

/** What writes the archive; with a platform of it alone. Errors: notFound for an image, its platform, or a layer whose blob is gone. */
export async function saveImages(
  engine: Engine,
  asked: readonly string[],
  platform: Platform | undefined,
): Promise<(to: Writable) => Promise<void>> {
  if (asked.length === 0) throw new LabError('invalidArgument', 'saving images: no names were given');
  const saved = await collect(engine, asked, platform);
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
async function collect(
  engine: Engine,
  asked: readonly string[],
  platform: Platform | undefined,
): Promise<SavedImage[]> {
  const byId = new Map<string, SavedImage>();
  for (const name of asked) {
    for (const found of await imagesOf(engine, name)) {
      const image = platform === undefined ? found : await engine.images.ofPlatform(found, platform);
      const entry = byId.get(image.id) ?? { image, names: [], ...(await documentsOf(engine, image)) };
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
async function documentsOf(engine: Engine, image: ResolvedImage): Promise<Pick<SavedImage, 'manifest' | 'index'>> {
  const document = await documentAt(engine, image.target);
  const { manifests } = JSON.parse(document.bytes.toString()) as {
    manifests?: Array<{ digest: string; mediaType: string }>;
  };
  if (manifests === undefined) return { manifest: document, index: undefined };
  const here: Document[] = [];
  for (const { digest, mediaType } of manifests) {
    const one = isManifestType(mediaType)
      ? await documentAt(engine, parseDigest(digest)).catch(() => undefined)
      : undefined;
    if (one !== undefined && (await isWhole(engine, one))) here.push(one);
  }
  const manifest = here.find((one) => partsOf(one).config?.digest === image.id);
  if (manifest === undefined)
    throw new LabError('dataLoss', `image ${image.reference}: its manifest for this platform is not in the store`);
  return { manifest, index: here.length > 1 ? { document, manifests: here } : undefined };
}

const documentAt = async (engine: Engine, digest: Digest): Promise<Document> => ({
  digest,
  bytes: Buffer.from(await engine.images.read(digest)),
});

interface Parts {
  config?: { digest: string };
  layers?: Array<{ digest: string }>;
}

const partsOf = ({ bytes }: Document): Parts => JSON.parse(bytes.toString()) as Parts;
const blobsNamedBy = (document: Document): string[] => {
  const { config, layers = [] } = partsOf(document);
  return [...(config === undefined ? [] : [config.digest]), ...layers.map(({ digest }) => digest)];
};

/** Another platform's manifest may be here without its layers. */
async function isWhole({ containerd }: Engine, document: Document): Promise<boolean> {
  const found = await Promise.all(
    blobsNamedBy(document).map((digest) => containerd.content.info({ digest }).then(Boolean, () => false)),
  );
  return found.every(Boolean);
}

/** Digest → size of every blob, in order of digests, so that the same images give the same archive. */
async function blobsOf({ containerd }: Engine, saved: readonly SavedImage[]): Promise<Map<string, number>> {
  const digests = saved.flatMap(({ manifest, index }) => [
    ...(index === undefined ? [] : [index.document.digest]),
    ...(index?.manifests ?? [manifest]).flatMap((one) => [one.digest, ...blobsNamedBy(one)]),
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
  manifests: saved.flatMap((one) => {
    const descriptor = descriptorOf(one);
    if (one.names.length === 0) return [descriptor];
    return one.names.map((name) => {
      const annotations = { 'io.containerd.image.name': name, [refNameAnnotation]: parseReference(name).tag ?? '' };
      return { ...descriptor, annotations };
    });
  }),
});

function descriptorOf({ image, manifest, index }: SavedImage) {
  if (index !== undefined) {
    const { mediaType = ociMediaTypes.index } = JSON.parse(index.document.bytes.toString()) as { mediaType?: string };
    return { mediaType, digest: index.document.digest, size: index.document.bytes.length };
  }
  const { architecture, os, variant } = image.config;
  return {
    mediaType: image.manifest.mediaType ?? ociMediaTypes.manifest,
    digest: manifest.digest,
    size: manifest.bytes.length,
    platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
  };
}

/** @source docker image/tarexport/save.go */
const dockerManifestOf = ({ image, names }: SavedImage) => ({
  Config: blobName(image.manifest.config.digest),
  RepoTags: names.length === 0 ? null : names.map(familiarName),
  Layers: image.manifest.layers.map(({ digest }) => blobName(digest)),
});
