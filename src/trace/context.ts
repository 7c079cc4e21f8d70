// Trace context: W3C traceparent over every door (HTTP header, gRPC and ttrpc metadata, TRACEPARENT for exec),
// and AsyncLocalStorage inside a process, so that any function can emit without being handed a recorder.
// Rule: the sampled flag says that a trace is wanted; a trace exists only if its folder does.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cause } from './cause.ts';
import type { PartEvent } from './events.ts';

/** One span of one trace, as it stands in a traceparent. @source w3c trace-context */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits: the span that everything emitted here belongs to. */
  spanId: string;
  sampled: boolean;
}

/** Where events go: a process's part of the trace. */
export interface EventSink {
  append(event: PartEvent): void;
}

interface ActiveTrace extends TraceContext {
  recorder: EventSink;
  cause: Cause | undefined;
}

const active = new AsyncLocalStorage<ActiveTrace>();

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context in a traceparent, or undefined when there is none or it is malformed: a bad header never fails a request. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = form.exec(header ?? '');
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  return { traceId: match[1], spanId: match[2], sampled: (Number.parseInt(match[3], 16) & 1) === 1 };
}

const formatTraceparent = (context: TraceContext): string =>
  `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;

/** The global `crypto` is loaded when it is first used: a command without a trace never does. */
const randomHex = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');

export const newTraceId = (): string => randomHex(16);
export const newSpanId = (): string => randomHex(8);

/** The trace that the calling code runs under, if any. */
export const currentTrace = (): ActiveTrace | undefined => active.getStore();

/** Runs `body` under a trace; everything that it emits, also later and asynchronously, lands in `recorder`. */
export function runWithTrace<T>(context: TraceContext, recorder: EventSink, body: () => T): T {
  return active.run({ ...context, recorder, cause: undefined }, body);
}

/** Everything emitted inside has this cause unless it names one of its own. */
export function withCause<T>(cause: Cause, body: () => T): T {
  const current = active.getStore();
  return current === undefined ? body() : active.run({ ...current, cause }, body);
}

/** A span below the current one, for a call through a door. Undefined when nothing is traced. */
export function childSpan(): { parent: string; context: TraceContext; traceparent: string } | undefined {
  const current = active.getStore();
  if (current === undefined) return undefined;
  const context: TraceContext = { traceId: current.traceId, spanId: newSpanId(), sampled: true };
  return { parent: current.spanId, context, traceparent: formatTraceparent(context) };
}
