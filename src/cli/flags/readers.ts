// Readers of the units that Docker's flags take. Each returns the value in the unit that its name says.
import { Expected } from './spec.ts';

const binaryUnits: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** `12m`, `1.5g`, `512`, `64MiB` in bytes. @source docker go-units RAMInBytes */
export function sizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? /^(\d+)(b)$/i.exec(text);
  const unit = binaryUnits[match?.[2]?.toLowerCase() ?? 'none'];
  if (match === null || unit === undefined) throw new Expected('bytes with suffix b, k, m or g');
  return Math.trunc(Number(match[1]) * unit);
}

/** As sizeBytes, and -1 for "unlimited". */
export const sizeBytesOrUnlimited = (text: string): number => (text === '-1' ? -1 : sizeBytes(text));

export function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Expected('a whole number');
  return Number.parseInt(text, 10);
}

/** A reader of whole numbers between two bounds, both included. */
export const between = (low: number, high: number) => (text: string) => {
  const value = integer(text);
  if (value < low || value > high) throw new Expected(`a whole number from ${low} to ${high}`);
  return value;
};

/** `1.5` processors as nano-CPUs. @source docker-api HostConfig.NanoCpus */
export function nanoCpus(text: string): number {
  if (!/^(\d+(\.\d+)?|\.\d+)$/.test(text)) throw new Expected('a number of CPUs, such as 1.5');
  const value = Math.round(Number(text) * 1e9);
  if (Math.abs(Number(text) * 1e9 - value) > 1e-3) throw new Expected('at most nine decimal places');
  return value;
}

/** A list of processors or memory nodes: `0-3,5`. @source man cpuset(7) formats, list format */
export function cpuList(text: string): string {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) throw new Expected('a list such as 0-3,5');
  return text;
}

const durationUnits: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** A Go duration, `1m30s`, in nanoseconds; undefined when it is none. @source go time.ParseDuration */
export function goDurationNs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (durationUnits[unit ?? ''] ?? 0);
  }
  return Math.round(total);
}

/** `--since` and `--until`: a duration before now, an RFC 3339 time or seconds since 1970; as the API wants it. */
export function timestamp(text: string, nowMs: number = Date.now()): string {
  const ns = goDurationNs(text);
  if (ns !== undefined) return seconds((nowMs - ns / 1e6) / 1000);
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Expected('a time such as 2026-11-20T12:00:00, a duration such as 10m, or seconds');
  return seconds(at / 1000);
}

const seconds = (value: number): string => value.toFixed(9).replace(/\.?0+$/, '');
export const timestampText = (text: string): string => timestamp(text);

/** `all` or a number of lines. */
export function lineCount(text: string): string {
  if (text !== 'all' && !/^-?\d+$/.test(text)) throw new Expected('a number of lines, or all');
  return text;
}

/** `KEY=VALUE` as a pair; `KEY` alone has an empty value. */
export function pair(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  if (key === '') throw new Expected('KEY=VALUE');
  return [key, at < 0 ? '' : text.slice(at + 1)];
}

/** Detach keys: letters or `ctrl-<letter>`, joined by commas, as the bytes that a terminal sends. */
export function keySequence(text: string): Buffer {
  return Buffer.from(text.split(',').map(keyByte));
}

function keyByte(key: string): number {
  if (key.length === 1) return key.charCodeAt(0);
  const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
  if (control === undefined) throw new Expected('keys such as ctrl-p,ctrl-q or a');
  return control.toUpperCase().charCodeAt(0) & 0x1f;
}
