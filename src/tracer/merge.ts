// Level 3 of a trace file: the lines of its system calls, in order of time, each laid on the event that it carries out.
// Walks the recording twice: attribute.ts says what belongs to the trace and how many lines there will be before each event, so that all
// numbers are known before the first line is written; then lines are made one by one. Rule: memory is that of a few numbers a call.
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { asLabError } from '../base/errors.ts';
import { callLine } from '../trace/call-line.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { type Attribution, attribute, clockOf } from './attribute.ts';
import { type CallEvent, type EndEvent, type ForkEvent, openRecording, type Recording } from './calls.ts';
import { Operations } from './operations.ts';
import { type Life, Processes } from './processes.ts';
import { fileHeadBytes, wordsOfLoss } from './records.ts';
import { traceOfPart } from './turns.ts';

export interface CallLines {
  /** Lines that `lines` will give. */
  count: number;
  /** Records that the kernel side could not hand over. */
  lost: number;
  /** What is missing, in words. */
  blind: string[];
  sizeBytes: number;
  /** Once. The trace's events carry their final numbers from the opening on. */
  lines(): Generator<string>;
  close(): void;
}

/** Calls of which it is known, from what they do, which event they carry out: by callKey. */
export type CarriedOut = ReadonlyMap<string, TraceEvent>;
export const callKey = (tid: number, ts: number): string => `${tid} ${ts}`;

/** Opens the tracer's file of a trace and numbers the trace's events anew. Undefined where there is no such file. */
export function openCalls(path: string, trace: Trace, carriedOut?: CarriedOut): CallLines | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  if (size < fileHeadBytes) return noCalls(size, 'the tracer was ended before it wrote any');
  let recording: Recording;
  try {
    recording = openRecording(path);
  } catch (error) {
    return noCalls(size, asLabError(error).message);
  }
  tellLosses(recording, trace);
  const attribution = attribute(recording, trace);
  number(trace.events, attribution.times);
  const { counts } = recording;
  return {
    count: attribution.times.length,
    lost: counts === undefined ? 0 : counts.dropped + counts.missed,
    blind: [...missing(recording), ...unsure(attribution)],
    sizeBytes: size,
    lines: () =>
      linesOf(
        recording,
        new Numbers(trace.events, attribution.times),
        new Teller(trace, attribution, carriedOut ?? new Map()),
      ),
    close: () => recording.close(),
  };
}

const noCalls = (sizeBytes: number, reason: string): CallLines => ({
  count: 0,
  lost: 0,
  blind: [`system calls: ${reason}`],
  sizeBytes,
  lines: function* () {},
  close: () => undefined,
});

function* missing({ counts, damage }: Recording): Generator<string> {
  const lost = counts === undefined ? 0 : counts.dropped + counts.missed;
  if (lost > 0) yield wordsOfLoss(lost);
  if (damage !== undefined)
    yield `system calls after byte ${damage.offset} of the recording: ${damage.reason}; level 3 is not complete`;
  else if (counts === undefined)
    yield 'the last system calls: the tracer was ended before its time; level 3 is not complete';
}

function* unsure(attribution: Attribution): Generator<string> {
  if (attribution.unsure === 0) return;
  yield `${attribution.unsure} system calls of daemon, containerd and what they start: another request was served at the same time, and they could be its`;
}

/** Losses are counted, not timed: the event stands where the recording ended. */
function tellLosses({ counts, startNs }: Recording, trace: Trace): void {
  const first = trace.events[0];
  if (counts === undefined || first === undefined) return;
  const at = { ts: Math.max(trace.events.at(-1)?.ts ?? 0, clockOf(trace)(startNs)), span: first.span };
  const told = { stage: 'kernel', pid: 0, tid: 0, type: 'kernel.events-lost', truth: 'observed', seq: 0 } as const;
  const reasons = { dropped: 'the ring buffer was full', missed: 'two interrupted each other on one processor' };
  for (const [kind, reason] of Object.entries(reasons) as Array<[keyof typeof reasons, string]>) {
    if (counts[kind] > 0) trace.events.push({ ...told, ...at, data: { count: counts[kind], reason } });
  }
  trace.header.seen = trace.events.length;
}

