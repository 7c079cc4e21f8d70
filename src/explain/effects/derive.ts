// From the system calls of a foreign program (runc, crun, a real Docker) to the kernel events that our own runtime reports: mounts,
// cgroup writes, operations of a plan. They are marked `derived`, and match.ts finds the line of config.json behind each.
//   const derived = derivedEvents(calls, events)   calls: the trace's level 3 by time; events: its levels 0 to 2
//   derived[i].event   a level 2 event, seq 0: number it with the others, by its ts;   derived[i].calls   the calls that carry it out
// The engine does so when it merges a trace (src/engine/derived.ts). EffectDeriver is the same, call by call.
// Only processes that our stages started as an OCI runtime, and theirs, are looked at; all of them in a trace without our stages.
// Rule: a call that failed has no effect; what a program tries and then does otherwise is none of the container's.
import type { Cause } from '../../trace/cause.ts';
import type { EventType } from '../../trace/events.ts';
import type { TraceEvent } from '../../trace/file.ts';
import { causeInConfig, type RuntimeConfig, runtimeConfig } from '../match.ts';
import { Call } from './call.ts';
import { fileHandlers } from './derive-files.ts';
import { mountHandlers } from './derive-mounts.ts';
import { networkHandlers } from './derive-network.ts';
import { processHandlers } from './derive-process.ts';
import type { Deriving, Handler } from './deriving.ts';
import { ProcessState } from './state.ts';
import { pathsOf } from './window.ts';

export interface DerivedEvent {
  event: TraceEvent;
  /** The system calls that carry it out, as they were handed in. */
  calls: readonly TraceEvent[];
}

export interface DeriveContext {
  /** config.json, where the trace itself does not hold it. */
  config?: unknown;
  /** Which processes to look at, instead of the runtimes that our stages started. Their children are looked at too. */
  isForeign?: (pid: number) => boolean;
}

const handlers: Readonly<Record<string, Handler>> = {
  ...mountHandlers,
  ...fileHandlers,
  ...processHandlers,
  ...networkHandlers,
};

export class EffectDeriver {
  readonly #states = new Map<number, ProcessState>();
  readonly #roots: Map<number, TraceEvent>;
  readonly #isForeign: (pid: number) => boolean;
  readonly #config: RuntimeConfig | undefined;
  /** Processes that are the container's own by now. */
  readonly #left = new Set<number>();
  #rootfs: string[] = [];
  #derived: DerivedEvent[] = [];
  /** The calls of the change that the call at hand has made. */
  #deed: TraceEvent[] | undefined;

  constructor(events: readonly TraceEvent[], context: DeriveContext = {}) {
    this.#roots = runtimesStarted(events);
    const everything = !events.some((event) => event.stage === 'daemon' || event.stage === 'shim');
    this.#isForeign = context.isForeign ?? ((pid) => everything || this.#roots.has(pid));
    this.#config = runtimeConfig(context.config) ?? configIn(events);
    this.#rootfs = bundlesIn([...this.#roots.values()]).map((bundle) => `${bundle}/rootfs`);
  }

