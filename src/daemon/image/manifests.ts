// The manifests that a name points at: of an index every platform, with what of it is here. @source docker-api ImageManifestSummary
import { asLabError } from '../../base/errors.ts';
import { chainIds, type Digest } from '../../oci/digest.ts';
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  imageConfigSchema,
  parseDocument,
  parseManifestDocument,
} from '../../oci/image.ts';
import type { Engine } from '../engine.ts';
import type { ImageManifestSummary } from '../image-protocol.ts';
import type { LayerSizes } from './sizes.ts';

/** In the order of the index; a name of a single manifest has one. */
export async function manifestSummaries(
  engine: Engine,
  target: Digest,
  sizes: LayerSizes,
): Promise<ImageManifestSummary[]> {
  const bytes = await engine.images.read(target);
  const document = parseManifestDocument(bytes, undefined, `image ${target}`);
  if (document.kind === 'manifest') {
    const descriptor = { mediaType: document.mediaType, digest: target, size: bytes.byteLength };
    return [await summaryOf(engine, descriptor, sizes)];
  }
  return Promise.all(document.index.manifests.map((descriptor) => summaryOf(engine, descriptor, sizes)));
}

async function summaryOf(engine: Engine, descriptor: Descriptor, sizes: LayerSizes): Promise<ImageManifestSummary> {
  const documents = await read(engine, descriptor);
  const isAttestation = descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
  const blobs = documents === undefined ? [] : [documents.manifest.config, ...documents.manifest.layers];
  const present = await Promise.all(blobs.map(({ digest }) => sizeOf(engine, digest)));
  const contentBytes = present.reduce<number>((sum, size) => sum + (size ?? 0), documents ? descriptor.size : 0);
  const chains = documents === undefined ? [] : chainIds(documents.config.rootfs.diff_ids);
  const unpackedBytes = chains.reduce((sum, chain) => sum + (sizes.get(chain) ?? 0), 0);
  const platform = descriptor.platform ?? documents?.config;
  const id = documents?.manifest.config.digest;
  const users = engine.containers.all().filter(({ record }) => record.image.id === id);
  return {
    ID: descriptor.digest,
    Descriptor: {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
    },
    Available: documents !== undefined && present.every((size) => size !== undefined),
    Size: { Content: contentBytes, Total: contentBytes + unpackedBytes },
    Kind: isAttestation ? 'attestation' : 'image',
    ...(isAttestation || platform === undefined
      ? {}
      : {
          ImageData: {
            Platform: { os: platform.os, architecture: platform.architecture, ...variantOf(platform.variant) },
            Size: { Unpacked: unpackedBytes },
            Containers: users.map(({ id: container }) => container),
          },
        }),
  };
}

const variantOf = (variant: string | undefined) => (variant === undefined ? {} : { variant });

/** Undefined when manifest or configuration are not here, as of the platforms that were not pulled. */
async function read(
  engine: Engine,
  { digest }: Descriptor,
): Promise<{ manifest: ImageManifest; config: ImageConfig } | undefined> {
  try {
    const document = parseManifestDocument(await engine.images.read(digest), undefined, `manifest ${digest}`);
    if (document.kind === 'index') return undefined;
    const config = await engine.images.read(document.manifest.config.digest);
    return { manifest: document.manifest, config: parseDocument(imageConfigSchema, config, `config of ${digest}`) };
  } catch (error) {
    if (['notFound', 'dataLoss'].includes(asLabError(error).kind)) return undefined;
    throw error;
  }
}

async function sizeOf(engine: Engine, digest: Digest): Promise<number | undefined> {
  try {
    return Number((await engine.containerd.content.info({ digest })).info?.size ?? 0n);
  } catch (error) {
    if (asLabError(error).kind === 'notFound') return undefined;
    throw error;
  }
}
