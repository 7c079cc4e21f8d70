// The processes of a recording, followed in the order of its records: who made whom, and what each is called at a moment.
//   a stage (its part file says which pid) · `container` (what a plan's exec became, and everything below) · else the program's name
// Between fork and exec a child has its parent's name. Rule: fed with the same records, it counts the same lives in the same order.
import { basename } from 'node:path/posix';
import type { Trace, TraceEvent } from '../trace/file.ts';
import type { EndEvent, ExecEvent, ForkEvent, ProcessEvent } from './calls.ts';

/** One process, from its birth or from when it was first seen. */
export interface Life {
  /** Counts all of them. */
  index: number;
  pid: number;
  parent: Life | undefined;
  /** As `ts` of events: nanoseconds since the start of the trace. */
  bornTs: number;
  /** The thread of the parent that made it. */
  maker: number;
  /** It was there when the tracer was attached. */
  existed: boolean;
  name: string;
  /** In a pid namespace below the tracer's. */
  isInner: boolean;
  isContainer: boolean;
  hasExecuted: boolean;
}

/** What the trace's own events say about pids. */
export interface Claims {
  /** Of processes that wrote a part. */
  stages: ReadonlyMap<number, string>;
  /** Of processes that an event names: they belong to this trace. */
  named: ReadonlySet<number>;
  /** The event that tells of the making of a process. */
  makers: ReadonlyMap<number, TraceEvent>;
  /** Processes that a plan made: after exec they are the container. */
  containers: ReadonlySet<number>;
}

const namingFields = ['childPid', 'shimPid', 'taskPid', 'initPid', 'joinerPid', 'runtimePid'] as const;

export function claimsOf({ header, events }: Trace): Claims {
  const stages = new Map(header.processes.map(({ pid, stage }) => [pid, stage]));
  const named = new Set(stages.keys());
  const makers = new Map<number, TraceEvent>();
  const containers = new Set<number>();
  for (const event of events) {
    for (const field of namingFields) {
      const pid = event.data[field];
      if (typeof pid === 'number' && pid > 0) named.add(pid);
    }
    const { childPid, initPid } = event.data;
    if (event.type === 'kernel.process-executed' && typeof childPid === 'number' && !makers.has(childPid)) {
      makers.set(childPid, event);
    }
    if (event.type === 'runc.plan-executed' && typeof initPid === 'number') containers.add(initPid);
  }
  return { stages, named, makers, containers };
}

export class Processes {
  readonly #claims: Claims;
  readonly #alive = new Map<number, Life>();
  #count = 0;

  constructor(claims: Claims) {
    this.#claims = claims;
  }

  /** The process that has this pid now; one that nobody introduced begins here. */
  of(pid: number, ts: number): Life {
    return this.#alive.get(pid) ?? this.#begin(pid, ts, this.#claims.stages.get(pid) ?? `pid ${pid}`);
  }

  existing(event: ProcessEvent, ts: number): Life {
    const life = this.#begin(event.pid, ts, this.#claims.stages.get(event.pid) ?? event.command);
    life.existed = true;
    return life;
  }

  /** The child; undefined for a thread. */
  forked(event: ForkEvent, ts: number): Life | undefined {
    if (event.childPid === event.pid) return undefined;
    const parent = this.of(event.pid, ts);
    const life = this.#begin(event.childPid, ts, parent.name);
    life.parent = parent;
    life.maker = event.tid;
    life.isInner = event.childInnerTid !== event.childTid;
    life.isContainer = parent.isContainer;
    return life;
  }

  executed(event: ExecEvent, ts: number): Life {
    const life = this.of(event.pid, ts);
    life.hasExecuted = true;
    life.isContainer ||= life.isInner || this.#claims.containers.has(life.pid);
    life.name = life.isContainer
      ? 'container'
      : (this.#claims.stages.get(life.pid) ?? this.#programOf(life, event.file));
    return life;
  }

  /** A program that executes itself again, by /proc or by a copy of its own, keeps its name; a real containerd's shims are a stage. */
  #programOf(life: Life, file: string): string {
    if (/^\/proc\/(self|thread-self)\/|^\/dev\/fd\//.test(file)) return life.name;
    const other = /^\/proc\/(\d+)\/exe$/.exec(file)?.[1];
    if (other !== undefined) return this.#alive.get(Number(other))?.name ?? life.name;
    const program = basename(file);
    return program.startsWith('containerd-shim-') ? 'shim' : program;
  }

  /** The process; what it leaves of its threads goes on under its pid. */
  ended(event: EndEvent, ts: number): Life {
    const life = this.of(event.pid, ts);
    if (event.threadsLeft === 0) this.#alive.delete(event.pid);
    return life;
  }

  #begin(pid: number, bornTs: number, name: string): Life {
    const life: Life = {
      index: this.#count++,
      pid,
      parent: undefined,
      bornTs,
      maker: pid,
      existed: false,
      name,
      isInner: false,
      isContainer: false,
      hasExecuted: false,
    };
    this.#alive.set(pid, life);
    return life;
  }
}
