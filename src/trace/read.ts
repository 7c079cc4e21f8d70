// Reads a trace file's header and its events of levels 0 to 2, and finds where its system calls begin.
// Rule: what cannot be read is counted and said; a file that is not a trace is refused with what was expected.
import { closeSync, fstatSync, readSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { isCallType, parseCall } from './call-line.ts';
import {
  parseEvent,
  schemaName,
  schemaVersion,
  type Trace,
  type TraceEvent,
  type TraceHeader,
  traceHeader,
} from './file.ts';
import { LineReader, openRegular } from './lines.ts';
import { hasItsShape } from './shape.ts';

/** A file of so many events below level 3 is none of ours: a run has some hundred, a pull of many layers some thousand. */
const mostEvents = 200_000;
const mostEventBytes = 256 << 20;

const compressions: Array<[string, string]> = [
  ['1f8b', 'gunzip'],
  ['28b52ffd', 'unzstd'],
  ['fd377a58', 'unxz'],
];

/** Why the first bytes cannot be a trace's. */
function foreignHint(first: Buffer): string {
  const start = first.toString('hex');
  const known = compressions.find(([magic]) => start.startsWith(magic));
  if (known !== undefined) return `it is compressed: unpack it with ${known[1]}`;
  if (/^(fffe|feff|7b00|007b)/.test(start)) return 'it is UTF-16, a trace is UTF-8';
  return 'give a file that `tlab trace export` wrote';
}

/** The header in a trace's first line. @throws LabError invalidArgument when it is none, or one of a newer version. */
function parseHeader(line: string, name: string, hint: string): TraceHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const newer = v.safeParse(v.object({ schema: v.literal(schemaName), version: v.number() }), value);
  if (newer.success && newer.output.version > schemaVersion) {
    throw new LabError(
      'invalidArgument',
      `trace ${name}: schema version ${newer.output.version}, this tlab reads up to ${schemaVersion}`,
      { hint: 'use the tlab that recorded it, or a newer one' },
    );
  }
  const parsed = v.safeParse(traceHeader, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = newer.success ? `: ${v.getDotPath(issue) ?? 'it'} is wrong` : '';
  throw new LabError(
    'invalidArgument',
    `trace ${name}: its first line is not a trace header${place}, expected {"schema":"${schemaName}",…}`,
    { hint },
  );
}

/** Reads header and events of levels 0 to 2. @throws LabError notFound, permissionDenied, invalidArgument. */
export async function readTraceFile(path: string): Promise<Trace> {
  const fd = openRegular(path);
  try {
    const first = Buffer.alloc(8);
    if (readSync(fd, first, 0, 8, 0) === 0) throw new LabError('invalidArgument', `trace ${path}: the file is empty`);
    const lines = new LineReader(fd);
    const isText = first[0] === 0x7b && first[1] !== 0 && lines.next() && !lines.isTooLong;
    const told = parseHeader(isText ? lines.text() : '', path, foreignHint(first));
    const trace: Trace = { header: told, events: [], unreadable: 0 };
    const flaws = [...readEvents(lines, trace, path), ...putInOrder(trace.events), ...missing(trace, fd)];
    if (flaws.length > 0) trace.flaws = flaws;
    return trace;
  } finally {
    closeSync(fd);
  }
}

/** Stops at the first line of level 3 when the header tells of no more events before it; else looks for them behind it. */
function readEvents(lines: LineReader, trace: Trace, path: string): string[] {
  const { header: told, events } = trace;
  const expected = told.seen - (told.calls ?? 0);
  let bytes = 0;
  let behind = 0;
  while (lines.next()) {
    const line = lines.isTooLong || isSecondPart(lines, trace) ? '' : lines.text();
    if (line === '') {
      if (lines.isTooLong) trace.unreadable++;
      continue;
    }
    const event = parseEvent(line) ?? parseCall(line);
    if (event === undefined || !hasItsShape(event)) trace.unreadable++;
    else if (isCallType(event.type)) {
      trace.calls ??= { path, offset: lines.offset };
      if (events.length >= expected) break;
    } else {
      events.push(event);
      if (trace.calls !== undefined) behind++;
    }
    bytes += line.length;
    if (events.length >= mostEvents || bytes > mostEventBytes) {
      return [`it has more than ${events.length} events below level 3: the others were not read`];
    }
  }
  if (lines.gaveUp !== undefined) return [lines.gaveUp];
  return behind === 0 ? [] : [`${behind} events stand behind system calls`];
}

const glanceBytes = 400;

/** A further line of level 3, told by its type alone. */
function isSecondPart({ bytes, start, end }: LineReader, { calls }: Trace): boolean {
  if (calls === undefined) return false;
  const head = bytes.toString('latin1', start, Math.min(end, start + glanceBytes));
  return isCallType(/"type":"([a-z.-]{1,64})"/.exec(head)?.[1]);
}

/** Sorts by number what is not sorted. */
function putInOrder(events: TraceEvent[]): string[] {
  const misplaced = events.reduce((sum, { seq }, i) => sum + (i > 0 && seq <= (events[i - 1]?.seq ?? 0) ? 1 : 0), 0);
  if (misplaced === 0) return [];
  events.sort((a, b) => a.seq - b.seq);
  return [`${misplaced} events are repeated or out of order`];
}

/** What the header tells of and the file does not have. */
function missing({ header: told, events, calls }: Trace, fd: number): string[] {
  const expected = told.seen - (told.calls ?? 0);
  if (events.length < expected) return [`of ${expected} events below level 3 it has ${events.length}`];
  if ((told.calls ?? 0) === 0) return [];
  if (calls === undefined) return [`its ${told.calls} system calls are missing`];
  // Calls stand by their numbers, and the numbers count all events: the last call has the highest number that no other event has.
  let lastCall = told.seen;
  for (let at = events.length - 1; at >= 0 && events[at]?.seq === lastCall; at--) lastCall--;
  const { last, isCut } = lastNumber(fd);
  if (!isCut && last === lastCall) return [];
  const ends = isCut ? 'its last line is cut' : `it ends with event ${last} of ${told.seen}`;
  const there = last === undefined ? -1 : last - events.filter(({ seq }) => seq < last).length;
  const isPlausible = there >= 0 && there < (told.calls ?? 0);
  return [isPlausible ? `${ends}: ${there} of its ${told.calls} system calls are there` : ends];
}

const tailBytes = 64 << 10;

/** The number of the file's last call that is whole, and whether a cut line follows it. */
function lastNumber(fd: number): { last: number | undefined; isCut: boolean } {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const lines = tail.toString('utf8').trimEnd().split('\n');
  const last = parseCall(lines.at(-1) ?? '')?.seq;
  return last === undefined ? { last: parseCall(lines.at(-2) ?? '')?.seq, isCut: true } : { last, isCut: false };
}
