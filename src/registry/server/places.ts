// How many uploads may be open: so many of one client, so many of all. Beyond that one that nobody is at gives way, the longest idle first: of the
// same client after a minute, of others only when all places are taken, after ten. Where none does, the client is told to come back.
// docker-registry has no such bound: its uploads stay for a week, whoever fills the disk with them.
import { Refused } from './errors.ts';

/** Each costs a folder and a hash. */
const mostUploads = 1000;
const mostOfOne = 200;
/** Between two requests of a client that is still there less goes by: so long is a silent connection kept. */
const ownIdleMs = 60_000;
const othersIdleMs = 600_000;
const longestWaitSeconds = 10;

export interface Place {
  /** Who began it. */
  readonly client: string;
  /** When it was last asked for or written to. */
  readonly touchedMs: number;
  /** Requests that are at it. */
  readonly takers: number;
}

/** The one that gives way to a new one of this client; undefined while there is room. Errors: TOOMANYREQUESTS with Retry-After. */
export function whoGivesWay<T extends Place>(all: readonly T[], client: string, nowMs: number): T | undefined {
  const own = all.filter((place) => place.client === client);
  const [full, whose] = own.length >= mostOfOne ? [own, ` of ${client}`] : [all, ''];
  if (full === all && all.length < mostUploads) return undefined;
  let first: { place: T; waitMs: number } | undefined;
  for (const place of full) {
    if (place.takers > 0) continue;
    const waitMs = place.touchedMs + (place.client === client ? ownIdleMs : othersIdleMs) - nowMs;
    if (first === undefined || waitMs < first.waitMs) first = { place, waitMs };
  }
  if (first !== undefined && first.waitMs <= 0) return first.place;
  const seconds = Math.min(Math.ceil((first?.waitMs ?? Infinity) / 1000), longestWaitSeconds);
  throw new Refused('TOOMANYREQUESTS', `${full.length} uploads${whose} are open already: end some, or come back`, {
    headers: { 'retry-after': `${seconds}` },
  });
}
