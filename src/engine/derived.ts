// Kernel events of a trace that no stage of ours reported: what a foreign runtime (runc, crun) did, read from its system calls.
// Rule: done before the calls are written, so that each call is laid on the operation that it carries out.

import { type DeriveContext, EffectDeriver, startsForeignRuntime } from '../explain/effects/derive.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { type CarriedOut, callKey, openCalls } from '../tracer/merge.ts';

/**
 * Adds the derived events to a trace's levels 0 to 2, and says which call carries out which of them.
 * @param path the tracer's file of the trace
 */
export function addDerivedEvents(path: string, trace: Trace, context: DeriveContext = {}): CarriedOut {
  const carriedOut = new Map<string, TraceEvent>();
  if (context.isForeign === undefined && !startsForeignRuntime(trace.events)) return carriedOut;
  const calls = openCalls(path, trace);
  if (calls === undefined) return carriedOut;
  const deriver = new EffectDeriver(trace.events, context);
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
