// A trace file: JSON Lines, a header and then the events by time. Traces are data from anywhere: each line is checked,
// what cannot be read is counted and said, and a file that is not a trace is refused with what was expected.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import type { Cause } from './cause.ts';
import { stages } from './events.ts';

export const schemaName = 'tlab.trace';
export const schemaVersion = 1;

const header = v.object({
  schema: v.literal(schemaName),
  version: v.number(),
  id: v.string(),
  /** What was typed. */
  command: v.array(v.string()),
  startedAt: v.string(),
  clock: v.object({ base: v.literal('CLOCK_MONOTONIC'), startNs: v.string() }),
  host: v.object({
    kernel: v.string(),
    architecture: v.string(),
    distribution: v.string(),
    processors: v.number(),
    cgroup: v.string(),
  }),
  tool: v.object({ tlab: v.string(), node: v.string() }),
  /** Every process that wrote a part. */
  processes: v.array(v.object({ pid: v.number(), stage: v.string(), seen: v.number() })),
  /** Lines of this file that are events, of every level. */
  seen: v.number(),
  /** Records of the system call tracer that are missing: with more than 0 the trace is not complete. */
  lost: v.number(),
  /** Lines of level 3, which follow all others; absent where no system calls were recorded. */
  calls: v.optional(v.number()),
  /** What the tracer took: to attach, to end, and how much it wrote. */
  cost: v.optional(v.object({ attachMs: v.number(), endMs: v.number(), recordedBytes: v.number() })),
  /** What this trace could not see, in words. */
  blind: v.array(v.string()),
  status: v.optional(v.number()),
});
export type TraceHeader = v.InferOutput<typeof header>;

const event = v.object({
  seq: v.number(),
  /** Nanoseconds since the start of the trace. */
  ts: v.number(),
  stage: v.picklist(stages),
  pid: v.number(),
  tid: v.number(),
  type: v.string(),
  span: v.string(),
  cause: v.optional(v.custom<Cause>((value) => typeof value === 'string' && /^[a-z]+:/.test(value))),
  truth: v.picklist(['observed', 'reported', 'derived', 'simulated', 'documented']),
  data: v.record(v.string(), v.unknown()),
  twin: v.optional(v.string()),
});
export type TraceEvent = v.InferOutput<typeof event>;

export interface Trace {
  header: TraceHeader;
  events: TraceEvent[];
  /** Lines that were not events: truncated, reordered or foreign. The trace is then partial and viewers say so. */
  unreadable: number;
}

const longestLine = 4 * 1024 * 1024;

function parseJson(line: string): unknown {
  if (line.length > longestLine) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The header in a trace's first line. @throws LabError invalidArgument when it is none, or one of a newer version. */
function parseHeader(line: string, name: string): TraceHeader {
  const value = parseJson(line);
  const newer = v.safeParse(v.object({ schema: v.literal(schemaName), version: v.number() }), value);
  if (newer.success && newer.output.version > schemaVersion) {
    throw new LabError(
      'invalidArgument',
      `trace ${name}: schema version ${newer.output.version}, this tlab reads up to ${schemaVersion}`,
      {
        hint: 'use the tlab that recorded it, or a newer one',
      },
    );
  }
  const parsed = v.safeParse(header, value);
  if (!parsed.success) {
    throw new LabError(
      'invalidArgument',
      `trace ${name}: its first line is not a trace header, expected {"schema":"${schemaName}",…}`,
      {
        hint: 'give a file that `tlab trace export` wrote',
      },
    );
  }
  return parsed.output;
}

/** One line as an event, or undefined when it is none. */
export function parseEvent(line: string): TraceEvent | undefined {
  const parsed = v.safeParse(event, parseJson(line));
  return parsed.success ? parsed.output : undefined;
}

/** Reads a whole trace file. @throws LabError notFound, invalidArgument. */
export async function readTraceFile(path: string): Promise<Trace> {
  const input = createReadStream(path, 'utf8');
  const opened = Promise.withResolvers<void>();
  input.once('open', () => opened.resolve());
  input.once('error', (error) =>
    opened.reject(new LabError('notFound', `trace ${path}: ${error.message}`, { cause: error })),
  );
  await opened.promise;

  let found: TraceHeader | undefined;
  const events: TraceEvent[] = [];
  let unreadable = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (found === undefined) {
      found = parseHeader(line, path);
      continue;
    }
    const parsed = parseEvent(line);
    if (parsed === undefined) unreadable += line === '' ? 0 : 1;
    else events.push(parsed);
  }
  if (found === undefined) throw new LabError('invalidArgument', `trace ${path}: the file is empty`);
  return { header: found, events, unreadable };
}

/** The lines of a trace file. */
export function* traceLines(trace: Trace): Generator<string> {
  yield JSON.stringify(trace.header);
  for (const one of trace.events) yield JSON.stringify(one);
}
