// The first look at a trace: its parts and the tracer's records become one file, `trace.jsonl`, which every viewer reads.
// Made again when a process wrote more since: a container goes on writing after `run -d`. Rule: memory does not grow with the calls.
import { closeSync, existsSync, openSync, readdirSync, renameSync, statSync, utimesSync, writeSync } from 'node:fs';
import { type Trace, traceLines } from '../trace/file.ts';
import { readTraceFile } from '../trace/read.ts';
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

/** Makes `trace.jsonl` of the parts and the tracer's records. May be done again: a container goes on writing after `run -d`. */
function mergeTrace(id: string): string {
  const file = `${folderOf(id)}/trace.jsonl`;
  const begun = new Date();
  const start = readOpened(id);
  tellIfLong(start.tracer);
  const trace = mergedParts(id, start);
  const recording = `${folderOf(id)}/parts/calls.bin`;
  const calls = openCalls(recording, trace, addDerivedEvents(recording, trace));
  try {
    describeCalls(trace, calls, start.tracer);
    const unfinished = `${file}.${process.pid}`;
    writeTrace(unfinished, trace, calls);
    utimesSync(unfinished, begun, begun); // what a process wrote while we read is newer
    renameSync(unfinished, file);
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

/** Fills in the header's numbers and what could not be seen. */
function describeCalls(trace: Trace, calls: CallLines | undefined, outcome: TracerOutcome | undefined): void {
  const { header } = trace;
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

const chunkCharacters = 1 << 20;

function writeTrace(path: string, trace: Trace, calls: CallLines | undefined): void {
  const fd = openSync(path, 'w', 0o660);
  try {
    let chunk = '';
    const add = (line: string): void => {
      chunk += `${line}\n`;
      if (chunk.length < chunkCharacters) return;
      writeSync(fd, chunk);
      chunk = '';
    };
    for (const line of traceLines(trace)) add(line);
    for (const line of calls?.lines() ?? []) add(line);
    writeSync(fd, chunk);
  } finally {
    closeSync(fd);
  }
}

/** Newest modification of a trace's parts, in milliseconds since the epoch. */
function partsChangedMs(id: string): number {
  const parts = `${folderOf(id)}/parts`;
  return Math.max(0, ...readdirSync(parts).map((file) => statSync(`${parts}/${file}`).mtimeMs));
}
