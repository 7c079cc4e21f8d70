// Which calls of a recording belong to its trace. One pass over the records, decoding next to nothing:
//   the traced command, until it ends (after that it tells its story), and everything below it: all of it
//   a process that serves several traces (daemon, containerd): the turns of its event loop that were spent on this trace
//   its children: those that an event or a part of the trace names, and those that were made in such a turn, unless they begin with
//   the folder of a container that the trace knows nothing of (a request that nobody traces writes no part)
// Rule: what could belong to another trace is left out, and counted.
import type { Trace } from '../trace/file.ts';
import type { CallEvent, CallHead, RecordedEvent, Recording } from './calls.ts';
import { type Claims, claimsOf, type Life, Processes } from './processes.ts';
import { isWait, Turns, traceOfPart } from './turns.ts';

/** Stages that serve more than one trace in their life. Those of a real engine are ours while we look: its turns cannot be told apart. */
const sharedStages: ReadonlySet<string> = new Set(['daemon', 'containerd']);
const writes: ReadonlySet<string> = new Set(['write', 'writev', 'pwrite64']);

/** By these a process that was just made tells whose it is: a shim goes to its bundle. */
const beginnings: ReadonlySet<string> = new Set(['execve', 'chdir']);
/** By these something is done for a container, and not only looked at. */
const deeds = /^(?:mkdir|mknod|symlink|unlink|rename|rmdir|link)/;
const opensToWrite = /O_(?:WRONLY|RDWR|CREAT)/;

export interface Attribution {
  claims: Claims;
  /** Of every line that the trace gets, sorted. */
  times: Float64Array;
  /** Calls that could be another request's. */
  unsure: number;
  /** Whether what a thread of this process did at this moment belongs to the trace. The life counts as in the pass before. */
  isOurs(life: Life, tid: number, ts: number): boolean;
  /** The turn of a process that has turns: what belongs together in time. */
  turnOf(life: Life, ts: number): [from: number, to: number] | undefined;
}

/** Nanoseconds since the start of the trace, as in its events. */
export const clockOf = (trace: Trace): ((timeNs: bigint) => number) => {
  const start = BigInt(trace.header.clock.startNs);
  return (timeNs) => Number(timeNs - start);
};

/** What the pass gathers: for each line that may be written, when it was and of which process. */
class Lines {
  times = new Float64Array(1 << 14);
  lives = new Int32Array(1 << 14);
  tids = new Int32Array(1 << 14);
  count = 0;

  add(ts: number, life: Life, tid: number): void {
    if (this.count === this.times.length) {
      const { times, lives, tids } = this;
      this.times = new Float64Array(this.count * 2);
      this.times.set(times);
      this.lives = new Int32Array(this.count * 2);
      this.lives.set(lives);
      this.tids = new Int32Array(this.count * 2);
      this.tids.set(tids);
    }
    this.times[this.count] = ts;
    this.tids[this.count] = tid;
    this.lives[this.count++] = life.index;
  }
}

export function attribute(recording: Recording, trace: Trace): Attribution {
  const survey = new Survey(trace);
  for (const event of recording.events((head) => survey.sees(head))) survey.hears(event);
  return survey.settle();
}

const longIds = /(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{64})(?![0-9a-f])/g;
/** Ids in paths, of containers and traces; not of content, which may be everybody's: blobs/sha256/…, ingest/… */
const ownedIds = /(?<!\/(?:sha256|sha512|ingest))\/([0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])/g;
const keyOf = (tid: number, ts: number): string => `${tid} ${ts}`;

/** How much of a process belongs to the trace. */
type Belongs = 'ours' | 'command' | 'turns' | 'unsure' | 'other';

