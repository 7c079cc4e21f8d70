// Writes one process's part of a trace: JSON Lines, appended by this process alone, a line an event and a write a line,
// so that kill -9 loses nothing that was emitted. Stage processes keep one recorder a trace for as long as they live.
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { monotonicNow } from '../base/time.ts';
import type { Cause } from './cause.ts';
import { currentTrace, type EventSink, parseTraceparent, runWithTrace, type TraceContext } from './context.ts';
import type { EventData, EventType, PartEvent, Stage, Truth } from './events.ts';

export class Recorder implements EventSink {
  readonly #fd: number;
  #closed = false;
  readonly stage: Stage;

  constructor(traces: string, traceId: string, stage: Stage) {
    const parts = `${traces}/${traceId}/parts`;
    mkdirSync(parts, { recursive: true, mode: 0o770 });
    this.#fd = openSync(`${parts}/${stage}-${process.pid}.jsonl`, 'a', 0o660);
    this.stage = stage;
  }

  append(event: PartEvent): void {
    if (!this.#closed) writeSync(this.#fd, `${JSON.stringify(event)}\n`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

export interface EmitFields<T extends EventType> {
  data: EventData<T>;
  cause?: Cause | undefined;
  truth?: Truth;
  twin?: string;
  /** The span, when it is not the current one: requests sent carry the child's. */
  span?: string;
}

/** Emits into the current trace; does nothing when nothing is traced, so callers never ask first. */
export function emit<T extends EventType>(type: T, fields: EmitFields<T>): void {
  const trace = currentTrace();
  if (trace === undefined) return;
  const cause = fields.cause ?? trace.cause;
  const event: PartEvent = {
    t: monotonicNow().toString(),
    stage: type.slice(0, type.indexOf('.')) as Stage,
    pid: process.pid,
    tid: process.pid,
    type,
    span: fields.span ?? trace.spanId,
    truth: fields.truth ?? 'observed',
    data: fields.data,
  };
  if (cause !== undefined) event.cause = cause;
  if (fields.twin !== undefined) event.twin = fields.twin;
  trace.recorder.append(event);
}

/** True when the caller's work is being traced: guards work done only to describe things. */
export const isTraced = (): boolean => currentTrace() !== undefined;

/** Traces that a process keeps open at once; a request of an older one opens its part again. */
const mostOpenTraces = 32;

function closeOldest(recorders: Map<string, Recorder>): void {
  const [oldest] = recorders;
  if (recorders.size <= mostOpenTraces || oldest === undefined) return;
  recorders.delete(oldest[0]);
  oldest[1].close();
}

/**
 * A stage process's recorders, one a trace. `run` executes `body` under the trace that a traceparent names,
 * or plainly when there is none, it is not sampled, or its folder does not exist.
 */
export function traceDoor(traces: string, stage: Stage) {
  const recorders = new Map<string, Recorder>();
  const recorderOf = (context: TraceContext): Recorder => {
    let recorder = recorders.get(context.traceId);
    if (recorder === undefined) {
      recorder = new Recorder(traces, context.traceId, stage);
      recorders.set(context.traceId, recorder);
      closeOldest(recorders);
    }
    return recorder;
  };
  return {
    run<T>(traceparent: string | undefined, body: () => T): T {
      const context = parseTraceparent(traceparent);
      if (!context?.sampled) return body();
      if (!recorders.has(context.traceId) && !existsSync(`${traces}/${context.traceId}`)) return body();
      return runWithTrace(context, recorderOf(context), body);
    },
  };
}
