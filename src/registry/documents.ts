// The documents of a pull: index → manifest → config, each checked against the other, each stored with the labels that keep
// what it names from the garbage collector.
import { LabError } from '../base/errors.ts';
import { chainIds, type Digest, verifyDigest } from '../oci/digest.ts';
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  imageConfigSchema,
  type Platform,
  parseDocument,
  parseManifestDocument,
} from '../oci/image.ts';
import { layerCompression } from '../oci/media-types.ts';
import { choosePlatform, formatPlatform } from '../oci/platform.ts';
import { familiarReference } from '../oci/reference.ts';
import { type FetchContext, fetchBlob } from './fetch-blob.ts';
import type { ImageSource, ResolvedDocument } from './source.ts';

export interface PulledLayer {
  /** From the bottom, 0. */
  index: number;
  descriptor: Descriptor;
  diffId: Digest;
  chainId: Digest;
  /** The chain id of the layers below; undefined for the lowest. */
  parentChainId: Digest | undefined;
}

export interface ChosenManifest extends ResolvedDocument {
  manifest: ImageManifest;
}

/** The manifest for the platform, by way of the index where there is one. */
export async function chooseManifest(
  context: FetchContext,
  resolved: ResolvedDocument,
  platform: Platform,
): Promise<ChosenManifest> {
  const name = familiarReference(context.reference);
  const document = parseManifestDocument(resolved.bytes, resolved.descriptor.mediaType, name);
  if (document.kind === 'manifest') return { ...resolved, manifest: document.manifest };
  const found = choosePlatform(document.index.manifests, platform);
  if (found === undefined) {
    const offered = document.index.manifests.flatMap((one) =>
      one.platform === undefined ? [] : formatPlatform(one.platform),
    );
    throw new LabError(
      'notFound',
      `image ${name}: it is for ${offered.join(', ')}, not for ${formatPlatform(platform)}`,
    );
  }
  const descriptor: Descriptor = { mediaType: found.mediaType, digest: found.digest, size: found.size };
  const bytes = await readOrFetch(context, descriptor);
  const inner = parseManifestDocument(bytes, found.mediaType, name);
  if (inner.kind === 'manifest') return { descriptor, bytes, manifest: inner.manifest };
  throw new LabError('notImplemented', `image ${name}: its index leads to another index`);
}

/** A document by digest: the stored one before the remote one. */
async function readOrFetch(context: FetchContext, descriptor: Descriptor): Promise<Uint8Array> {
  const stored = (await context.content.stat(descriptor.digest)) !== undefined;
  const bytes = stored
    ? await context.content.read(descriptor.digest)
    : await context.source.document(context.reference, descriptor);
  verifyDigest(bytes, descriptor.digest, familiarReference(context.reference));
  return bytes;
}

export async function fetchConfig(context: FetchContext, manifest: ImageManifest): Promise<ImageConfig> {
  const what = `image ${familiarReference(context.reference)}: its config`;
  const bytes = await readOrFetch(context, manifest.config);
  const config = parseDocument(imageConfigSchema, bytes, what);
  await storeBytes(context, manifest.config, bytes, {});
  return config;
}

/** Errors: notImplemented when it is no container image, dataLoss when manifest and config disagree. */
export function layersOf(reference: string, manifest: ImageManifest, config: ImageConfig): PulledLayer[] {
  const foreign = manifest.layers.find((layer) => layerCompression(layer) === undefined);
  if (foreign !== undefined) {
    throw new LabError(
      'notImplemented',
      `image ${reference}: layer type "${foreign.mediaType}" is none of a container image`,
    );
  }
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new LabError(
      'dataLoss',
      `image ${reference}: ${manifest.layers.length} layers but ${diffIds.length} diff ids`,
    );
  }
  const chains = chainIds(diffIds);
  return manifest.layers.flatMap((descriptor, index) => {
    const [diffId, chainId] = [diffIds[index], chains[index]];
    if (diffId === undefined || chainId === undefined) return [];
    return [{ index, descriptor, diffId, chainId, parentChainId: chains[index - 1] }];
  });
}

/** Labels that tell the garbage collector what a document needs. @source containerd docs/garbage-collection.md */
export async function storeDocuments(
  context: FetchContext,
  resolved: ResolvedDocument,
  chosen: ChosenManifest,
): Promise<void> {
  const { reference } = context;
  const origin = { [`containerd.io/distribution.source.${reference.domain}`]: reference.path };
  const manifestLabels: Record<string, string> = {
    ...origin,
    'containerd.io/gc.ref.content.config': chosen.manifest.config.digest,
  };
  for (const [index, layer] of chosen.manifest.layers.entries()) {
    manifestLabels[`containerd.io/gc.ref.content.l.${index}`] = layer.digest;
  }
  await storeBytes(context, chosen.descriptor, chosen.bytes, manifestLabels);
  if (resolved.descriptor.digest === chosen.descriptor.digest) return;
  const indexLabels = { ...origin, 'containerd.io/gc.ref.content.m.0': chosen.descriptor.digest };
  await storeBytes(context, resolved.descriptor, resolved.bytes, indexLabels);
}

async function storeBytes(
  context: FetchContext,
  descriptor: Descriptor,
  bytes: Uint8Array,
  labels: Record<string, string>,
): Promise<void> {
  const fromMemory: ImageSource = {
    kind: context.source.kind,
    name: context.source.name,
    resolve: () => Promise.reject(new Error('a document in memory has no name')),
    document: async () => bytes,
    blob: async (_reference, _descriptor, offset) => oneChunk(bytes.subarray(offset)),
    twin: () => context.source.twin(context.reference, descriptor),
    close: () => undefined,
  };
  await fetchBlob({ ...context, source: fromMemory }, { ...descriptor, size: bytes.length }, labels);
}

async function* oneChunk(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
