// The bound of the build cache: after each build, and at start, what no image needs is removed, the least recently used first, until the rest fits.
// Rules are those of `builder.gc` in daemon.json; without them a tenth of the disk may stay. @source docker docs build/cache/garbage-collection
import { statfsSync } from 'node:fs';
import { LabError } from '../../../base/errors.ts';
import { paths } from '../../../base/paths.ts';
import type { Configuration } from '../../configuration.ts';
import type { Filters } from '../../filters.ts';

export interface PruneRequest {
  /** Also what images are made of: their next build starts anew. */
  all: boolean;
  /** Bytes that may stay of what is looked at; the least recently used go first. */
  keepBytes: number;
  filters: Filters;
}

export const pruneFilters = ['until', 'unused-for', 'id'];

const shareOfDisk = 0.1;

/** Undefined: nothing is collected. Errors: invalidArgument for a filter. */
export function cacheRulesOf({ builder }: Pick<Configuration, 'builder'>): PruneRequest[] | undefined {
  const { enabled, defaultKeepStorage, policy = [] } = builder?.gc ?? {};
  if (enabled === false) return undefined;
  if (policy.length === 0) return [{ all: false, keepBytes: defaultKeepStorage || shareOfIt(), filters: {} }];
  return policy.map(({ keepStorage, filter, all }) => ({
    all: all ?? false,
    keepBytes: keepStorage ?? defaultKeepStorage ?? 0,
    filters: filtersOf(filter ?? []),
  }));
}

function shareOfIt(): number {
  const { blocks, bsize } = statfsSync(paths.dataRoot);
  return Math.floor(blocks * bsize * shareOfDisk);
}

function filtersOf(texts: readonly string[]): PruneRequest['filters'] {
  const filters: Record<string, string[]> = {};
  for (const text of texts) {
    const [name = '', value] = text.split('=', 2);
    if (!pruneFilters.includes(name) || value === undefined)
      throw new LabError(
        'invalidArgument',
        `builder.gc.policy: filter "${text}": expected ${pruneFilters.join('=…, ')}=…`,
      );
    filters[name] = [...(filters[name] ?? []), value];
  }
  return filters;
}

/** One at a time; what ends while it works is looked at again. */
export class CacheCollector {
  readonly #rules: readonly PruneRequest[];
  readonly #failed: (error: Error) => void;
  #running: Promise<void> | undefined;
  #isAsked = false;

  constructor(rules: readonly PruneRequest[] | undefined, failed: (error: Error) => void) {
    this.#rules = rules ?? [];
    this.#failed = failed;
  }

  /** Resolves when nothing is left to do; a failure is told, and no build fails for it. */
  collect(prune: (rule: PruneRequest) => Promise<unknown>): Promise<void> {
    this.#isAsked = true;
    this.#running ??= this.#work(prune).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(prune: (rule: PruneRequest) => Promise<unknown>): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      try {
        for (const rule of this.#rules) await prune(rule);
      } catch (error) {
        this.#failed(error as Error);
      }
    }
  }
}
