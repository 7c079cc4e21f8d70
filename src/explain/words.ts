// One line of words for any event: its row's, or a plain rendering for a type that this version does not know.
import { printable } from '../base/text.ts';
import { events } from '../trace/events.ts';
import type { TraceEvent } from '../trace/file.ts';
import type { Level, Row } from '../trace/row.ts';

const rows = events as unknown as Record<string, Row<unknown>>;

/** Safe to print: control characters of the data are made visible. */
export function wordsOf(event: TraceEvent): string {
  const row = rows[event.type];
  if (row === undefined) return printable(`${event.type} ${JSON.stringify(event.data)}`);
  try {
    return shortened(printable(row.says(event.data)));
  } catch {
    return printable(`${event.type} ${JSON.stringify(event.data)}`); // data of another shape: a foreign or older trace
  }
}

/** Ids of 64 hex digits as people write them; the whole id stands in the event's data. */
export const shortened = (words: string): string => words.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');

/** The level at which an event first shows; unknown types are details. An error shows from level 1 on; a system call that is refused is everyday. */
export function levelOf(event: TraceEvent): Level {
  const level = rows[event.type]?.level ?? 2;
  return level === 2 && isError(event) ? 1 : level;
}

/** Whether something went wrong; an errno that an operation met and rightly ignored (a masked path that does not exist) is none. */
export function isError({ data }: TraceEvent): boolean {
  if (typeof data.error === 'string' && data.error !== '') return true;
  const ignored = typeof data.result === 'number' && data.result >= 0;
  return typeof data.errno === 'string' && data.errno !== '' && !ignored;
}

export const sourceOf = (event: TraceEvent): string | undefined => rows[event.type]?.source;
