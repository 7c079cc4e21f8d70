// The traces of this host: open one, close it, list, load, remove. A trace is a folder `<traces>/<id>` with `trace.json` (what is known at
// the start), `parts/` (what each process wrote) and, once closed, `trace.jsonl`. Rule: the folder's existence is what turns tracing on.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { monotonicNow } from '../base/time.ts';
import { operationEvents } from '../runc/plan/records.ts';
import { newTraceId } from '../trace/context.ts';
import { readTraceFile, schemaName, schemaVersion, type Trace, traceLines } from '../trace/file.ts';
import { mergeParts } from '../trace/merge.ts';
import { hostFacts, toolFacts } from './facts.ts';

const opened = v.object({
  schema: v.literal(schemaName),
  version: v.number(),
  id: v.string(),
  command: v.array(v.string()),
  startedAt: v.string(),
  clock: v.object({ base: v.literal('CLOCK_MONOTONIC'), startNs: v.string() }),
  status: v.optional(v.number()),
});
type Opened = v.InferOutput<typeof opened>;

/** Makes the folder of a new trace and returns its id. @throws LabError permissionDenied when the caller may not. */
export function openTrace(command: string[]): string {
  const id = newTraceId();
  const start: Opened = {
    schema: schemaName,
    version: schemaVersion,
    id,
    command,
    startedAt: new Date().toISOString(),
    clock: { base: 'CLOCK_MONOTONIC', startNs: monotonicNow().toString() },
  };
  try {
    mkdirSync(`${paths.traces}/${id}/parts`, { recursive: true, mode: 0o770 });
    writeFileSync(`${paths.traces}/${id}/trace.json`, JSON.stringify(start));
  } catch (error) {
    throw new LabError('permissionDenied', `making a trace in ${paths.traces}: ${(error as Error).message}`, {
      cause: error,
      hint: 'run it as root: sudo tlab trace …',
    });
  }
  return id;
}

/** Merges the parts into `trace.jsonl` and returns the trace. May be called again: a container goes on writing after `run -d`. */
export function closeTrace(id: string, status?: number): Trace {
  const folder = `${paths.traces}/${id}`;
  const start = v.parse(opened, JSON.parse(readFileSync(`${folder}/trace.json`, 'utf8')));
  if (status !== undefined) start.status = status;
  writeFileSync(`${folder}/trace.json`, JSON.stringify(start));
  const trace = mergeParts(
    folder,
    { ...start, host: hostFacts(), tool: toolFacts(), blind: ['system calls: no tracer was attached'] },
    operationEvents,
  );
  writeFileSync(`${folder}/trace.jsonl.tmp`, [...traceLines(trace), ''].join('\n'));
  renameSync(`${folder}/trace.jsonl.tmp`, `${folder}/trace.jsonl`);
  return trace;
}

/** Newest modification of a trace's parts, in milliseconds since the epoch. */
function partsChangedMs(id: string): number {
  const parts = `${paths.traces}/${id}/parts`;
  return Math.max(0, ...readdirSync(parts).map((file) => statSync(`${parts}/${file}`).mtimeMs));
}

export interface TraceSummary {
  id: string;
  command: string[];
  startedAt: string;
  status: number | undefined;
  closed: boolean;
}

/** Every trace of this host, newest first. */
export function listTraces(): TraceSummary[] {
  if (!existsSync(paths.traces)) return [];
  const summaries: TraceSummary[] = [];
  for (const id of readdirSync(paths.traces)) {
    const file = `${paths.traces}/${id}/trace.json`;
    if (!existsSync(file)) continue;
    const start = readStart(file);
    if (start === undefined) continue;
    const { command, startedAt, status } = start;
    summaries.push({ id, command, startedAt, status, closed: existsSync(`${paths.traces}/${id}/trace.jsonl`) });
  }
  return summaries.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

/** Undefined for one that a full disk or a kill has cut short: the other traces are still there. */
function readStart(file: string): Opened | undefined {
  try {
    return v.parse(opened, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** The id that a prefix, or `last`, stands for. @throws LabError notFound, invalidArgument when ambiguous. */
function resolveTraceId(name: string): string {
  const all = listTraces();
  if (name === 'last') {
    if (all[0] !== undefined) return all[0].id;
    throw new LabError('notFound', 'there is no trace on this host yet', {
      hint: 'record one: sudo tlab trace run nginx',
    });
  }
  const matching = all.filter((one) => one.id.startsWith(name));
  if (matching.length === 1 && matching[0] !== undefined) return matching[0].id;
  throw matching.length === 0
    ? new LabError('notFound', `no trace ${name}, and no file of that name`, { hint: 'list them: tlab trace ls' })
    : new LabError('invalidArgument', `trace ${name} is ambiguous: ${matching.length} traces begin with it`);
}

/** A trace by file name, id, prefix of an id, or `last`; merged again when a process wrote more since. */
export async function loadTrace(name: string): Promise<Trace> {
  if (/[/.]/.test(name) || existsSync(name)) return readTraceFile(name);
  const id = resolveTraceId(name);
  const file = `${paths.traces}/${id}/trace.jsonl`;
  if (existsSync(file) && statSync(file).mtimeMs >= partsChangedMs(id)) return readTraceFile(file);
  return closeTrace(id);
}

/** Removes a trace with its parts. */
export function removeTrace(name: string): string {
  const id = resolveTraceId(name);
  rmSync(`${paths.traces}/${id}`, { recursive: true, force: true });
  return id;
}
