// Caches of RUN --mount=type=cache: directories that outlive builds, one an id, below <data root>/build/caches. shared: any number of RUNs at once;
// locked: one after the other; private: a second RUN at the same time gets a directory of its own.
// Rule: a directory that was not filled to its end is made anew: `about.json` is written last. Only this process uses them.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { LabError } from '../../../base/errors.ts';
import { paths } from '../../../base/paths.ts';

export interface CacheRequest {
  id: string;
  sharing: 'shared' | 'private' | 'locked';
  from: string | undefined;
  /** What `from` names now, by its layers: another tree is another cache. */
  tree?: string | undefined;
}

export interface Cache {
  /** Mounted as it is; its owner and mode are the cache's. */
  folder: string;
  /** Nothing is in it yet: fill it, then call `filled`. Others wait until then. */
  isNew: boolean;
  filled(): Promise<void>;
  release(): Promise<void>;
}

const aboutSchema = v.object({
  id: v.string(),
  from: v.optional(v.string()),
  createdMs: v.number(),
  usedMs: v.number(),
});

export interface CacheAbout {
  name: string;
  id: string;
  createdMs: number;
  usedMs: number;
  isInUse: boolean;
  folder: string;
}

interface Use {
  users: number;
  isExclusive: boolean;
}

export class CacheMounts {
  readonly #folder = `${paths.build}/caches`;
  readonly #uses = new Map<string, Use>();
  /** Called when a cache was given back. */
  #waiting: Array<() => void> = [];

  /** Waits for a cache that is locked, until the signal. Errors: cancelled. */
  async acquire(request: CacheRequest, signal?: AbortSignal): Promise<Cache> {
    const base = createHash('sha256')
      .update(JSON.stringify([request.id, request.tree ?? request.from ?? null]))
      .digest('hex')
      .slice(0, 32);
    for (;;) {
      const name = this.#take(base, request.sharing);
      if (name !== undefined) return this.#open(name, request);
      await this.#changed(request.id, signal);
    }
  }

  #take(base: string, sharing: CacheRequest['sharing']): string | undefined {
    let name = base;
    if (sharing === 'private') for (let n = 1; this.#uses.has(name); n++) name = `${base}-${n}`;
    const use = this.#uses.get(name);
    if (use !== undefined && (use.isExclusive || sharing === 'locked')) return undefined;
    // Alone until it is known whether it is to be filled.
    this.#uses.set(name, { users: (use?.users ?? 0) + 1, isExclusive: true });
    return name;
  }

  /** Those that use it let others in. */
  #share(name: string): void {
    const use = this.#uses.get(name);
    if (use !== undefined) use.isExclusive = false;
    this.#wake();
  }

  async #open(name: string, { id, from, sharing }: CacheRequest): Promise<Cache> {
    const place = `${this.#folder}/${name}`;
    const share = (): void => {
      if (sharing === 'shared') this.#share(name);
    };
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) return;
      isReleased = true;
      this.#give(name);
    };
    try {
      const about = await readAbout(place);
      const nowMs = Date.now();
      const write = (createdMs: number): Promise<void> =>
        writeFile(`${place}/about.json`, JSON.stringify({ id, from, createdMs, usedMs: nowMs }));
      if (about !== undefined) {
        await write(about.createdMs);
        share();
        return { folder: `${place}/data`, isNew: false, filled: async () => undefined, release };
      }
      await rm(place, { recursive: true, force: true });
      await mkdir(`${place}/data`, { recursive: true, mode: 0o755 });
      const filled = async (): Promise<void> => {
        await write(nowMs);
        share();
      };
      return { folder: `${place}/data`, isNew: true, filled, release };
    } catch (error) {
      share();
      await release();
      throw error;
    }
  }

  #give(name: string): void {
    const use = this.#uses.get(name);
    if (use !== undefined && --use.users === 0) this.#uses.delete(name);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #changed(id: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = (): void => reject(new LabError('cancelled', `waiting for the cache ${id}: cancelled`));
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.push(resolve);
    await promise.finally(() => signal?.removeEventListener('abort', cancel));
  }

  async list(): Promise<CacheAbout[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const all = await Promise.all(
      names.map(async (name) => {
        const about = await readAbout(`${this.#folder}/${name}`);
        const { id, createdMs, usedMs } = about ?? { id: '', createdMs: 0, usedMs: 0 };
        return { name, id, createdMs, usedMs, isInUse: this.#uses.has(name), folder: `${this.#folder}/${name}/data` };
      }),
    );
    return all.sort((a, b) => a.usedMs - b.usedMs);
  }

  /** Removes the caches that nothing uses, and that `isWanted` picks. Returns which. */
  async prune(isWanted: (cache: CacheAbout) => boolean = () => true): Promise<CacheAbout[]> {
    const removed: CacheAbout[] = [];
    for (const cache of await this.list()) {
      if (this.#uses.has(cache.name) || !isWanted(cache)) continue;
      this.#uses.set(cache.name, { users: 1, isExclusive: true });
      await rm(`${this.#folder}/${cache.name}`, { recursive: true, force: true }).finally(() => this.#give(cache.name));
      removed.push(cache);
    }
    return removed;
  }
}

async function readAbout(place: string): Promise<v.InferOutput<typeof aboutSchema> | undefined> {
  try {
    if (!(await stat(`${place}/data`)).isDirectory()) return undefined;
    return v.parse(aboutSchema, JSON.parse(await readFile(`${place}/about.json`, 'utf8')));
  } catch {
    return undefined;
  }
}
