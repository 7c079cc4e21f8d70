// The way back: from a flag to everything that it caused in a trace. Fields of the request, lines of config.json, events of every stage,
// and the system calls that carry those out. Rule: an event belongs to a flag when its own chain of causes ends there; nothing is guessed.
import type { Trace, TraceEvent } from '../trace/file.ts';
import { Causes } from './causes.ts';

export interface FlagEffects {
  /** `--memory`. */
  flag: string;
  /** Flags that this trace knows of. */
  known: string[];
  /** False when no client of this trace wrote where its fields come from. */
  hasProvenance: boolean;
  /** JSON pointers into the request. */
  fields: string[];
  /** JSON pointers into config.json. */
  pointers: string[];
  /** Those of levels 0 to 2, in order. */
  events: TraceEvent[];
  calls: CallCounts;
}

export interface CallCounts {
  total: number;
  noise: number;
  /** How many of each name, noise apart, the most frequent first. */
  names: [string, number][];
  /** The first ones that are not noise. */
  first: TraceEvent[];
  /** How many belong to each event. */
  ofEvent: Map<number, number>;
}

/** Reads the calls that carry out one of these events. */
export type CallReader = (isWanted: (operation: number | undefined) => boolean) => Iterable<TraceEvent>;

const mostCalls = 12;

export function effectsOfFlag(trace: Trace, flag: string, readCalls: CallReader): FlagEffects {
  const causes = new Causes(trace);
  const root = `flag:${flag as `--${string}`}` as const;
  const { api, config } = causes.reachedFrom(root);
  const isPart = (event: TraceEvent): boolean => causes.chainOf(event).also.some((one) => one.root === root);
  const isWhole = (event: TraceEvent): boolean => causes.chainOf(event).links.includes(root);
  const events = trace.events.filter((event) => isWhole(event) || isPart(event));
  const numbers = new Set(events.map((event) => event.seq));
  /** Of a rule only what hands it to the kernel: the rest is plumbing of the daemon, or of iptables and its loader. */
  const rules = new Set(events.filter(isRule).map((event) => event.seq));
  const whole = new Set(events.filter(isWhole).map((event) => event.seq));
  const loads = ruleLoads(trace, events);
  const isWanted = (operation: number | undefined): boolean =>
    operation !== undefined && (numbers.has(operation) || loads.has(operation));
  /** Of an event that the flag has a part in: the call that carries out that part, or the one that carries out all parts at once. */
  const isOf = (call: TraceEvent): boolean => {
    const operation = call.data.operation as number | undefined;
    if (operation === undefined || !isWanted(operation)) return false;
    const tables = loads.get(operation);
    if (tables !== undefined) return isLoadOf(call, tables);
    if (rules.has(operation)) return runsIptables(call) || carriesRules(call);
    if (call.data.name === 'prctl') return isWhole(call);
    return whole.has(operation) || isCentral(call);
  };
  return {
    flag,
    known: causes.flags(),
    hasProvenance: causes.hasProvenance,
    fields: api,
    pointers: config,
    events,
    calls: numbers.size === 0 ? countCalls([]) : countCalls(readCalls(isWanted), isOf),
  };
}

const isRule = ({ type }: TraceEvent): boolean => /^kernel\.(rule|chain)-/.test(type);

/** Rules go into the kernel by iptables-restore, many at once: which event ran it, and the tables of our rules among its. */
function ruleLoads(trace: Trace, events: readonly TraceEvent[]): Map<number, Set<string>> {
  const loads = new Map<number, Set<string>>();
  for (const rule of events.filter(isRule)) {
    const load = trace.events.findLast(
      ({ type, pid, seq, data }) =>
        type === 'kernel.process-executed' &&
        pid === rule.pid &&
        seq < rule.seq &&
        String(data.executable).endsWith('-restore'),
    );
    if (load === undefined) continue;
    loads.set(load.seq, (loads.get(load.seq) ?? new Set()).add(String(rule.data.table)));
  }
  return loads;
}

/** A netlink batch to nf_tables, or the old interface's whole table. @source uapi linux/netfilter/nf_tables.h, x_tables.h */
function carriesRules({ data }: TraceEvent): boolean {
  const text = JSON.stringify(data.args);
  if (data.name === 'setsockopt') return text.includes('_SO_SET_REPLACE');
  return /^send(msg|to)$/.test(String(data.name)) && /NFT_MSG_(NEW|DEL)(RULE|CHAIN)/.test(text);
}

/** What carries rules of one of these tables; the old interface's call does not show which. */
function isLoadOf(call: TraceEvent, tables: ReadonlySet<string>): boolean {
  if (!carriesRules(call) || call.data.name === 'setsockopt') return carriesRules(call);
  const text = JSON.stringify(call.data.args);
  return [...tables].some((table) => text.includes(`_TABLE}, \\"${table}\\"`));
}

const runsIptables = ({ data }: TraceEvent): boolean =>
  /^execve(at)?$/.test(String(data.name)) && data.errno === undefined && /ip6?tables/.test(JSON.stringify(data.args));

const isCentral = ({ data }: TraceEvent): boolean =>
  /^(capset|execve|execveat|bpf)$/.test(String(data.name)) && data.process !== 'container';

function countCalls(calls: Iterable<TraceEvent>, isWanted?: (call: TraceEvent) => boolean): CallCounts {
  const names = new Map<string, number>();
  const counts: CallCounts = { total: 0, noise: 0, names: [], first: [], ofEvent: new Map() };
  for (const call of calls) {
    const { operation, name, noise } = call.data;
    if (call.type !== 'kernel.syscall-made' || typeof operation !== 'number' || isWanted?.(call) !== true) continue;
    counts.total++;
    counts.ofEvent.set(operation, (counts.ofEvent.get(operation) ?? 0) + 1);
    if (noise === true) {
      counts.noise++;
      continue;
    }
    names.set(String(name), (names.get(String(name)) ?? 0) + 1);
    if (counts.first.length < mostCalls) counts.first.push(call);
  }
  counts.names = [...names].sort(([, a], [, b]) => b - a);
  return counts;
}
