// A trace as lines of text: the same content as every other viewer, for pipes, narrow terminals and screen readers.
// Events may be a million, so lists are walked. Rule: whatever a trace holds goes through `printable` before it is printed.
import { paint } from '../base/colour.ts';
import { columns, fit, fitMiddle, printable, wrap } from '../base/text.ts';
import { isError, levelOf, shortened, wordsOf } from '../explain/words.ts';
import { type CallFaults, merged, noFaults, readCalls } from '../trace/calls.ts';
import { blindSpots, gapsOf, lineCount, type Trace, type TraceEvent } from '../trace/file.ts';
import type { Level } from '../trace/row.ts';
import {
  type CallOrFold,
  errnoOf,
  type Fold,
  fitCall,
  folded,
  foldWords,
  isCall,
  listedWords,
  processOf,
} from './call.ts';
import type { Filter } from './filter.ts';

export interface Selection {
  level: Level;
  filter?: Filter | undefined;
  /** Only the events near this one. */
  around?: number | undefined;
  /** At most so many. */
  limit?: number | undefined;
}

export interface ListOptions extends Selection {
  /** Columns; lines are cut with a mark. Infinity for pipes. */
  width: number;
  /** Calls of language runtimes one by one. */
  unfolded?: boolean | undefined;
}

const milliseconds = (ns: number): string => (ns / 1e6).toFixed(2);

/** How many events before and after are near. */
const near = 10;

/** The events that a view shows, those of level 3 read while they are asked for. */
export function* selectEvents(
  trace: Trace,
  selection: Selection,
  faults: CallFaults = noFaults(),
): Generator<TraceEvent> {
  const { level, filter, around, limit = Number.POSITIVE_INFINITY } = selection;
  const isNear = (seq: number): boolean => around === undefined || Math.abs(seq - around) <= near;
  const events = trace.events.filter(
    (one) => levelOf(one) <= level && isNear(one.seq) && (filter?.matches(one) ?? true),
  );
  let count = 0;
  for (const event of merged(events, level < 3 ? [] : nearCalls(trace, selection, faults))) {
    if (count++ === limit) return;
    yield event;
  }
}

function* nearCalls(trace: Trace, { filter, around }: Selection, faults: CallFaults): Generator<TraceEvent> {
  const from = around === undefined ? undefined : around - near;
  for (const call of readCalls(trace, { mayHold: filter?.mayHold, mayWant: filter?.mayMatch, from, faults })) {
    if (around !== undefined && call.seq > around + near) return;
    if (from !== undefined && call.seq < from) continue;
    if (filter?.matches(call) ?? true) yield call;
  }
}

/** The event of a number. */
export function findEvent(trace: Trace, seq: number): TraceEvent | undefined {
  const event = trace.events.find((one) => one.seq === seq);
  if (event !== undefined) return event;
  for (const call of readCalls(trace, { from: seq })) {
    if (call.seq === seq) return call;
    if (call.seq > seq) break;
  }
  // In a file whose lines changed places the search went astray.
  const mayWant = (call: { seq: number }): boolean => call.seq === seq;
  for (const call of readCalls(trace, { mayWant })) if (call.seq === seq) return call;
  return undefined;
}

/** One line an event: number, milliseconds, stage or process, words. */
export function* listEvents(trace: Trace, options: ListOptions, faults: CallFaults = noFaults()): Generator<string> {
  // Who asks for a place or a kind of event wants these, one by one.
  const isWhole = options.filter === undefined && options.around === undefined;
  const isFolded = options.level === 3 && isWhole && options.unfolded !== true;
  const events = selectEvents(trace, options, faults);
  const items = isFolded ? folded(events) : asItems(events);
  const numberColumns = Math.max(5, String(trace.header.seen).length);
  for (const item of items) yield lineOf(item, { numberColumns, width: options.width });
}

function* asItems(events: Iterable<TraceEvent>): Generator<CallOrFold> {
  for (const event of events) yield { event };
}