/** `seq` counts the events of all levels by time; an event comes before a call of the same moment. */
function number(events: TraceEvent[], times: Float64Array): void {
  let before = 0;
  for (const [i, event] of events.entries()) {
    while (before < times.length && (times[before] ?? 0) < event.ts) before++;
    event.seq = i + 1 + before;
  }
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
const signalName = (number: number): string => signals.get(number) ?? `signal ${number}`;

interface Line {
  /** 0 until it is written. */
  seq: number;
  ts: number;
  pid: number;
  tid: number;
  type: string;
  data: Record<string, unknown>;
}

/** Records of several processors may change places within microseconds: lines wait for so many others. */
const waitingLines = 256;

function* linesOf(recording: Recording, numbered: Numbers, teller: Teller): Generator<string> {
  const waiting: Line[] = [];
  for (const line of unordered(recording, teller)) {
    let at = waiting.length;
    while (at > 0 && (waiting[at - 1]?.ts ?? 0) > line.ts) at--;
    if (at === waiting.length) waiting.push(line);
    else waiting.splice(at, 0, line);
    const first = waiting.length > waitingLines ? waiting.shift() : undefined;
    if (first !== undefined) yield numbered.write(first);
  }
  for (const line of waiting) yield numbered.write(line);
}

class Numbers {
  readonly #events: readonly TraceEvent[];
  readonly #times: Float64Array;
  #written = 0;
  #before = 0;

  constructor(events: readonly TraceEvent[], times: Float64Array) {
    this.#events = events;
    this.#times = times;
  }

  write(line: Line): string {
    const due = this.#times[this.#written++] ?? line.ts;
    while ((this.#events[this.#before]?.ts ?? Number.POSITIVE_INFINITY) <= due) this.#before++;
    line.seq = this.#written + this.#before;
    return callLine(line);
  }
}

function* unordered(recording: Recording, teller: Teller): Generator<Line> {
  for (const event of recording.events((head) => teller.wants(head))) {
    switch (event.kind) {
      case 'call':
        yield teller.call(event);
        break;
      case 'fork':
        yield* teller.fork(event);
        break;
      case 'end':
        yield* teller.end(event);
        break;
      case 'exec':
        teller.exec(event);
        break;
      case 'process':
        teller.process(event);
    }
  }
}

/** An event loop that wakes itself or a thread of its pool. */
const isWakeUp = (name: string, args: readonly string[]): boolean =>
  (name === 'read' || name === 'write') && args[0]?.endsWith('<anon_inode:[eventfd]>') === true;

/** Makes the lines: who, what, and which event. */
class Teller {
  readonly #ts: (timeNs: bigint) => number;
  readonly #attribution: Attribution;
  readonly #processes: Processes;
  readonly #operations: Operations;
  readonly #carriedOut: CarriedOut;

  constructor(trace: Trace, attribution: Attribution, carriedOut: CarriedOut) {
    this.#carriedOut = carriedOut;
    this.#ts = clockOf(trace);
    this.#attribution = attribution;
    this.#processes = new Processes(attribution.claims);
    this.#operations = new Operations(trace, attribution);
  }

  wants({ pid, tid, startNs }: { pid: number; tid: number; startNs: bigint }): boolean {
    const ts = this.#ts(startNs);
    return this.#attribution.isOurs(this.#processes.of(pid, ts), tid, ts);
  }

  call(event: CallEvent): Line {
    const { timeNs, endNs, pid, tid, name, args, result, errno, noise } = event;
    const ts = this.#ts(timeNs);
    const life = this.#processes.of(pid, ts);
    // What a stage writes into its part is housekeeping of ours, and of the event that it writes.
    const isPart = name === 'write' && traceOfPart(args[0] ?? '') !== undefined;
    const written = isPart ? this.#operations.reported(life, ts) : undefined;
    const data = {
      name,
      process: life.name,
      result,
      errno,
      durationNs: endNs === undefined ? undefined : Number(endNs - timeNs),
      answeredBy: event.isRefused ? 'seccomp' : undefined,
      noise: noise || isPart || isWakeUp(name, args) || undefined,
      args,
    };
    return this.#line('kernel.syscall-made', { life, tid, ts }, data, written);
  }

  *fork(event: ForkEvent): Generator<Line> {
    const ts = this.#ts(event.timeNs);
    const child = this.#processes.forked(event, ts);
    const life = this.#processes.of(event.pid, ts);
    if (child !== undefined) this.#operations.begins(child, ts);
    if (!this.#attribution.isOurs(life, event.tid, ts)) return;
    const { tid, childPid, childTid, childInnerTid } = event;
    const inner = childInnerTid === childTid ? {} : { innerPid: childInnerTid };
    const data = { childPid, childTid, ...inner, process: life.name };
    yield this.#line('kernel.process-forked', { life, tid, ts }, data);
  }

  *end(event: EndEvent): Generator<Line> {
    const ts = this.#ts(event.timeNs);
    const life = this.#processes.ended(event, ts);
    if (event.threadsLeft > 0 || !this.#attribution.isOurs(life, event.tid, ts)) return;
    const signal = event.code & 0x7f;
    const data = { status: signal === 0 ? (event.code >> 8) & 0xff : 128 + signal, process: life.name };
    const by = signal === 0 ? {} : { signal: signalName(signal) };
    yield this.#line('kernel.process-ended', { life, tid: event.tid, ts }, { ...data, ...by });
  }

  exec(event: Parameters<Processes['executed']>[0]): void {
    const ts = this.#ts(event.timeNs);
    this.#operations.executed(this.#processes.executed(event, ts), ts);
  }

  process(event: Parameters<Processes['existing']>[0]): void {
    const ts = this.#ts(event.timeNs);
    this.#operations.begins(this.#processes.existing(event, ts), ts);
  }

  #line(
    type: string,
    by: { life: Life; tid: number; ts: number },
    data: Record<string, unknown>,
    known?: TraceEvent,
  ): Line {
    const carried = this.#carriedOut.size === 0 ? undefined : this.#carriedOut.get(callKey(by.tid, by.ts));
    const name = typeof data.name === 'string' ? data.name : undefined;
    const operation = known ?? carried ?? this.#operations.of(by.life, by.tid, by.ts, name);
    if (operation !== undefined) data.operation = operation.seq;
    return { seq: 0, ts: by.ts, pid: by.life.pid, tid: by.tid, type, data };
  }
}
