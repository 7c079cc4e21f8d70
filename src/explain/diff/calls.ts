// How two traces did it: their system calls counted by name, process by process. Housekeeping of the language runtimes is folded.
// A runtime is the program that was started with `create`, `start`, `delete`, with all that it starts until the container's own program.
// Rule: counts say how, never what: no difference in effects is read from them.
import type { Glance } from '../../trace/call-line.ts';
import type { TraceEvent } from '../../trace/file.ts';

export interface CallCounts {
  /** Calls by name, without the housekeeping. */
  names: Map<string, number>;
  total: number;
  /** Housekeeping: futex, epoll, memory, timers. */
  noise: number;
  pids: Set<number>;
}

/** Who makes calls, in the order in which they are told. */
const roles = ['cli', 'daemon', 'containerd', 'shim', 'runtime', 'container'] as const;

const rankOf = (role: string): number => {
  const at = (roles as readonly string[]).indexOf(role);
  return at < 0 ? roles.length : at;
};

/** The roles of two traces whose counts differ. */
export function differingRoles(a: CallsByRole, b: CallsByRole): string[] {
  const all = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => rankOf(x) - rankOf(y));
  return all.filter((role) => countChanges(a.get(role), b.get(role)).length > 0);
}

/** Role (a stage, `runtime`, `container`, the name of another program) → its calls. */
export type CallsByRole = Map<string, CallCounts>;

const runtimeVerbs = new Set(['create', 'run', 'start', 'exec', 'delete', 'kill', 'restore']);

/** The pids that a stage of ours started as an OCI runtime. */
function runtimePids(events: readonly TraceEvent[]): Set<number> {
  const pids = new Set<number>();
  for (const { type, data } of events) {
    if (type !== 'kernel.process-executed' || typeof data.childPid !== 'number' || !Array.isArray(data.argv)) continue;
    if (data.argv.slice(1).some((word) => runtimeVerbs.has(String(word)))) pids.add(data.childPid);
  }
  return pids;
}

/**
 * Walks level 3 of a trace, by time. `count` is offered what can be told of a line without parsing it, and answers false when that was
 * enough; lines that it was not offered are handed over.
 */
export type CallWalk = (count: (call: Glanced) => false) => Iterable<TraceEvent>;
type Glanced = Pick<Glance, 'pid' | 'name' | 'process' | 'noise'>;

/** Counts the calls of a trace. @param walk its level 3 */
export function countCalls(events: readonly TraceEvent[], walk: CallWalk): CallsByRole {
  const ofRuntime = runtimePids(events);
  const counted: CallsByRole = new Map();
  const count = ({ pid, name, process, noise }: Glanced): false => {
    const role = process !== 'container' && ofRuntime.has(pid) ? 'runtime' : process;
    let counts = counted.get(role);
    if (counts === undefined) {
      counts = { names: new Map(), total: 0, noise: 0, pids: new Set() };
      counted.set(role, counts);
    }
    counts.pids.add(pid);
    counts.total++;
    if (noise) counts.noise++;
    else counts.names.set(name, (counts.names.get(name) ?? 0) + 1);
    return false;
  };
  for (const { type, pid, data } of walk(count)) {
    if (type === 'kernel.process-forked' && ofRuntime.has(pid)) ofRuntime.add(Number(data.childPid));
    if (type !== 'kernel.syscall-made') continue;
    count({ pid, name: String(data.name), process: String(data.process ?? 'unknown'), noise: data.noise === true });
  }
  return counted;
}

export interface CountChange {
  name: string;
  a: number;
  b: number;
}

/** Names that one makes more often than the other, the largest difference first. */
export function countChanges(a: CallCounts | undefined, b: CallCounts | undefined): CountChange[] {
  const names = new Set([...(a?.names.keys() ?? []), ...(b?.names.keys() ?? [])]);
  return [...names]
    .map((name) => ({ name, a: a?.names.get(name) ?? 0, b: b?.names.get(name) ?? 0 }))
    .filter((change) => change.a !== change.b)
    .sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a));
}

const shown = ({ name, a, b }: CountChange): string =>
  a === 0 ? `${name} ${b}` : b === 0 ? `${name} ${a}` : `${name} ${a} → ${b}`;

/** What the counts of one role come to, as sentences: how many, the names of one side alone, the names of both. */
export function countSentences(role: string, a: CallCounts | undefined, b: CallCounts | undefined): string[] {
  const changes = countChanges(a, b);
  const of = (counts: CallCounts | undefined): string =>
    counts === undefined
      ? 'none'
      : `${counts.total} by ${counts.pids.size} process${counts.pids.size === 1 ? '' : 'es'}`;
  const sentences = [`${role}: ${of(a)} in A, ${of(b)} in B`];
  const add = (words: string, wanted: CountChange[]): void => {
    if (wanted.length > 0) sentences.push(`${words}: ${wanted.map(shown).join(', ')}`);
  };
  add(
    'only A',
    changes.filter((change) => change.b === 0),
  );
  add(
    'only B',
    changes.filter((change) => change.a === 0),
  );
  add(
    'both',
    changes.filter((change) => change.a > 0 && change.b > 0),
  );
  return sentences;
}