interface Layout {
  numberColumns: number;
  width: number;
}

const whoColumns = 11;

function lineOf(item: CallOrFold, { numberColumns, width }: Layout): string {
  const event = 'event' in item ? item.event : item.folded.first;
  const head = `${String(event.seq).padStart(numberColumns)} ${milliseconds(event.ts).padStart(9)} ms  `;
  const space = Math.max(20, width - columns(head) - whoColumns - 2);
  if (!('event' in item)) return paint.out('dim', head + foldLine(item.folded, space));
  const words = levelOf(event) === 3 ? callLine(event, space) : eventLine(event, space);
  return `${paint.out('dim', head)}${words}`;
}

const who = (name: string): string => fitMiddle(name, whoColumns).padEnd(whoColumns);

function foldLine(fold: Fold, space: number): string {
  const names = [...fold.processes];
  return `${who(names.length === 1 ? (names[0] ?? '') : 'several')}  ${fit(foldWords(fold), space)}`;
}

function eventLine(event: TraceEvent, space: number): string {
  const errno = errnoOf(event);
  const words = fitMiddle(wordsOf(event) + (errno === '' ? '' : `  ${errno}`), space);
  return `${paint.out('cyan', who(event.stage))}  ${isError(event) ? paint.out('red', words) : words}`;
}

function callLine(event: TraceEvent, space: number): string {
  const errno = errnoOf(event);
  const name = paint.out('cyan', who(processOf(event)));
  if (!isCall(event)) return `${name}  ${fitMiddle(wordsOf(event).replace(/^[^:]*: /, ''), space)}`;
  const tail = errno === '' ? '' : ` ${errno}`;
  const words = fitCall(shortened(listedWords(event)), Math.max(10, space - columns(tail)));
  return `${name}  ${words}${tail === '' ? '' : paint.out('red', tail)}`;
}

const warning = (words: string, width: number): string[] =>
  wrap(printable(words), width).map((line) => paint.out('yellow', line));

/** What the header says: command, host, counts, what could not be seen. */
export function headLines(trace: Trace, width: number): string[] {
  const { header } = trace;
  const blind = blindSpots(trace);
  const stages = new Set(trace.events.map((event) => event.stage));
  const host = `${header.host.distribution}, kernel ${header.host.kernel}, cgroup ${header.host.cgroup}`;
  const when = header.startedAt.slice(0, 19).replace('T', ' ');
  const calls = header.calls === undefined ? '' : ` (${header.calls} of level 3)`;
  return [
    ...wrap(printable(header.command.join(' ')), width).map((line) => paint.out('bold', line)),
    ...wrap(printable(`trace ${header.id.slice(0, 12)} of ${when} UTC on ${host}`), width),
    ...wrap(
      `seen ${header.seen}${calls}, lost ${header.lost}; ${stages.size} stages, ${header.processes.length} processes`,
      width,
    ),
    ...(blind.length > 0 ? wrap(printable(`not seen: ${blind.join('; ')}`), width) : []),
    ...gapLines(trace, width),
  ];
}

/** For every view of a trace that is less than what happened. */
export const gapLines = (trace: Trace, width: number): string[] =>
  gapsOf(trace).flatMap((words) => warning(words, width));

/** What a walk to the end of level 3 found wrong. */
export function faultLines({ unreadable, misplaced, gaveUp }: CallFaults, width: number): string[] {
  return [
    ...(unreadable > 0 ? warning(`PARTIAL: ${lineCount(unreadable)} of level 3 could not be read`, width) : []),
    ...(misplaced > 0
      ? warning(
          `PARTIAL: ${lineCount(misplaced)} of level 3 ${misplaced === 1 ? 'is' : 'are'} repeated or out of order`,
          width,
        )
      : []),
    ...(gaveUp === undefined ? [] : warning(`PARTIAL: ${gaveUp}`, width)),
  ];
}
