// Walks the system calls of a trace file, in the order of the file, without holding them.
// Most lines are judged by a glance (call-line.ts); only those that may be wanted are parsed. Rule: memory is that of one line and one chunk.
import { closeSync, fstatSync, readSync } from 'node:fs';
import { callLine, Glance, isCallType, numberAtHead, parseCall } from './call-line.ts';
import { type CallSection, type Trace, type TraceEvent, traceLines } from './file.ts';
import { LineReader, openRegular } from './lines.ts';

/** What a walk found wrong; complete when the walk has come to the end. */
export interface CallFaults {
  unreadable: number;
  /** Repeated, out of order, or of another level. */
  misplaced: number;
  gaveUp: string | undefined;
}

export interface CallWalk {
  /** False for lines that are not wanted whatever their fields are. */
  mayHold?: ((line: string) => boolean) | undefined;
  /** False for calls that are not wanted; undefined where the line has to be parsed to know. */
  mayWant?: ((call: Glance) => boolean | undefined) | undefined;
  faults?: CallFaults;
  /** Begin near the event of this number, which the numbers' order leads to. */
  from?: number | undefined;
  /** The events of levels 0 to 2 by number, for who walks often: else they are gathered at every walk. */
  operations?: ReadonlyMap<number, TraceEvent> | undefined;
}

export const noFaults = (): CallFaults => ({ unreadable: 0, misplaced: 0, gaveUp: undefined });

/** The events of level 3. Stop it early with `return()` or by leaving the loop: the file is closed. */
export function* readCalls(trace: Trace, { faults = noFaults(), from, ...wish }: CallWalk = {}): Generator<TraceEvent> {
  if (trace.calls === undefined) return;
  const operations = wish.operations ?? new Map(trace.events.map((event) => [event.seq, event]));
  const operationOf = (seq: number): TraceEvent | undefined => operations.get(seq);
  const fd = openRegular(trace.calls.path);
  try {
    const start = from === undefined ? trace.calls.offset : offsetBefore(fd, trace.calls, from);
    const lines = new LineReader(fd, start);
    let before = 0;
    while (lines.next()) {
      if (lines.end === lines.start && !lines.isTooLong) continue;
      const passed = lines.isTooLong ? undefined : unwanted(lines, wish, operationOf);
      const event = passed === undefined ? parseCall(lines.text(), operationOf) : undefined;
      const seq = event?.seq ?? passed;
      if (seq === undefined) {
        faults.unreadable++;
        continue;
      }
      const isCall = event === undefined || isCallType(event.type);
      if (seq <= before || !isCall) faults.misplaced++;
      before = seq;
      if (event !== undefined && isCall) yield event;
    }
    faults.gaveUp = lines.gaveUp;
  } finally {
    closeSync(fd);
  }
}

/** The number of a call that is not wanted; undefined for one that may be, or that does not tell. */
function unwanted(
  lines: LineReader,
  { mayHold, mayWant }: Pick<CallWalk, 'mayHold' | 'mayWant'>,
  operationOf: (seq: number) => TraceEvent | undefined,
): number | undefined {
  if (mayHold === undefined && mayWant === undefined) return undefined;
  const line = lines.latin1();
  const seq = numberAtHead(line);
  if (seq === undefined) return undefined;
  if (mayHold?.(line) === false) return seq;
  const head = mayWant === undefined ? undefined : Glance.at(line, operationOf);
  return head !== undefined && mayWant?.(head) === false ? seq : undefined;
}

/** So near that reading on is quicker than searching. */
const nearBytes = 64 << 10;

/** Position of a line at or before the one with this number. */
function offsetBefore(fd: number, { offset }: CallSection, seq: number): number {
  let low = offset;
  let high = fstatSync(fd).size;
  const piece = Buffer.alloc(nearBytes);
  while (high - low > 2 * nearBytes) {
    const middle = low + Math.floor((high - low) / 2);
    const text = piece.toString('latin1', 0, readSync(fd, piece, 0, nearBytes, middle));
    const newline = text.indexOf('\n');
    const found = numberAtHead(text.slice(newline + 1, newline + 40));
    if (newline < 0 || found === undefined) return low;
    if (found > seq) high = middle;
    else low = middle + newline + 1;
  }
  return low;
}

/** Events of levels 0 to 2 and calls as one list by number. */
export function* merged(events: readonly TraceEvent[], calls: Iterable<TraceEvent>): Generator<TraceEvent> {
  let at = 0;
  for (const call of calls) {
    for (let event = events[at]; event !== undefined && event.seq < call.seq; event = events[++at]) yield event;
    yield call;
  }
  for (; at < events.length; at++) yield events[at] as TraceEvent;
}

/** Every line of the file that a trace makes: what could not be read is left out, and all is written anew. */
export function* wholeLines(trace: Trace, faults: CallFaults): Generator<string> {
  yield* traceLines(trace);
  const operations = new Map(trace.events.map((event) => [event.seq, event]));
  for (const call of readCalls(trace, { faults })) yield callLine(call, operations.get(Number(call.data.operation)));
}
