// What refers to what: labels containerd.io/gc.ref.*, and what manifests and indexes themselves name. A blob never changes, so what it
// names is read once. @source containerd docs/garbage-collection.md
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { isDigest } from '../../oci/digest.ts';
import type { ContentStore } from '../content/store.ts';
import type { Labels } from '../metadata/labels.ts';

/** A thing in one namespace, named as a lease names what it holds: `content <digest>`, `snapshots/<snapshotter> <key>`; or `images <name>`, `containers <id>`. */
export type Node = `${string} ${string}`;

/** The two parts of a node; a key may have spaces. */
export function partsOf(node: Node): { type: string; name: string } {
  const at = node.indexOf(' ');
  return { type: node.slice(0, at), name: node.slice(at + 1) };
}

const contentLabel = /^containerd\.io\/gc\.ref\.content(?:[./]|$)/;
const snapshotLabel = /^containerd\.io\/gc\.ref\.snapshot\.([^./]+)(?:[./]|$)/;

/** What an object's labels keep alive. */
export const labelled = (labels: Labels): Node[] =>
  Object.entries(labels).flatMap(([key, value]): Node[] => {
    if (contentLabel.test(key)) return [`content ${value}`];
    const snapshotter = snapshotLabel.exec(key)?.[1];
    return snapshotter === undefined ? [] : [`snapshots/${snapshotter} ${value}`];
  });

/** Larger blobs are no manifests. */
const largestManifestBytes = 4 << 20;

const descriptorSchema = v.object({ digest: v.string() });
const documentSchema = v.object({
  manifests: v.optional(v.array(descriptorSchema)),
  config: v.optional(descriptorSchema),
  layers: v.optional(v.array(descriptorSchema)),
});

const nothing: readonly Node[] = [];

/** What blobs name, remembered for as long as they are there. */
export class NamedReferences {
  readonly #content: ContentStore;
  readonly #known = new Map<string, readonly Node[]>();

  constructor(content: ContentStore) {
    this.#content = content;
  }

  /** Undefined: not read yet. */
  known = (digest: string): readonly Node[] | undefined => this.#known.get(digest);

  async read(digest: string, size: number): Promise<readonly Node[]> {
    return this.#keep(digest, this.#mayName(digest, size) ? await readFile(this.#path(digest)).catch(() => '') : '');
  }

  /** The same at once, for the few that change while a collection is under way. */
  readNow(digest: string, size: number): readonly Node[] {
    return this.#keep(digest, this.#mayName(digest, size) ? readNow(this.#path(digest)) : '');
  }

  forget(digests: readonly string[]): void {
    for (const digest of digests) this.#known.delete(digest);
  }

  #mayName = (digest: string, size: number): boolean => isDigest(digest) && size <= largestManifestBytes;
  #path = (digest: string): string => (isDigest(digest) ? this.#content.pathOf(digest) : '');

  #keep(digest: string, bytes: Buffer | string): readonly Node[] {
    const named = namedIn(bytes);
    this.#known.set(digest, named);
    return named;
  }
}

function readNow(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch {
    return '';
  }
}

function namedIn(bytes: Buffer | string): readonly Node[] {
  if (bytes[0] !== 0x7b) return nothing;
  try {
    const { manifests = [], config, layers = [] } = v.parse(documentSchema, JSON.parse(bytes.toString()));
    const named = [...manifests, ...(config === undefined ? [] : [config]), ...layers];
    return named.length === 0 ? nothing : named.map(({ digest }): Node => `content ${digest}`);
  } catch {
    return nothing;
  }
}
