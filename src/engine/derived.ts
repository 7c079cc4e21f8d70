// Kernel events of a trace that no stage of ours reported: what a foreign runtime (runc, crun) did, read from its system calls.
// Rule: done before the calls are written, so that each call is laid on the operation that it carries out.

import { type DerivedEvent, EffectDeriver, startsForeignRuntime } from '../explain/effects/derive.ts';
import { EngineDeriver } from '../explain/xray/engine.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { type CarriedOut, callKey, openCalls } from '../tracer/merge.ts';

interface Deriver {
  see(line: TraceEvent): void;
  finish(): DerivedEvent[];
}

/** Undefined where every stage tells by itself what it does. */
function deriverOf({ header, events }: Trace): Deriver | undefined {
  if (header.engine !== undefined) return new EngineDeriver(events);
  return startsForeignRuntime(events) ? new EffectDeriver(events) : undefined;
}

/**
 * Adds the derived events to a trace's levels 0 to 2, and says which call carries out which of them.
 * @param path the tracer's file of the trace
 */
export function addDerivedEvents(path: string, trace: Trace): CarriedOut {
  const carriedOut = new Map<string, TraceEvent>();
  const deriver = deriverOf(trace);
  const calls = deriver && openCalls(path, trace);
  if (deriver === undefined || calls === undefined) return carriedOut;
  try {
    for (const line of calls.lines()) {
      const call = JSON.parse(line) as TraceEvent;
      deriver.see({ ...call, stage: 'kernel', truth: 'observed', span: '' });
    }
  } finally {
    calls.close();
  }
  for (const derived of deriver.finish()) {
    trace.events.push(derived.event);
    for (const call of derived.calls) carriedOut.set(callKey(call.tid, call.ts), derived.event);
  }
  trace.events.sort((a, b) => a.ts - b.ts);
  trace.header.seen = trace.events.length;
  return carriedOut;
}
