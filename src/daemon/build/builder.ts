// What all builds of a daemon share: the queue, the cache, secrets that wait for their build. Made once, in main.ts.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import type { ContainerdClient } from '../../containerd/client.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Configuration } from '../configuration.ts';
import { BuildCache } from './cache/cache.ts';
import { CacheCollector, cacheRulesOf } from './cache/collect.ts';
import { RunMounts } from './copy/prepare.ts';
import { BuildQueue } from './queue.ts';
import { BuildSecrets } from './secrets.ts';

export interface Builder {
  queue: BuildQueue;
  cache: BuildCache;
  secrets: BuildSecrets;
  /** A client that sends nothing of its context for so long has gone. */
  silenceMs: number;
  collector: CacheCollector;
  /** Caches of RUN --mount outlive builds. */
  runMounts: RunMounts;
  /** Where the native programs are. */
  binaryFolder: string;
}

export const openBuilder = (
  configuration: Configuration,
  containerd: ContainerdClient,
  { kernel, snapshotter }: { kernel: Kernel; snapshotter: string },
): Builder => ({
  queue: new BuildQueue(configuration['max-concurrent-builds'] ?? Math.max(2, availableParallelism())),
  cache: new BuildCache(`${paths.dataRoot}/build/cache`, containerd, snapshotter),
  secrets: new BuildSecrets(),
  silenceMs: (configuration['context-silence'] ?? 60) * 1000,
  collector: new CacheCollector(cacheRulesOf(configuration), ({ message }) => {
    process.stderr.write(`tlabd: collecting the build cache: ${message}\n`);
  }),
  runMounts: new RunMounts(kernel.mounts),
  binaryFolder: binaryFolder(),
});

/** Beside the bundle (dist/bin), or seen from this source file. Errors: unavailable. */
function binaryFolder(): string {
  const here = import.meta.dirname;
  const places = [`${here}/bin`, `${here}/../../../dist/bin`];
  const found = places.find((place) => existsSync(`${place}/tlab-unpack`));
  if (found !== undefined) return found;
  throw new LabError('unavailable', `native programs in ${places[0]}: they are not there`, {
    hint: 'run `make -C native`',
  });
}
