// Marking: from what is a root to everything that it refers to, in one namespace. Roots: images, containers, what a lease holds, what is
// labelled gc.root, and every active snapshot or view but those of unpackers that were interrupted. Rule: in doubt a thing is marked.
import { Slices } from '../../base/slices.ts';
import type { CollectorParts } from './parts.ts';
import { labelled, type NamedReferences, type Node, partsOf } from './references.ts';

/** Keys of unpackers' working snapshots: theirs to keep by a lease. @source containerd pkg/unpack */
const unpackKey = /^extract-/;
/** Of what leases hold, which may be a hundred thousand things. */
const pageRows = 500;

export class Marking {
  readonly #parts: CollectorParts;
  readonly #named: NamedReferences;
  readonly #namespace: string;
  readonly #seen = new Set<Node>();
  #waiting: Node[] = [];

  constructor(parts: CollectorParts, named: NamedReferences, namespace: string) {
    this.#parts = parts;
    this.#named = named;
    this.#namespace = namespace;
  }

  has = (node: Node): boolean => this.#seen.has(node);

  /** Everything that is reachable now. */
  async run(): Promise<void> {
    const slices = new Slices();
    this.#waiting.push(...this.#roots());
    for await (const held of this.#held(slices)) this.#waiting.push(...held);
    for (let node = this.#waiting.pop(); node !== undefined; node = this.#waiting.pop()) {
      if (slices.isOver) await slices.next();
      if (this.#seen.has(node)) continue;
      this.#seen.add(node);
      await this.#readFirst(node);
      this.#waiting.push(...this.#referredBy(node));
    }
  }

  /** What others have touched meanwhile stays, and so does what it refers to. At once, so that nothing is swept in between. */
  add(nodes: readonly Node[]): void {
    this.#waiting = nodes.flatMap((node) => [node, ...this.#referredBy(node)]);
    for (const node of nodes) this.#seen.add(node);
    for (let node = this.#waiting.pop(); node !== undefined; node = this.#waiting.pop()) {
      if (this.#seen.has(node)) continue;
      this.#seen.add(node);
      this.#waiting.push(...this.#referredBy(node));
    }
  }

  #roots(): Node[] {
    const { content, snapshots, images, containers } = this.#parts;
    const namespace = this.#namespace;
    return [
      ...images.list(namespace).map(({ name }): Node => `images ${name}`),
      ...containers.list(namespace).map(({ id }): Node => `containers ${id}`),
      ...content.labelledRoots(namespace).map((digest): Node => `content ${digest}`),
      ...[...snapshots.values()].flatMap((one) =>
        one
          .roots(namespace)
          .filter(({ isLabelled, key }) => isLabelled || !unpackKey.test(key))
          .map(({ key }): Node => `snapshots/${one.name} ${key}`),
      ),
    ];
  }

  async *#held(slices: Slices): AsyncGenerator<Node[]> {
    let page = this.#parts.leases.held(this.#namespace, undefined, pageRows);
    while (page.length > 0) {
      yield page.map(({ type, id }): Node => `${type} ${id}`);
      if (slices.isOver) await slices.next();
      page = this.#parts.leases.held(this.#namespace, page.at(-1), pageRows);
    }
  }

  /** The file of a blob is read without holding anybody up. */
  async #readFirst(node: Node): Promise<void> {
    const { type, name } = partsOf(node);
    if (type !== 'content' || this.#named.known(name) !== undefined) return;
    const blob = this.#parts.content.find(this.#namespace, name);
    if (blob !== undefined) await this.#named.read(name, blob.size);
  }

  #referredBy(node: Node): readonly Node[] {
    const { type, name } = partsOf(node);
    const namespace = this.#namespace;
    if (type === 'content') {
      const blob = this.#parts.content.find(namespace, name);
      if (blob === undefined) return [];
      return [...labelled(blob.labels), ...(this.#named.known(name) ?? this.#named.readNow(name, blob.size))];
    }
    if (type === 'images') {
      const image = this.#parts.images.find(namespace, name);
      return image === undefined ? [] : [`content ${image.target.digest}`, ...labelled(image.labels)];
    }
    if (type === 'containers') {
      const container = this.#parts.containers.find(namespace, name);
      if (container === undefined) return [];
      const { snapshotter, snapshotKey, labels } = container;
      return [`snapshots/${snapshotter} ${snapshotKey}`, ...labelled(labels)];
    }
    const snapshot = this.#parts.snapshots.get(type.slice('snapshots/'.length))?.find(namespace, name);
    if (snapshot === undefined) return [];
    return [...labelled(snapshot.labels), ...(snapshot.parent === '' ? [] : [`${type} ${snapshot.parent}` as Node])];
  }
}
