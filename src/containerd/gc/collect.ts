// The garbage collector: removes blobs and committed snapshots that nothing refers to. It works in slices, and others work in between:
// what they make or touch is marked before anything more is swept, in the same turn of the event loop.
// Records go first, files and directories after them, outside of the loop; after a crash in between the next start removes those.
// Rule: in doubt a thing stays. @source containerd docs/garbage-collection.md
import { Slices } from '../../base/slices.ts';
import { emit } from '../../trace/recorder.ts';
import { Barrier } from './barrier.ts';
import { Marking } from './mark.ts';
import type { CollectorParts } from './parts.ts';
import { NamedReferences } from './references.ts';

export interface Collected {
  blobs: number;
  snapshots: number;
}

/** Blobs of one DELETE: a few milliseconds. */
const blobsAtOnce = 500;
/** Directories that are handed over together. */
const snapshotsAtOnce = 50;

export class Collector {
  readonly #parts: CollectorParts;
  readonly #named: NamedReferences;
  #running: Promise<Collected> | undefined;
  #next: Promise<Collected> | undefined;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#named = new NamedReferences(parts.content);
  }

  /** Removes what nothing refers to now, in every namespace. One collection at a time; whoever asks meanwhile shares the one after it. */
  collect(): Promise<Collected> {
    if (this.#running === undefined) return this.#begin();
    const again = (): Promise<Collected> => {
      this.#next = undefined;
      return this.#running ?? this.#begin();
    };
    this.#next ??= this.#running.then(again, again);
    return this.#next;
  }

  #begin(): Promise<Collected> {
    this.#running = this.#collectAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #collectAll(): Promise<Collected> {
    const { database, leases, snapshots } = this.#parts;
    const collected: Collected = { blobs: 0, snapshots: 0 };
    leases.expire();
    using barrier = new Barrier(database, new Map([...snapshots].map(([name, { table }]) => [name, table])));
    for (const { name } of database.all<{ name: string }>('SELECT name FROM namespaces')) {
      const marking = new Marking(this.#parts, this.#named, name);
      const touched = () =>
        marking.add(
          barrier
            .drain()
            .filter(({ namespace }) => namespace === name)
            .map(({ node }) => node),
        );
      barrier.drain();
      await marking.run();
      collected.blobs += await this.#sweepContent(name, marking, touched);
      collected.snapshots += await this.#sweepSnapshots(name, marking, touched);
    }
    if (collected.blobs + collected.snapshots > 0) {
      emit('containerd.garbage-collected', { data: collected, cause: 'default:engine-housekeeping' });
    }
    return collected;
  }

  async #sweepContent(namespace: string, marking: Marking, touched: () => void): Promise<number> {
    const { content } = this.#parts;
    const slices = new Slices();
    let swept = 0;
    let gone = Promise.resolve();
    let page = content.page(namespace, '', blobsAtOnce);
    while (page.length > 0) {
      touched();
      const dead = page.filter((digest) => !marking.has(`content ${digest}`));
      const before = gone;
      if (dead.length > 0) gone = content.release(namespace, dead);
      this.#named.forget(dead);
      swept += dead.length;
      // Files of one page go while the records of the next do.
      await before;
      if (slices.isOver) await slices.next();
      page = content.page(namespace, page.at(-1) ?? '', blobsAtOnce);
    }
    await gone;
    return swept;
  }

  /** Newest first: a child is always newer than its parent. */
  async #sweepSnapshots(namespace: string, marking: Marking, touched: () => void): Promise<number> {
    const slices = new Slices();
    let swept = 0;
    for (const snapshots of this.#parts.snapshots.values()) {
      let page = snapshots.page(namespace, Number.MAX_SAFE_INTEGER, snapshotsAtOnce);
      while (page.length > 0) {
        touched();
        const dead = page.filter(({ key }) => !marking.has(`snapshots/${snapshots.name} ${key}`));
        const directories = dead.map(({ key }) => snapshots.detach(namespace, key));
        swept += dead.length;
        await snapshots.erase(directories);
        if (slices.isOver) await slices.next();
        page = snapshots.page(namespace, page.at(-1)?.id ?? 0, snapshotsAtOnce);
      }
    }
    return swept;
  }
}
