// Numbers as people read them, in Docker's words. @source docker go-units HumanDuration, HumanSize
import { humanDuration } from '../../base/time.ts';

export const humanAge = (createdSeconds: number, nowMs: number = Date.now()): string =>
  `${humanDuration(nowMs / 1000 - createdSeconds)} ago`;

/** Decimal units, four significant digits: `1.24MB`. */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], digits);
}

/** Binary units: `23.54GiB`. */
export const binarySize = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 4);

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let at = 0;
  while (value >= base && at < units.length - 1) {
    value /= base;
    at += 1;
  }
  return `${Number(value.toPrecision(digits))}${units[at]}`;
}

/** Go's time.Time as `docker ps --format {{.CreatedAt}}` prints it: `2026-11-20 22:13:02 +0000 UTC`. */
export function goTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  const offset = -at.getTimezoneOffset();
  const two = (n: number): string => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const zone = `${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`;
  return `${day} ${time} ${zone} ${offset === 0 ? 'UTC' : zone}`;
}

/** Shortened with a mark: nothing is cut silently. */
export const ellipsis = (text: string, length: number): string =>
  [...text].length <= length ? text : `${[...text].slice(0, Math.max(0, length - 1)).join('')}…`;

/** `1 container`, `3 containers`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** RFC 3339 in the zone of this host, as Go writes it. */
export function goRfc3339(seconds: number): string {
  const [day = '', time = '', zone = ''] = goTime(seconds).split(' ');
  return `${day}T${time}${zone === '+0000' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`}`;
}
