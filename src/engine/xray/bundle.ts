// config.json of the container that a docker command makes: read while its bundle is there, which for a short program is a fraction of a
// second. Rule: only ids that were not there before; looked for until one is found or the command has ended.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { monotonicNow } from '../../base/time.ts';

export interface FoundBundle {
  id: string;
  /** As the runtime reads it, secrets and all: redact before it is written. */
  config: unknown;
  /** When it was written, at most a tick of the kernel's clock too early: CLOCK_MONOTONIC. */
  timeNs: bigint;
}

/** Between two looks. A bundle lives at least as long as its shim needs to start. */
const lookEveryMs = 5;

const idsIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return []; // made with the first container
  }
};

/** Begins to look; `stop` ends it and tells what was found. */
export function watchBundles(folder: string): { stop(): FoundBundle | undefined } {
  const before = new Set(idsIn(folder));
  let found: FoundBundle | undefined;
  const look = (): void => {
    for (const id of idsIn(folder)) {
      if (before.has(id)) continue;
      found = readBundle(folder, id);
      if (found !== undefined) clearInterval(timer);
    }
  };
  const timer = setInterval(look, lookEveryMs).unref();
  return {
    stop() {
      clearInterval(timer);
      if (found === undefined) look();
      return found;
    },
  };
}

/** Undefined while it is half written. */
function readBundle(folder: string, id: string): FoundBundle | undefined {
  try {
    const file = `${folder}/${id}/config.json`;
    const config: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return { id, config, timeNs: monotonicNow() - ageNs(statSync(file).mtimeMs) };
  } catch {
    return undefined;
  }
}

/** Rounded up to a millisecond: what came after the writing stays after it. */
const ageNs = (writtenMs: number): bigint => BigInt(Math.max(0, Date.now() + 1 - Math.floor(writtenMs))) * 1_000_000n;
