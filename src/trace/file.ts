// What a trace file holds: JSON Lines. A header; then the events of levels 0 to 2 by time; then the system calls and what else is of
// level 3, by time (call-line.ts). read.ts reads the first two into memory, calls.ts walks the calls, so that a story opens at once however
// many calls follow. Rule: traces are data from anywhere; each line is checked, by hand, since there may be a million.
// Version 1 had no calls and is read as it is.
import * as v from 'valibot';
import { printableJson } from '../base/text.ts';
import type { Cause } from './cause.ts';
import { type Stage, stages, type Truth } from './events.ts';

export const schemaName = 'tlab.trace';
export const schemaVersion = 2;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const traceHeader = v.object({
  schema: v.literal(schemaName),
  version: count,
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
  seen: count,
  /** Records of the system call tracer that are missing: with more than 0 the trace is not complete. */
  lost: count,
  /** Lines of level 3, which follow all others; absent where no system calls were recorded. */
  calls: v.optional(count),
  /** What the tracer took: to attach, to end, and how much it wrote. */
  cost: v.optional(v.object({ attachMs: v.number(), endMs: v.number(), recordedBytes: v.number() })),
  /** A real engine that was watched instead of ours: `docker`. */
  engine: v.optional(v.string()),
  /** What this trace could not see, in words. */
  blind: v.array(v.string()),
  status: v.optional(v.number()),
});
export type TraceHeader = v.InferOutput<typeof traceHeader>;

/** Where a file's lines of level 3 are. */
export interface CallSection {
  path: string;
  /** Position of the first one, in bytes. */
  offset: number;
}

export interface Trace {
  header: TraceHeader;
  /** Those of levels 0 to 2. */
  events: TraceEvent[];
  /** Lines that were not events: truncated, reordered or foreign. The trace is then partial and viewers say so. */
  unreadable: number;
  /** What else is wrong with the file, in words. */
  flaws?: string[];
  /** Absent where there are none. */
  calls?: CallSection;
}

export const lineCount = (count: number): string => `${count} ${count === 1 ? 'line' : 'lines'}`;

const saysIncomplete = /not complete|not all of them/;

/** What a trace could not see without being damaged, in words. */
export const blindSpots = ({ header }: Trace): string[] => header.blind.filter((words) => !saysIncomplete.test(words));

/** Why a trace is less than what happened, in words: losses, a recording that was cut, a damaged file. Every view says so. */
export const gapsOf = ({ header, unreadable, flaws = [] }: Trace): string[] => [
  ...(header.lost > 0
    ? [`LOST: ${header.lost} ${header.lost === 1 ? 'record' : 'records'} of system calls; level 3 is not complete`]
    : []),
  ...header.blind.filter((words) => saysIncomplete.test(words) && !words.startsWith('LOST')),
  ...(unreadable > 0 ? [`PARTIAL: ${lineCount(unreadable)} of this trace could not be read`] : []),
  ...flaws.map((flaw) => `PARTIAL: ${flaw}`),
];

export interface TraceEvent {
  /** Counts the events of all levels by time, from 1. */
  seq: number;
  /** Nanoseconds since the start of the trace. */
  ts: number;
  stage: Stage;
  pid: number;
  tid: number;
  type: string;
  span: string;
  cause?: Cause | undefined;
  truth: Truth;
  data: Record<string, unknown>;
  twin?: string | undefined;
}

const knownStages: ReadonlySet<unknown> = new Set(stages);
const knownTruths: ReadonlySet<unknown> = new Set<Truth>([
  'observed',
  'reported',
  'derived',
  'simulated',
  'documented',
]);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === 'string';
const isCause = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && /^[a-z]+:/.test(value));

export function isEvent(value: Record<string, unknown>): boolean {
  return (
    isCount(value.seq) &&
    Number.isSafeInteger(value.ts) &&
    Number.isSafeInteger(value.pid) &&
    Number.isSafeInteger(value.tid) &&
    typeof value.type === 'string' &&
    typeof value.span === 'string' &&
    knownStages.has(value.stage) &&
    knownTruths.has(value.truth) &&
    isCause(value.cause) &&
    isOptionalText(value.twin) &&
    typeof value.data === 'object' &&
    value.data !== null &&
    !Array.isArray(value.data) &&
    isHarmless(value.data, deepestData)
  );
}

/** What redact.ts lets through, and some more; deeper ones would exhaust the stack of whoever walks them. */
const deepestData = 60;
/** Keys that change what an object does when it is printed or copied. */
const harmfulKeys = ['__proto__', 'toString', 'valueOf'];

function isHarmless(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0 || harmfulKeys.some((key) => Object.hasOwn(value, key))) return false;
  return Object.values(value).every((one) => isHarmless(one, depth - 1));
}

export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // also what is nested too deep for the parser's stack
  }
}

/** One line as an event, or undefined when it is none. */
export function parseEvent(line: string): TraceEvent | undefined {
  const value = parseObject(line);
  return value !== undefined && isEvent(value) ? (value as unknown as TraceEvent) : undefined;
}

/** The lines of a trace file up to its level 3. */
export function* traceLines(trace: Trace): Generator<string> {
  yield printableJson(trace.header);
  for (const one of trace.events) yield printableJson(one);
}
