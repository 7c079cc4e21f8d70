// Wall-clock times as Docker writes and reads them: RFC 3339 with nanoseconds, seconds since 1970, or a duration ago.
import { LabError } from '../base/errors.ts';

/** Nanoseconds since 1970, in steps of a microsecond. */
export const wallClockNs = (): bigint =>
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

/** `2026-01-02T03:04:05.678901234Z`. */
export function formatNs(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

export const timestampNow = (): string => formatNs(wallClockNs());

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };

/** Go's durations: `1h30m`, `500ms`. */
function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, match) => sum + Number(match[1]) * (units[match[2] ?? ''] ?? 0),
    0,
  );
}

/**
 * `since` and `until` of the API: seconds since 1970 with a fraction, RFC 3339, or how long ago.
 * Errors: invalidArgument. @source docker-api GET /events
 */
export function parseTimeNs(text: string, name: string): bigint {
  const seconds = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds !== null) return BigInt(seconds[1] ?? '0') * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0'));
  const ago = durationMs(text);
  if (ago !== undefined) return BigInt(Math.round(Date.now() - ago)) * 1_000_000n;
  return parseRfc3339(text) ?? refuse(text, name);
}

/** Nanoseconds of an RFC 3339 time, or undefined when it is none. */
export function parseRfc3339(text: string): bigint | undefined {
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed)) return undefined;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return BigInt(Math.floor(parsed / 1000)) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function refuse(text: string, name: string): never {
  throw new LabError(
    'invalidArgument',
    `${name} "${text}": expected seconds since 1970, an RFC 3339 time or a duration`,
  );
}
