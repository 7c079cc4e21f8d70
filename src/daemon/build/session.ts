// One build while it runs: what every step needs. Everything that a build makes in containerd is held by its lease, everything on disk lies in
// its folder; both go with it, and what a killed daemon left of them goes at the next start (leftovers.ts).
import type { Engine } from '../engine.ts';
import type { GivenArguments } from './arguments.ts';
import type { BuildCache } from './cache/cache.ts';
import type { BuildContext } from './context/types.ts';
import type { RunMounts } from './copy/prepare.ts';
import type { Reporter } from './events.ts';
import type { BuildRequest } from './request.ts';

export interface BuildSession {
  id: string;
  engine: Engine;
  request: BuildRequest;
  /** Name of the lease in containerd. */
  lease: string;
  /** Scratch space: mount points, files of containers. */
  folder: string;
  binaryFolder: string;
  reporter: Reporter;
  signal: AbortSignal;
  context: BuildContext;
  cache: BuildCache;
  given: GivenArguments;
  runMounts: RunMounts;
  secrets: ReadonlyMap<string, Buffer>;
  /** X-Registry-Config: host → what X-Registry-Auth would hold. */
  registryAuths: ReadonlyMap<string, string>;
  /** SOURCE_DATE_EPOCH, seconds since 1970. */
  epoch: number | undefined;
}

/** Time of a step that is made now, as it goes into history. */
export function createdNow({ epoch }: Pick<BuildSession, 'epoch'>, now: string): string {
  return epoch === undefined ? now : new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}
