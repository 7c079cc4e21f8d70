// The first look at a trace: its parts and the tracer's records become one file, `trace.jsonl`, which every viewer reads.
// Made again when a process wrote more since: a container goes on writing after `run -d`. Rule: memory does not grow with the calls.
import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Trace, traceLines } from '../trace/file.ts';
import { readTraceFile } from '../trace/read.ts';
import { writeLines } from '../trace/write.ts';
import { type CallLines, openCalls } from '../tracer/merge.ts';
import { addDerivedEvents } from './derived.ts';
import { folderOf, mergedParts, readOpened, resolveTraceId } from './traces.ts';
import type { TracerOutcome } from './tracing.ts';

/** The file of a trace by file name, id, prefix of an id, or `last`; made again when a process wrote more since. */
function traceFile(name: string): string {
  if (/[/.]/.test(name) || existsSync(name)) return name;
  const id = resolveTraceId(name);
  const file = `${folderOf(id)}/trace.jsonl`;
  return existsSync(file) && statSync(file).mtimeMs >= partsChangedMs(id) ? file : mergeTrace(id);
}

/** The same, read: levels 0 to 2. */
export const loadTrace = async (name: string): Promise<Trace> => readTraceFile(traceFile(name));

/** Times of files lag behind the clock by up to a tick of the kernel's timer, 10 ms at most. @source kernel timekeeping.rst coarse clocks */
const clockTickMs = 20;

/** Makes `trace.jsonl` of the parts and the tracer's records. May be done again: a container goes on writing after `run -d`. */
function mergeTrace(id: string): string {
  const file = `${folderOf(id)}/trace.jsonl`;
  const begun = new Date(Date.now() - clockTickMs);
  const start = readOpened(id);
  tellIfLong(start.tracer);
  const trace = mergedParts(id, start);
  const recording = `${folderOf(id)}/parts/calls.bin`;
  const calls = openCalls(recording, trace, addDerivedEvents(recording, trace));
  try {
    describeCalls(trace, calls, start.tracer);
    writeTrace(file, linesOf(trace, calls), begun);
  } finally {
    calls?.close();
  }
  return file;
}

/** So many take a second or more. */
const manyCalls = 150_000;

/** For who waits at a terminal. */
function tellIfLong(outcome: TracerOutcome | undefined): void {
  const calls = outcome?.counts?.enters ?? 0;
  if (calls < manyCalls || !process.stderr.isTTY) return;
  process.stderr.write(`decoding ${calls.toLocaleString('en')} system calls, once …\n`);
}

const notClosed = 'what comes after: the command that is traced still runs, or was killed; the trace is not complete';

/** Fills in the header's numbers and what could not be seen. */
function describeCalls(trace: Trace, calls: CallLines | undefined, outcome: TracerOutcome | undefined): void {
  const { header } = trace;
  if (outcome === undefined) header.blind.push(notClosed);
  if (calls === undefined) {
    if (header.blind.length === 0) header.blind.push('system calls: no tracer was attached');
    return;
  }
  header.calls = calls.count;
  header.seen += calls.count;
  header.lost = calls.lost;
  header.blind.push(...calls.blind);
  const { attachMs, endMs, endedNs } = outcome ?? {};
  const endedTs = endedNs === undefined ? undefined : Number(BigInt(endedNs) - BigInt(header.clock.startNs));
  if (endedTs !== undefined && trace.events.some((event) => event.ts > endedTs)) {
    header.blind.push(`system calls after ${(endedTs / 1e6).toFixed(0)} ms: the tracer ends with the command`);
  }
  if (attachMs !== undefined && endMs !== undefined) {
    header.cost = { attachMs, endMs, recordedBytes: calls.sizeBytes };
  }
}

function* linesOf(trace: Trace, calls: CallLines | undefined): Generator<string> {
  yield* traceLines(trace);
  if (calls !== undefined) yield* calls.lines();
}

/** Several may look at once: each writes a file of its own, and the last one stays. */
function writeTrace(file: string, lines: Iterable<string>, changedAt: Date): void {
  removeUnfinished(file);
  const unfinished = `${file}.${process.pid}`;
  try {
    const fd = openSync(unfinished, 'w', 0o660);
    try {
      writeLines(fd, lines);
    } finally {
      closeSync(fd);
    }
    utimesSync(unfinished, changedAt, changedAt); // what a process wrote while we read is newer
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** What somebody left who was killed while he looked. */
function removeUnfinished(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    const pid = /^trace\.jsonl\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`${folder}/${name}`, { force: true });
  }
}

/** Newest modification of what a trace is made of, in milliseconds since the epoch. */
function partsChangedMs(id: string): number {
  const folder = folderOf(id);
  const files = [`${folder}/trace.json`, ...readdirSync(`${folder}/parts`).map((name) => `${folder}/parts/${name}`)];
  return Math.max(...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}
