// How large layers are on disk. What Docker shows is the sum of the files' lengths, each inode once, without directories; our
// snapshotter writes that on a snapshot when it commits it. Under another snapshotter it is the allocated bytes that it reports.
// Rule: a committed snapshot never changes, so that what is known of a chain id is kept.
import { LabError } from '../../base/errors.ts';
import type { ContainerdClient } from '../../containerd/client.ts';
import { chainIds, type Digest } from '../../oci/digest.ts';
import type { ResolvedImage } from './store.ts';

/** On a committed snapshot: bytes of its files. */
const fileBytesLabel = 'io.tlab/file-bytes';

/** Bytes of each layer that is unpacked, by chain id. */
export type LayerSizes = ReadonlyMap<string, number>;

export class LayerMeter {
  readonly #client: ContainerdClient;
  readonly #snapshotter: string;
  readonly #known = new Map<string, number>();

  constructor(client: ContainerdClient, snapshotter: string) {
    this.#client = client;
    this.#snapshotter = snapshotter;
  }

  /** Every layer that is unpacked now. */
  async measure(): Promise<LayerSizes> {
    const sizes = new Map<string, number>();
    for await (const { info } of this.#client.snapshots.list({
      snapshotter: this.#snapshotter,
      filters: ['kind==committed'],
    })) {
      for (const { name, labels } of info) {
        const bytes = this.#known.get(name) ?? (await this.#sizeOf(name, labels));
        if (bytes === undefined) continue;
        this.#known.set(name, bytes);
        sizes.set(name, bytes);
      }
    }
    return sizes;
  }

  /** Undefined when the snapshot went meanwhile. */
  async #sizeOf(key: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> {
    const written = labels[fileBytesLabel];
    if (written !== undefined && /^\d{1,15}$/.test(written)) return Number(written);
    try {
      return Number((await this.#client.snapshots.usage({ snapshotter: this.#snapshotter, key })).size);
    } catch (error) {
      if (error instanceof LabError && error.kind === 'notFound') return undefined;
      throw error;
    }
  }
}

/** Chain ids of an image's layers, bottom to top. */
export const chainsOf = (image: ResolvedImage): Digest[] => chainIds(image.config.rootfs.diff_ids);

/** Bytes of all layers of an image; a layer that is not unpacked counts with its blob. */
export const imageBytes = (image: ResolvedImage, sizes: LayerSizes): number =>
  chainsOf(image).reduce((sum, chain, at) => sum + (sizes.get(chain) ?? image.manifest.layers[at]?.size ?? 0), 0);

/** Of each image by id: bytes of the layers that another image has too. Docker's SharedSize. */
export function sharedBytes(images: readonly ResolvedImage[], sizes: LayerSizes): Map<string, number> {
  const distinct = [...new Map(images.map((image) => [image.id, image])).values()];
  const users = new Map<string, number>();
  for (const chain of distinct.flatMap(chainsOf)) users.set(chain, (users.get(chain) ?? 0) + 1);
  const sharedOf = (image: ResolvedImage): number =>
    chainsOf(image).reduce((sum, chain) => sum + ((users.get(chain) ?? 0) > 1 ? (sizes.get(chain) ?? 0) : 0), 0);
  return new Map(distinct.map((image) => [image.id, sharedOf(image)]));
}
