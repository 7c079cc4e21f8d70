// One traced run of a test's engine, read back: its events of levels 0 to 2, its system calls, and what each carries out.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readCalls } from '../../src/trace/calls.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import type { TestEngine } from './engine.ts';

export interface TracedRun {
  trace: Trace;
  /** All of level 3: calls, forks, ends. */
  calls: TraceEvent[];
  /** The event that a call is laid on. */
  operationOf(call: TraceEvent): TraceEvent | undefined;
}

/** The trace in a folder, the newest one without it; looked at first, which is what merges it. */
export async function readRun(engine: TestEngine, folder: string = newestTrace(engine)): Promise<TracedRun> {
  await engine.must('trace', 'show', basename(folder));
  const trace = await readTraceFile(`${folder}/trace.jsonl`);
  const events = new Map(trace.events.map((event) => [event.seq, event]));
  const calls = [...readCalls(trace)];
  return { trace, calls, operationOf: (call) => events.get(Number(call.data.operation)) };
}

/** Runs `tlab trace …`, which must succeed, and reads the trace. */
export async function tracedRun(engine: TestEngine, ...argv: string[]): Promise<TracedRun> {
  const ran = await engine.tlab(['trace', ...argv], { timeoutMs: 120_000 });
  assert.equal(ran.status, 0, ran.stderr);
  return await readRun(engine);
}

/** The folder of the newest trace. */
export function newestTrace(engine: TestEngine): string {
  const folder = `${engine.root}/data/traces`;
  const startedAt = (id: string): string =>
    (JSON.parse(readFileSync(`${folder}/${id}/trace.json`, 'utf8')) as { startedAt: string }).startedAt;
  const [id] = readdirSync(folder).sort((a, b) => (startedAt(a) < startedAt(b) ? 1 : -1));
  assert.ok(id !== undefined, 'a trace');
  return `${folder}/${id}`;
}

export const nameOf = (call: TraceEvent): string => String(call.data.name);
/** What a plan operation is called; other events by their type. */
export const kindOf = (event: TraceEvent | undefined): string => String(event?.data.operation ?? event?.type);