  /** One event of level 3; in order of time. */
  see(event: TraceEvent): void {
    if (event.type === 'kernel.process-forked') this.#forked(event);
    if (event.type === 'kernel.process-ended') this.#ended(event);
    const state = event.type === 'kernel.syscall-made' ? this.#stateOf(event.pid) : undefined;
    if (state === undefined) return;
    const call = new Call(event);
    this.#learnDescriptors(call, state);
    const handler = Object.hasOwn(handlers, call.name) ? handlers[call.name] : undefined;
    if (handler === undefined && event.data.noise === true) return;
    const paths = pathsOf(call, (path, folder) => state.resolve(path, folder)); // as they are before the call
    this.#deed = undefined;
    handler?.(call, this.#deriving(state, event));
    this.#place(call, paths, state);
  }

  /** A call that changed nothing is part of what was changed before or after it, or of nothing. */
  #place(call: Call, paths: ReadonlySet<string>, state: ProcessState): void {
    const { event } = call;
    const calls = this.#deed;
    if (calls !== undefined) {
      const all = calls.flatMap((one) => [...pathsOf(new Call(one), (path, folder) => state.resolve(path, folder))]);
      const deed = { calls, paths: new Set([...paths, ...all]) };
      state.window.changes(deed, (path) => this.#inside(path, state) !== undefined);
      return;
    }
    const { pivot } = state;
    if (pivot !== undefined) {
      const isOver = pivot.isDetached && !/^(umount2|chdir|fchdir|close)$/.test(call.name);
      if (isOver || call.name === 'chdir') state.pivot = undefined;
      if (!isOver) {
        pivot.calls.push(event);
        return;
      }
    }
    if (state.lastSet !== event) state.window.passes(event, paths);
  }

  finish(): DerivedEvent[] {
    for (const state of this.#states.values()) state.window.settle();
    return this.#derived.sort((a, b) => a.event.ts - b.event.ts);
  }

  #stateOf(pid: number): ProcessState | undefined {
    const known = this.#states.get(pid);
    if (known !== undefined || this.#left.has(pid) || !this.#isForeign(pid)) return known;
    const made = new ProcessState(pid);
    this.#states.set(pid, made);
    return made;
  }

  #forked({ pid, data }: TraceEvent): void {
    const child = Number(data.childPid);
    if (child === pid) return;
    if (this.#left.has(pid)) this.#left.add(child);
    const parent = this.#states.get(pid);
    if (parent === undefined || this.#states.has(child)) return;
    this.#left.delete(child); // a pid that is used again
    this.#states.set(child, new ProcessState(child, parent));
  }

  #ended({ pid, data }: TraceEvent): void {
    const rules = this.#states.get(pid)?.rules;
    if (rules === undefined || data.status !== 0) return;
    for (const { type, data: asked } of rules.changes) {
      this.#emit({ type, data: asked, calls: [rules.call], origin: rules.call });
    }
  }

  /** `7</path>` anywhere in a call says what 7 is; an open says it by its arguments. */
  #learnDescriptors(call: Call, state: ProcessState): void {
    for (let i = 0; i < call.count; i++) {
      const descriptor = call.descriptor(i);
      if (descriptor?.name === undefined) continue;
      if (descriptor.number === -100) state.cwd = descriptor.name;
      else state.descriptors.set(descriptor.number, descriptor.name);
    }
    if (!call.succeeded) return;
    if (call.name === 'openat' || call.name === 'openat2' || call.name === 'open') {
      const at = call.name === 'open' ? 0 : 1;
      const path = call.string(at);
      const folder = at === 0 ? undefined : call.descriptor(0);
      if (path !== undefined)
        state.descriptors.set(call.result, this.#opened(call, state.resolve(path, folderName(folder, state))));
    }
  }

  /** openat2 with RESOLVE_IN_ROOT counts an absolute path from its folder. */
  #opened(call: Call, path: string): string {
    const folder = call.descriptor(0)?.name;
    const isRooted = call.name === 'openat2' && call.raw(2).includes('RESOLVE_IN_ROOT') && folder !== undefined;
    return isRooted && call.string(1)?.startsWith('/') ? `${folder}${path}` : path;
  }

  #deriving(process: ProcessState, origin: TraceEvent): Deriving {
    const emit: Deriving['emit'] = (type, data, calls) => this.#emit({ type, data, calls, origin });
    return {
      process,
      config: this.#config,
      emit,
      operation: (name, args, calls, { errno, result = 0 } = {}) => {
        const failed = errno === undefined ? {} : { errno };
        const data = {
          index: 0,
          operation: name,
          arguments: args,
          actor: this.#roots.has(process.pid) ? 'runtime' : 'init',
          result,
        };
        emit('kernel.operation-executed', { ...data, durationNs: durationOf(calls), ...failed }, calls);
      },
      inside: (path) => this.#inside(path, process),
      rootIs: (path) => {
        if (!this.#rootfs.includes(path)) this.#rootfs = [path, ...this.#rootfs];
      },
      forgetMount: (target) => this.#forgetMount(target),
      leave: () => {
        process.window.settle();
        this.#states.delete(process.pid);
        this.#left.add(process.pid);
      },
    };
  }

  #inside(path: string, process: ProcessState): string | undefined {
    for (const root of this.#rootfs) {
      if (path === root) return '/';
      if (path.startsWith(`${root}/`)) return path.slice(root.length);
    }
    return process.entered ? path : undefined;
  }

