// Images as the daemon sees them: names in containerd's image store, documents in its content store.
// Documents are named by digest and never change, so what was read once is kept.
import { asLabError, LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import type { ContainerdClient } from '../../containerd/client.ts';
import { chainIds, type Digest, parseDigest, verifyDigest } from '../../oci/digest.ts';
import {
  type ImageConfig,
  type ImageManifest,
  imageConfigSchema,
  type Platform,
  parseDocument,
  parseManifestDocument,
} from '../../oci/image.ts';
import { choosePlatform, formatPlatform, hostPlatform, isSamePlatform } from '../../oci/platform.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { emit } from '../../trace/recorder.ts';
import { isDangling } from './dangling.ts';

export interface StoredImage {
  /** Canonical reference. */
  reference: string;
  /** Digest that the name points at: an index's or a manifest's. */
  target: Digest;
  createdNs: bigint;
}

export interface ResolvedImage extends StoredImage {
  /** Digest of the configuration: Docker's image id. */
  id: Digest;
  manifest: ImageManifest;
  config: ImageConfig;
  /** Topmost snapshot; undefined for an image without layers. */
  chainId: Digest | undefined;
}

interface Documents {
  manifestDigest: Digest;
  id: Digest;
  manifest: ImageManifest;
  config: ImageConfig;
}

export class ImageStore {
  readonly #client: ContainerdClient;
  readonly #documents = new Map<string, Promise<Documents>>();

  constructor(client: ContainerdClient) {
    this.#client = client;
  }

  async list(): Promise<StoredImage[]> {
    const { images } = await this.#client.images.list({ filters: [] });
    return images.flatMap((image) =>
      image.target === undefined
        ? []
        : [
            {
              reference: image.name,
              target: parseDigest(image.target.digest),
              createdNs: (image.createdAt?.seconds ?? 0n) * 1_000_000_000n + BigInt(image.createdAt?.nanos ?? 0),
            },
          ],
    );
  }

  /** By name, or by id or the beginning of one. Errors: notFound in Docker's words. */
  async resolve(name: string): Promise<ResolvedImage> {
    const byName = await this.#byName(name);
    const image = byName ?? (await this.#byId(name));
    if (image === undefined) throw noSuchImage(name);
    const resolved = await this.describe(image);
    emit('daemon.image-resolved', {
      data: {
        name,
        reference: resolved.reference,
        digest: resolved.target,
        id: resolved.id,
        chainId: resolved.chainId ?? '',
        layers: resolved.manifest.layers.map((layer) => layer.digest),
      },
      twin: `ctr -a ${paths.containerdSocket} -n ${this.#client.namespace} images ls name==${resolved.reference}`,
    });
    return resolved;
  }

  async describe(image: StoredImage): Promise<ResolvedImage> {
    const { id, manifest, config } = await this.#documentsOf(image.target);
    return {
      ...image,
      id,
      manifest,
      config,
      chainId: chainIds(config.rootfs.diff_ids).at(-1),
    };
  }

  /** The manifest that an index or a manifest stands for on this host. Errors: notFound. */
  manifestOf = async (target: Digest): Promise<{ digest: Digest }> => ({
    digest: (await this.#documentsOf(target)).manifestDigest,
  });

  /** Every image that can be described; one whose documents are missing is left out. */
  async describeAll(): Promise<ResolvedImage[]> {
    const described = await Promise.allSettled((await this.list()).map((image) => this.describe(image)));
    return described.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  async #byName(name: string): Promise<StoredImage | undefined> {
    const reference = referenceOf(name);
    if (reference === undefined) return undefined;
    try {
      const { image } = await this.#client.images.get({ name: formatReference(reference) });
      if (image?.target === undefined) return undefined;
      return {
        reference: image.name,
        target: parseDigest(image.target.digest),
        createdNs: (image.createdAt?.seconds ?? 0n) * 1_000_000_000n,
      };
    } catch (error) {
      if (error instanceof LabError && error.kind === 'notFound') return this.#byRepositoryDigest(reference);
      throw error;
    }
  }

  /** `nginx@sha256:…` finds the image that was pulled under a tag of that repository, also when it has lost the tag. */
  async #byRepositoryDigest(reference: Reference): Promise<StoredImage | undefined> {
    if (reference.digest === undefined) return undefined;
    const prefix = `${reference.domain}/${reference.path}:`;
    const same = (await this.list()).filter((image) => image.target === reference.digest);
    return (
      same.find((image) => image.reference.startsWith(prefix)) ?? same.find((image) => isDangling(image.reference))
    );
  }

  async #byId(name: string): Promise<StoredImage | undefined> {
    const hex = name.replace(/^sha256:/, '');
    if (!/^[0-9a-f]{4,64}$/.test(hex)) return undefined;
    const found = (await this.describeAll()).filter((image) => image.id.startsWith(`sha256:${hex}`));
    if (new Set(found.map((image) => image.id)).size > 1) {
      throw new LabError('invalidArgument', `image id "${name}": it is the beginning of more than one id`);
    }
    return found[0];
  }

  /** The image as that platform has it; its target is the manifest alone. Errors: notFound, with the platforms that there are. */
  async ofPlatform(image: ResolvedImage, platform: Platform): Promise<ResolvedImage> {
    const document = parseManifestDocument(await this.read(image.target), undefined, `image ${image.target}`);
    const all =
      document.kind === 'index' ? document.index.manifests.flatMap(({ platform: one }) => one ?? []) : [image.config];
    const wanted = formatPlatform(platform);
    if (!all.some((one) => isSamePlatform(one, platform)))
      throw new LabError(
        'notFound',
        `image with reference ${familiarName(image.reference)} was found but does not provide the specified platform (${wanted})`,
        { hint: `it has: ${all.map(formatPlatform).join(', ')}` },
      );
    if (document.kind !== 'index') return image;
    const target = document.index.manifests.find(
      (one) => one.platform !== undefined && isSamePlatform(one.platform, platform),
    );
    try {
      return await this.describe({ ...image, target: target?.digest ?? image.target });
    } catch (error) {
      throw asLabError(error).kind === 'notFound' ? notHere(image, wanted) : error;
    }
  }

  #documentsOf(target: Digest): Promise<Documents> {
    const known = this.#documents.get(target);
    if (known !== undefined) return known;
    const reading = this.#readDocuments(target);
    this.#documents.set(target, reading);
    reading.catch(() => this.#documents.delete(target));
    return reading;
  }

  async #readDocuments(target: Digest): Promise<Documents> {
    const document = parseManifestDocument(await this.read(target), undefined, `image ${target}`);
    if (document.kind === 'index') {
      const chosen = choosePlatform(document.index.manifests, hostPlatform());
      if (chosen === undefined) throw new LabError('notFound', `image ${target}: it has no manifest for this platform`);
      return this.#readDocuments(chosen.digest);
    }
    const { manifest } = document;
    const bytes = await this.read(manifest.config.digest);
    return {
      manifestDigest: target,
      id: manifest.config.digest,
      manifest,
      config: parseDocument(imageConfigSchema, bytes, `image config ${target}`),
    };
  }

  /** A small blob, verified. Errors: notFound, dataLoss. */
  async read(digest: Digest): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const { data } of this.#client.content.read({ digest, offset: 0n, size: 0n })) chunks.push(data);
    const bytes = Buffer.concat(chunks);
    verifyDigest(bytes, digest, `blob ${digest}`);
    return bytes;
  }
}

/** Undefined when the text cannot be a name (it may be an id). */
function referenceOf(name: string): Reference | undefined {
  try {
    return parseReference(name);
  } catch (error) {
    if (/^(sha256:)?[0-9a-f]{4,64}$/.test(name)) return undefined;
    throw error;
  }
}

/** @source docker daemon/images: the words that clients look for */
export function noSuchImage(name: string): LabError {
  return new LabError('notFound', `No such image: ${familiarName(name)}`, {
    hint: 'tlab images lists what is here; pull it, or build it with: tlab library build NAME',
    data: { image: name },
  });
}

const notHere = (image: ResolvedImage, platform: string): LabError =>
  new LabError('notFound', `image ${familiarName(image.reference)}: what it is made of for ${platform} is not here`, {
    hint: `tlab pull --platform ${platform} ${familiarName(image.reference)}`,
  });

/** As people write it, with its tag. */
export function familiarName(name: string): string {
  try {
    return familiarReference(parseReference(name));
  } catch {
    return name;
  }
}
