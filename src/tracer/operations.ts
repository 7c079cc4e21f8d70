// Which event of the trace a system call carries out. In this order:
//   1. the plan operation in whose time the executor's process made it (after exec: everything that the container does)
//   2. of a thread of a pool: the report of such a call; of the main thread,
//      in the same turn of an event loop: what was reported right after it (a message received, a rule, a netlink message), since
//      stages report a deed when it is done; else what was reported before it (a message sent)
//   3. what made the process: the event that names it, or what its parent was doing
// Rule: every call gets one, unless the trace has no events at all.
import { events as rows } from '../trace/events.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import type { Attribution } from './attribute.ts';
import type { Life } from './processes.ts';

const rowsByType = rows as unknown as Record<string, { level: number } | undefined>;

/** Something that an executor did: it has a start and an end, and its process did nothing else meanwhile. */
const isTimed = (event: TraceEvent): boolean =>
  event.stage === 'kernel' && event.truth === 'reported' && typeof event.data.durationNs === 'number';

/** Read from calls, and these calls are known: what else was made at that time is no part of it. */
const isRead = ({ type, truth }: TraceEvent): boolean =>
  truth === 'derived' && /^kernel\.(operation-executed|mount-|cgroup-)/.test(type);

const isExec = ({ data }: TraceEvent): boolean => data.operation === 'exec';
const isReceived = ({ type }: TraceEvent): boolean => /\.re(quest|sponse)-received$/.test(type);
const isDeed = (event: TraceEvent): boolean => rowsByType[event.type]?.level === 2;

interface Reports {
  /** By time. */
  timed: TraceEvent[];
  others: TraceEvent[];
}

/** The last one at or before a moment: its position, -1 for none. */
function lastAt(events: readonly TraceEvent[], ts: number): number {
  let [low, high] = [-1, events.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((events[middle]?.ts ?? 0) <= ts) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Events that report a certain call, which other threads may be busy with other deeds beside. */
const reportsOf: Readonly<Record<string, readonly string[]>> = {
  unshare: ['kernel.network-namespace-created'],
  mount: ['kernel.mount-attached', 'kernel.network-namespace-created'],
  umount2: ['kernel.mount-detached'],
  sendto: ['kernel.netlink-sent'],
  recvfrom: ['kernel.netlink-sent'],
};

/** How much later a thread's work may be reported: the loop hears of it in one of its next turns. */
const reportedWithinNs = 20e6;

export class Operations {
  readonly #attribution: Attribution;
  readonly #reports = new Map<number, Reports>();
  readonly #makers = new Map<number, TraceEvent | undefined>();
  /** By life: the exec that made it, or what is above it, a container. */
  readonly #execs = new Map<number, TraceEvent>();
  readonly #first: TraceEvent | undefined;

  constructor(trace: Trace, attribution: Attribution) {
    this.#attribution = attribution;
    this.#first = trace.events[0];
    for (const event of trace.events) {
      if (isRead(event)) continue;
      let reports = this.#reports.get(event.pid);
      if (reports === undefined) {
        reports = { timed: [], others: [] };
        this.#reports.set(event.pid, reports);
      }
      reports[isTimed(event) ? 'timed' : 'others'].push(event);
    }
  }

  /** Called for every new process, and at its exec. */
  begins(life: Life, ts: number): void {
    const inherited = life.parent === undefined ? undefined : this.#execs.get(life.parent.index);
    if (inherited !== undefined) this.#execs.set(life.index, inherited);
    const named = this.#attribution.claims.makers.get(life.pid);
    const made = named ?? (life.parent && this.of(life.parent, life.maker, ts));
    this.#makers.set(life.index, made);
  }

  executed(life: Life, ts: number): void {
    const operation = this.#timedAt(life.pid, ts);
    if (operation !== undefined && isExec(operation)) this.#execs.set(life.index, operation);
  }

  /** The event that a call, made by a thread of this process at this moment, carries out. */
  of(life: Life, tid: number, ts: number, call?: string): TraceEvent | undefined {
    return (
      this.#execs.get(life.index) ??
      this.#timedAt(life.pid, ts) ??
      (call !== undefined && tid !== life.pid ? this.#reportOf(life, ts, call) : undefined) ??
      this.#reportedAt(life, tid, ts) ??
      this.#makers.get(life.index) ??
      this.#first
    );
  }

  /** The last event of the process: what it writes into its part of the trace. */
  reported(life: Life, ts: number): TraceEvent | undefined {
    const others = this.#reports.get(life.pid)?.others;
    return others?.[lastAt(others, ts)];
  }

  #timedAt(pid: number, ts: number): TraceEvent | undefined {
    const timed = this.#reports.get(pid)?.timed;
    const event = timed?.[lastAt(timed, ts)];
    if (event === undefined) return undefined;
    const durationNs = Number(event.data.durationNs);
    return isExec(event) || ts <= event.ts + durationNs ? event : undefined;
  }

  /** What a thread of a pool does, by the first event after it that can be its report. */
  #reportOf(life: Life, ts: number, call: string): TraceEvent | undefined {
    const types = reportsOf[call];
    const others = this.#reports.get(life.pid)?.others;
    if (types === undefined || others === undefined) return undefined;
    for (let at = lastAt(others, ts) + 1; at < others.length; at++) {
      const event = others[at];
      if (event === undefined || event.ts > ts + reportedWithinNs) return undefined;
      if (types.includes(event.type)) return event;
    }
    return undefined;
  }

  #reportedAt(life: Life, tid: number, ts: number): TraceEvent | undefined {
    const reports = this.#reports.get(life.pid)?.others;
    if (reports === undefined) return undefined;
    const at = lastAt(reports, ts);
    const before = reports[at];
    const after = reports[at + 1];
    if (before === undefined && this.#makers.get(life.index) !== undefined) return undefined; // it is still being made
    const [from, to] = this.#attribution.turnOf(life, ts) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const until = tid === life.pid ? to : ts + reportedWithinNs;
    if (after !== undefined && after.ts < until && (isReceived(after) || isDeed(after))) return after;
    if (before !== undefined && before.ts >= from) return before;
    return (after !== undefined && after.ts < to ? after : undefined) ?? before ?? after;
  }
}
