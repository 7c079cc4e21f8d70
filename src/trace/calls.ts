// Walks the system calls of a trace file, in the order of the file, without holding them.
// Most lines are judged by a glance (event.ts); only those that may be wanted are parsed. Rule: memory is that of one line and one chunk.
import { closeSync } from 'node:fs';
import { type Glance, glance, isCallType, parseCall } from './call-line.ts';
import type { Trace, TraceEvent } from './file.ts';
import { LineReader, openRegular } from './lines.ts';

/** What a walk found wrong; complete when the walk has come to the end. */
export interface CallFaults {
  unreadable: number;
  /** Repeated, out of order, or of another level. */
  misplaced: number;
  gaveUp: string | undefined;
}

export interface CallWalk {
  /** False for lines that are not wanted; undefined where the line has to be parsed to know. */
  mayWant?: (call: Glance) => boolean | undefined;
  faults?: CallFaults;
}

export const noFaults = (): CallFaults => ({ unreadable: 0, misplaced: 0, gaveUp: undefined });

/** The events of level 3. Stop it early with `return()` or by leaving the loop: the file is closed. */
export function* readCalls(trace: Trace, { mayWant, faults = noFaults() }: CallWalk = {}): Generator<TraceEvent> {
  if (trace.calls === undefined) return;
  const operations = new Map(trace.events.map((event) => [event.seq, event]));
  const fd = openRegular(trace.calls.path);
  try {
    const lines = new LineReader(fd, trace.calls.offset);
    let before = 0;
    while (lines.next()) {
      if (lines.end === lines.start && !lines.isTooLong) continue;
      const head = lines.isTooLong ? undefined : glance(lines.bytes.toString('latin1', lines.start, lines.end));
      if (head !== undefined && mayWant?.(head) === false) {
        if (head.seq <= before) faults.misplaced++;
        before = head.seq;
        continue;
      }
      const event = parseCall(lines.text(), (seq) => operations.get(seq));
      if (event === undefined) {
        faults.unreadable++;
        continue;
      }
      if (event.seq <= before || !isCallType(event.type)) faults.misplaced++;
      before = event.seq;
      if (isCallType(event.type)) yield event;
    }
    faults.gaveUp = lines.gaveUp;
  } finally {
    closeSync(fd);
  }
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
