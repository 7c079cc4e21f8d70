// GET /tlab/images/{name}/layers and …/blobs/{digest}, beside Docker's endpoints: an image's documents and layers with every
// identity that they have, who else has each layer, and the bytes of its blobs as they came. The layer explorer reads these.
import { LabError } from '../../base/errors.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import { parseManifestDocument } from '../../oci/image.ts';
import type { Engine } from '../engine.ts';
import type { ImageLayers } from '../image-protocol.ts';
import { createdSeconds, namedImages } from './list.ts';
import { chainsOf } from './sizes.ts';
import { familiarName, type ResolvedImage } from './store.ts';

/** Errors: notFound. */
export async function layersOf(engine: Engine, name: string): Promise<ImageLayers> {
  const image = await engine.images.resolve(name);
  const { config, manifest } = image;
  const [documents, all, sizes] = await Promise.all([
    documentsOf(engine, image),
    namedImages(engine),
    engine.layers.measure(),
  ]);
  const chains = chainsOf(image);
  const users = (chain: string): string[] =>
    all
      .filter((other) => other.image.id !== image.id && chainsOf(other.image).some((each) => each === chain))
      .map((other) => other.tags.map(familiarName)[0] ?? other.image.id);
  const steps = stepsOf(image);
  return {
    Name: familiarName(image.reference),
    Id: image.id,
    ...documents,
    Platform: {
      os: config.os,
      architecture: config.architecture,
      ...(config.variant === undefined ? {} : { variant: config.variant }),
    },
    Config: { mediaType: manifest.config.mediaType, digest: manifest.config.digest, size: manifest.config.size },
    Layers: manifest.layers.map((layer, at) => ({
      Digest: layer.digest,
      MediaType: layer.mediaType,
      Size: layer.size,
      DiffId: config.rootfs.diff_ids[at] ?? '',
      ChainId: chains[at] ?? '',
      UnpackedSize: sizes.get(chains[at] ?? '') ?? null,
      Step: steps.findIndex((step) => step.Layer === at),
      SharedWith: users(chains[at] ?? ''),
    })),
    History: steps,
  };
}

/** Steps of the history, oldest first, each with the layer that it made. @source oci-image config#history: empty_layer */
function stepsOf({ config }: ResolvedImage): ImageLayers['History'] {
  let next = 0;
  return (config.history ?? []).map((step) => ({
    Created: createdSeconds(step.created),
    CreatedBy: step.created_by ?? '',
    Comment: step.comment ?? '',
    Layer: step.empty_layer ? null : next++,
  }));
}

async function documentsOf(engine: Engine, image: ResolvedImage): Promise<Pick<ImageLayers, 'Index' | 'Manifest'>> {
  const bytes = await engine.images.read(image.target);
  const document = parseManifestDocument(bytes, undefined, `image ${image.target}`);
  const target = { mediaType: document.mediaType, digest: image.target, size: bytes.byteLength };
  if (document.kind === 'manifest') return { Index: null, Manifest: target };
  const { digest } = await engine.images.manifestOf(image.target);
  const inner = document.index.manifests.find((each) => each.digest === digest);
  return { Index: target, Manifest: { mediaType: inner?.mediaType ?? '', digest, size: inner?.size ?? 0 } };
}

/** The bytes of a blob of the image: its index, manifest, configuration or a layer. Errors: notFound, invalidArgument. */
export async function blobOf(
  engine: Engine,
  name: string,
  text: string,
): Promise<{ size: number; bytes: AsyncIterable<Uint8Array> }> {
  const digest = parseDigest(text);
  const image = await engine.images.resolve(name);
  const { digest: manifestDigest } = await engine.images.manifestOf(image.target);
  const own: Digest[] = [
    image.target,
    manifestDigest,
    image.manifest.config.digest,
    ...image.manifest.layers.map((layer) => layer.digest),
  ];
  if (!own.includes(digest)) throw new LabError('notFound', `blob ${digest}: image ${name} has none of that digest`);
  const { info } = await engine.containerd.content.info({ digest });
  return { size: Number(info?.size ?? 0n), bytes: chunks(engine, digest) };
}

async function* chunks(engine: Engine, digest: Digest): AsyncGenerator<Uint8Array> {
  for await (const { data } of engine.containerd.content.read({ digest, offset: 0n, size: 0n })) yield data;
}
