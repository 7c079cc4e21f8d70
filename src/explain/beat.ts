// What a beat of the story is, and what its words are made of.
import type { Stage } from '../trace/events.ts';
import type { TraceEvent } from '../trace/file.ts';

export interface Beat {
  id: string;
  stage: Stage;
  matches(event: TraceEvent): boolean;
  /** Words from all events of the beat seen so far; there is at least one. */
  says(events: readonly [TraceEvent, ...TraceEvent[]]): string;
}

export const text = (value: unknown): string => (value === undefined ? '' : String(value));
export const ends = (event: TraceEvent, type: string, method: string): boolean =>
  event.type === type && text(event.data.method).endsWith(method);
export const operation =
  (...names: string[]) =>
  (event: TraceEvent): boolean =>
    names.includes(text(event.data.operation));
/** An argument of a plan's operation; lists joined by spaces. */
export function argument(event: TraceEvent, name: string): string {
  const value = (event.data.arguments as Record<string, unknown> | undefined)?.[name];
  return Array.isArray(value) ? value.join(' ') : text(value);
}
export const lowerLayers = (event: TraceEvent): number =>
  text(/lowerdir=([^,]*)/.exec(text(event.data.options))?.[1]).split(':').length;
export const count = (events: readonly unknown[], noun: string): string =>
  `${events.length} ${noun}${events.length === 1 ? '' : 's'}`;
export const kilobytes = (bytes: unknown): string =>
  typeof bytes === 'number' ? ` (${Math.ceil(bytes / 1024)} KiB)` : '';
export const shortDigest = (value: unknown): string =>
  text(value)
    .replace(/^sha256:/, '')
    .slice(0, 12);
export const distinct = (values: unknown[]): string =>
  [...new Set(values.map(text))].filter((value) => value !== '').join(', ');

/** Of an operation that failed. */
export const notDone = ({ data }: TraceEvent): string | undefined =>
  typeof data.errno === 'string' && data.errno !== '' ? ` fails: ${data.errno}` : undefined;

/** @source man signal(7), those that engines send */
const signals: Readonly<Record<string, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  9: 'SIGKILL',
  15: 'SIGTERM',
};
export const signalName = (number: unknown): string => signals[text(number)] ?? `signal ${text(number)}`;