class Survey {
  readonly #trace: Trace;
  readonly #ts: (timeNs: bigint) => number;
  readonly #claims: Claims;
  readonly #processes: Processes;
  readonly #lives: Life[] = [];
  readonly #turns = new Map<number, Turns>();
  readonly #lines = new Lines();
  readonly #ids: ReadonlySet<string>;
  /** Calls of shared processes on a container or a trace that this trace knows nothing of. */
  readonly #foreign = new Set<string>();
  /** Processes that began with the folder of such a container. */
  readonly #foreignLives = new Set<number>();
  readonly #command: number | undefined;
  readonly #commandEndedTs: number;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#ts = clockOf(trace);
    this.#claims = claimsOf(trace);
    this.#processes = new Processes(this.#claims);
    const told = trace.events.flatMap(({ data }) => JSON.stringify(data).match(longIds) ?? []);
    this.#ids = new Set([trace.header.id, ...told]);
    this.#command = trace.header.processes.find(({ stage }) => stage === 'cli')?.pid;
    const ended = trace.events.findLast(({ type }) => type === 'cli.command-ended');
    this.#commandEndedTs = ended?.ts ?? Number.POSITIVE_INFINITY;
  }

  /** Every call goes through here; true for those that must be decoded: of processes that serve others too. */
  sees(head: CallHead): boolean {
    const ts = this.#ts(head.startNs);
    const life = this.#known(this.#processes.of(head.pid, ts));
    this.#lines.add(ts, life, head.tid);
    if (head.tid === head.pid && isWait(head.name) && head.endNs !== undefined && this.#hasTurns(life)) {
      this.#turnsOf(life).began(this.#ts(head.endNs));
    }
    return this.#isShared(life) || (beginnings.has(head.name) && this.#isMadeByShared(life));
  }

  hears(event: RecordedEvent): void {
    const ts = this.#ts(event.timeNs);
    switch (event.kind) {
      case 'call': {
        const life = this.#processes.of(event.pid, ts);
        const isWrite = event.tid === event.pid && writes.has(event.name);
        const id = isWrite ? traceOfPart(event.args[0] ?? '') : undefined;
        if (id !== undefined) this.#turnsOf(life).wrote(id);
        else if (this.#namesOther(event)) this.#foundOther(life, event, ts);
        return;
      }
      case 'process':
        this.#known(this.#processes.existing(event, ts));
        return;
      case 'fork': {
        const child = this.#processes.forked(event, ts);
        this.#lines.add(ts, this.#known(this.#processes.of(event.pid, ts)), event.tid);
        if (child !== undefined) this.#known(child);
        return;
      }
      case 'exec':
        this.#known(this.#processes.executed(event, ts));
        return;
      case 'end':
        if (event.threadsLeft === 0) this.#lines.add(ts, this.#known(this.#processes.of(event.pid, ts)), event.tid);
        this.#processes.ended(event, ts);
    }
  }

  settle(): Attribution {
    const owned = this.#settleLives();
    const turnsOf = (life: number): Turns | undefined => this.#turns.get(life);
    const owner = (life: number, tid: number, ts: number): string | undefined => {
      const is = owned[life];
      if (is === 'turns') {
        return this.#foreign.has(keyOf(tid, ts)) ? 'other' : turnsOf(life)?.ownerAt(ts, this.#lives[life]?.pid === tid);
      }
      return is === 'command' && ts <= this.#commandEndedTs ? 'ours' : is;
    };
    const { times, lives, tids, count } = this.#lines;
    let [kept, unsure] = [0, 0];
    const ours = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const ts = times[i] ?? 0;
      const is = owner(lives[i] ?? 0, tids[i] ?? 0, ts);
      if (is === 'ours') ours[kept++] = ts;
      if (is === 'unsure') unsure++;
    }
    return {
      claims: this.#claims,
      times: ours.subarray(0, kept).sort(),
      unsure,
      isOurs: (life, tid, ts) => owner(life.index, tid, ts) === 'ours',
      turnOf: (life, ts) => {
        const turns = turnsOf(life.index);
        return turns?.span(turns.at(ts));
      },
    };
  }

  /** In the order of their births, so that a parent is settled before its children. */
  #settleLives(): Belongs[] {
    const owned: Belongs[] = [];
    for (const life of this.#lives) {
      const made = this.#foreignLives.has(life.index)
        ? 'other'
        : this.#ownerOfChildren(life.parent, owned, life.bornTs);
      if (this.#isShared(life)) {
        this.#turnsOf(life).settle(made === 'ours');
        owned[life.index] = 'turns';
      } else {
        const belongs = this.#claims.named.has(life.pid) ? 'ours' : made;
        owned[life.index] = life.pid === this.#command ? 'command' : belongs;
      }
    }
    return owned;
  }

  /** Whose a process is by the one that made it, and when. */
  #ownerOfChildren(parent: Life | undefined, owned: readonly Belongs[], ts: number): 'ours' | 'unsure' | 'other' {
    const is = parent && owned[parent.index];
    if (parent === undefined || is === undefined) return 'other';
    if (is === 'command') return 'ours';
    if (is !== 'turns') return is;
    const owner = this.#turns.get(parent.index)?.ownerAt(ts, true);
    return owner === 'ours' || owner === 'unsure' ? owner : 'other';
  }

  /** A call names a container that the trace knows nothing of. */
  #foundOther(life: Life, { tid, name, args }: CallEvent, ts: number): void {
    if (!this.#isShared(life)) {
      this.#foreignLives.add(life.index);
      return;
    }
    this.#foreign.add(keyOf(tid, ts));
    if (deeds.test(name) || (name.startsWith('open') && args.some((text) => opensToWrite.test(text)))) {
      this.#turnsOf(life).servedOther(ts);
    }
  }

  /** In a path or by a descriptor; what was read or written may speak of anything. */
  #namesOther({ name, args }: CallEvent): boolean {
    const named = /^p?(?:read|write)/.test(name) ? args.slice(0, 1) : args;
    return named.some((text) => [...text.matchAll(ownedIds)].some(([, id]) => id !== undefined && !this.#ids.has(id)));
  }

  /** A process that was there before and is not the command was there for others too. */
  #isShared(life: Life): boolean {
    if (life.pid === this.#command || this.#trace.header.engine !== undefined) return false;
    const stage = this.#claims.stages.get(life.pid);
    return stage === undefined ? life.existed : sharedStages.has(stage);
  }

  #isMadeByShared(life: Life): boolean {
    return life.parent !== undefined && this.#isShared(life.parent);
  }

  /** Of every stage: what it does between two waits belongs together. */
  #hasTurns(life: Life): boolean {
    return life.existed || this.#claims.stages.has(life.pid);
  }

  #known(life: Life): Life {
    this.#lives[life.index] ??= life;
    return life;
  }

  #turnsOf(life: Life): Turns {
    let turns = this.#turns.get(life.index);
    if (turns === undefined) {
      turns = new Turns(this.#trace.header.id);
      this.#turns.set(life.index, turns);
    }
    return turns;
  }
}