  #forgetMount(target: string): boolean {
    const before = this.#derived.length;
    this.#derived = this.#derived.filter(
      ({ event }) => event.type !== 'kernel.mount-attached' || event.data.target !== target,
    );
    return this.#derived.length < before;
  }

  #emit({ type, data, calls, origin }: Emission): void {
    const last = calls.at(-1) ?? origin;
    const cause: Cause | undefined = this.#config && causeInConfig({ type, data }, this.#config);
    const span = this.#spanOf(origin);
    const { pid, tid } = origin;
    const event: TraceEvent = { seq: 0, ts: last.ts, stage: 'kernel', pid, tid, type, span, truth: 'derived', data };
    if (cause !== undefined) event.cause = cause;
    else if (this.#config !== undefined) event.data = { ...data, own: true };
    this.#derived.push({ event, calls });
    this.#deed = calls;
  }

  /** The span of the runtime's call: that of the event which started it, where the calls have none. */
  #spanOf(origin: TraceEvent): string {
    if (origin.span !== '' && !/^0+$/.test(origin.span)) return origin.span;
    const started = [...this.#roots.values()].findLast((event) => event.ts <= origin.ts);
    return started?.span ?? origin.span;
  }
}

interface Emission {
  type: EventType;
  data: Record<string, unknown>;
  calls: TraceEvent[];
  origin: TraceEvent;
}

/** The kernel events that the calls of foreign programs amount to, by time. */
export function derivedEvents(
  calls: Iterable<TraceEvent>,
  events: readonly TraceEvent[],
  context: DeriveContext = {},
): DerivedEvent[] {
  const deriver = new EffectDeriver(events, context);
  for (const call of calls) deriver.see(call);
  return deriver.finish();
}

const folderName = (descriptor: ReturnType<Call['descriptor']>, state: ProcessState): string | undefined =>
  descriptor === undefined ? undefined : (descriptor.name ?? state.descriptors.get(descriptor.number));

const durationOf = (calls: readonly TraceEvent[]): number =>
  calls.reduce((sum, { data }) => sum + (typeof data.durationNs === 'number' ? data.durationNs : 0), 0);

const runtimeVerbs = new Set(['create', 'run', 'start', 'exec', 'restore']);

/** Pid → the event that started a foreign OCI runtime there. Ours reports what it does by itself. */
function runtimesStarted(events: readonly TraceEvent[]): Map<number, TraceEvent> {
  const found = new Map<number, TraceEvent>();
  for (const event of events) {
    const { childPid, executable, argv } = event.data;
    if (event.type !== 'kernel.process-executed' || typeof childPid !== 'number' || !Array.isArray(argv)) continue;
    const isOurs = /\/tlab-[^/]*$/.test(String(executable));
    if (!isOurs && argv.some((word) => runtimeVerbs.has(String(word)))) found.set(childPid, event);
  }
  return found;
}

/** Whether our stages started a runtime that reports nothing by itself. */
export const startsForeignRuntime = (events: readonly TraceEvent[]): boolean => runtimesStarted(events).size > 0;

const bundlesIn = (started: readonly TraceEvent[]): string[] =>
  started.flatMap(({ data }) => {
    const argv = data.argv as unknown[];
    const at = argv.findIndex((word) => word === '--bundle' || word === '-b');
    return at < 0 ? [] : [String(argv[at + 1] ?? '')];
  });

const configIn = (events: readonly TraceEvent[]): RuntimeConfig | undefined =>
  runtimeConfig(events.findLast((event) => event.type === 'daemon.spec-generated')?.data.config);
