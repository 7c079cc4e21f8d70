// The bound of a cache's storage: beyond it blobs and manifests go, the least recently asked for first, until nine tenths of it are left.
// Rule: only a cache may do this: what goes can be fetched again. Who is being sent a blob keeps it, since the file stays as long as it is open.
import { readdir, stat, utimes } from 'node:fs/promises';
import type { Digest } from '../../oci/digest.ts';
import { ifThere } from './files.ts';
import type { Store } from './store.ts';

/** So that not every blob beyond the bound walks through all of them. */
const shareLeft = 0.9;

interface Kept {
  digest: Digest;
  sizeBytes: number;
  usedMs: number;
}

export class StorageBound {
  readonly #store: Store;
  readonly #mostBytes: number;
  #running: Promise<void> | undefined;
  #isAsked = false;

  constructor(store: Store, mostBytes: number) {
    this.#store = store;
    this.#mostBytes = mostBytes;
  }

  /** It was asked for: when that was is its file's time. */
  async used(digest: Digest): Promise<void> {
    const now = new Date();
    await ifThere(utimes(this.#store.blobPath(digest), now, now));
  }

  /** Something was added. Resolves when the rest fits. */
  keep(): Promise<void> {
    this.#isAsked = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      const kept = await this.#all();
      let total = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      if (total <= this.#mostBytes) continue;
      for (const { digest, sizeBytes } of kept.toSorted((a, b) => a.usedMs - b.usedMs)) {
        if (total <= this.#mostBytes * shareLeft) break;
        await this.#store.forget(digest);
        total -= sizeBytes;
      }
    }
  }

  async #all(): Promise<Kept[]> {
    const found: Kept[] = [];
    for (const algorithm of ['sha256', 'sha512'] as const)
      for (const hex of (await ifThere(readdir(`${this.#store.root}/blobs/${algorithm}`))) ?? []) {
        const digest: Digest = `${algorithm}:${hex}`;
        const stats = await ifThere(stat(this.#store.blobPath(digest)));
        if (stats !== undefined) found.push({ digest, sizeBytes: stats.size, usedMs: stats.mtimeMs });
      }
    return found;
  }
}
