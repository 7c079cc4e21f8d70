// The traces of this host: open one, close it, list, remove. A trace is a folder `<traces>/<id>` with `trace.json` (what is known at
// the start and the end), `parts/` (what each process wrote, and calls.bin of the tracer) and, once somebody has looked at it, `trace.jsonl`:
// all of it in one file (first-look.ts). Rules: the folder's existence is what turns tracing on; closing is cheap, and what decodes system
// calls is not even loaded for it.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { monotonicNow } from '../base/time.ts';
import { operationEvents } from '../runc/plan/records.ts';
import { newTraceId } from '../trace/context.ts';
import { schemaName, schemaVersion, type Trace } from '../trace/file.ts';
import { mergeParts } from '../trace/merge.ts';
import { wordsOfLoss } from '../tracer/records.ts';
import { hostFacts, toolFacts } from './facts.ts';
import { type TracerOutcome, tracerOutcome } from './tracing.ts';

const opened = v.object({
  schema: v.literal(schemaName),
  version: v.number(),
  id: v.string(),
  command: v.array(v.string()),
  startedAt: v.string(),
  clock: v.object({ base: v.literal('CLOCK_MONOTONIC'), startNs: v.string() }),
  status: v.optional(v.number()),
  /** A real engine that was watched, and what cannot be seen of it. */
  engine: v.optional(v.string()),
  blind: v.optional(v.array(v.string())),
  /** Of a trace that was closed. */
  tracer: v.optional(tracerOutcome),
});
type Opened = v.InferOutput<typeof opened>;

/** Makes the folder of a new trace and returns its id. @throws LabError permissionDenied when the caller may not. */
export function openTrace(command: string[], foreign: Pick<Opened, 'engine' | 'blind'> = {}): string {
  const id = newTraceId();
  const start: Opened = {
    schema: schemaName,
    version: schemaVersion,
    id,
    command,
    startedAt: new Date().toISOString(),
    clock: { base: 'CLOCK_MONOTONIC', startNs: monotonicNow().toString() },
    ...foreign,
  };
  try {
    mkdirSync(`${paths.traces}/${id}/parts`, { recursive: true, mode: 0o770 });
    writeStart(start);
  } catch (error) {
    throw new LabError('permissionDenied', `making a trace in ${paths.traces}: ${(error as Error).message}`, {
      cause: error,
      hint: 'run it as root: sudo tlab trace …',
    });
  }
  return id;
}

export const folderOf = (id: string): string => `${paths.traces}/${id}`;

/** Whole or not at all: who reads it meanwhile gets the old one. */
function writeStart(start: Opened): void {
  const file = `${folderOf(start.id)}/trace.json`;
  writeFileSync(`${file}.new`, JSON.stringify(start));
  renameSync(`${file}.new`, file);
}

export function readOpened(id: string): Opened {
  return v.parse(opened, JSON.parse(readFileSync(`${folderOf(id)}/trace.json`, 'utf8')));
}

/**
 * What the processes of an open trace wrote themselves: levels 0 to 2, for the story. Their numbers are not final, since the system calls
 * between them are not counted yet.
 */
export const readParts = (id: string): Trace => mergedParts(id, readOpened(id));

/** Writes down how the command ended and what became of the tracer; fills that in also in what readParts returned. */
export function closeTrace(
  id: string,
  end: { status: number | undefined; tracer: TracerOutcome },
  trace?: Trace,
): void {
  const start: Opened = { ...readOpened(id), tracer: end.tracer };
  if (end.status !== undefined) start.status = end.status;
  writeStart(start);
  if (trace !== undefined) tellOutcome(trace, end.tracer);
}

/** `calls` is what was seen, whoever's: whose they are is found out at the first look. */
function tellOutcome({ header }: Trace, { blind, counts }: TracerOutcome): void {
  if (blind !== undefined) header.blind.push(blind);
  if (counts === undefined) return;
  header.calls = counts.enters;
  header.lost = counts.dropped + counts.missed;
  if (header.lost > 0) header.blind.push(wordsOfLoss(header.lost));
}

export function mergedParts(id: string, { tracer, blind: unseen = [], ...base }: Opened): Trace {
  const blind = [...unseen, ...(tracer?.blind === undefined ? [] : [tracer.blind])];
  return mergeParts(folderOf(id), { ...base, host: hostFacts(), tool: toolFacts(), blind }, operationEvents);
}

export interface TraceSummary {
  id: string;
  command: string[];
  startedAt: string;
  status: number | undefined;
  closed: boolean;
  /** System calls that were recorded, and records that were lost; absent where no tracer ran to its end. */
  calls?: number;
  lost?: number;
}

/** Every trace of this host, newest first. */
export function listTraces(): TraceSummary[] {
  const summaries: TraceSummary[] = [];
  for (const id of traceFolders()) {
    const file = `${paths.traces}/${id}/trace.json`;
    if (!existsSync(file)) continue;
    const start = readStart(file);
    if (start === undefined) continue;
    const { command, startedAt, status, tracer } = start;
    summaries.push({
      id,
      command,
      startedAt,
      status,
      closed: tracer !== undefined || existsSync(`${folderOf(id)}/trace.jsonl`),
      ...(tracer?.counts && { calls: tracer.counts.enters, lost: tracer.counts.dropped + tracer.counts.missed }),
    });
  }
  return summaries.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

function traceFolders(): string[] {
  try {
    return readdirSync(paths.traces);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // none was recorded
    throw new LabError('permissionDenied', `the traces of this host, ${paths.traces}, cannot be read`, {
      cause: error,
      hint: 'ask again as root: sudo tlab …; a trace file needs no root: tlab trace show FILE',
    });
  }
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
export function resolveTraceId(name: string): string {
  const all = listTraces();
  if (name === 'last') {
    if (all[0] !== undefined) return all[0].id;
    throw new LabError('notFound', 'there is no trace on this host yet', {
      hint: 'record one: sudo tlab trace run nginx',
    });
  }
  const matching = name === '' ? [] : all.filter((one) => one.id.startsWith(name));
  if (matching.length === 1 && matching[0] !== undefined) return matching[0].id;
  throw matching.length === 0
    ? new LabError('notFound', `no trace "${name}", and no file of that name`, { hint: 'list them: tlab trace ls' })
    : new LabError('invalidArgument', `trace ${name} is ambiguous: ${matching.length} traces begin with it`);
}

/** Removes a trace with its parts. */
export function removeTrace(name: string): string {
  const id = resolveTraceId(name);
  rmSync(folderOf(id), { recursive: true, force: true });
  return id;
}
