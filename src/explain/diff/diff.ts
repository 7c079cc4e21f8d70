// `tlab trace diff`: two traces aligned by meaning. Effects are compared (effects/), each difference gets the cause at its root
// (causes.ts), differences of one cause stand together. Rule: the same command twice has no difference.

import { LabError } from '../../base/errors.ts';
import type { Cause } from '../../trace/cause.ts';
import { gapsOf, type Trace } from '../../trace/file.ts';
import { effectsOf } from '../effects/effect.ts';
import { type CallsByRole, type CallWalk, countCalls, countChanges, differingRoles } from './calls.ts';
import { askedWords, DiffCauses, historyWords } from './causes.ts';
import { type Change, compare } from './compare.ts';
import { type DiffLine, diffLines, eventNumbers } from './words.ts';

export interface DifferenceGroup {
  cause: Cause | undefined;
  /** Whether the cause is something that was asked differently. */
  asked: boolean;
  /** What was asked, as it was typed, and by whom where only one did: `--network host (B)`. Empty for other causes. */
  words: string;
  lines: DiffLine[];
}

export interface Difference {
  a: Trace;
  b: Trace;
  /** What was asked differently. */
  asked: Cause[];
  groups: DifferenceGroup[];
  alike: number;
  /** What makes the comparison weaker (other hosts, losses), and what one did only because it came first. */
  notes: string[];
  /** How they did it: counts of system calls; only where they were asked for, or the runtimes are not the same program. */
  calls: { a: CallsByRole; b: CallsByRole; roles: string[] } | undefined;
}

export interface DiffOptions {
  /** Level 3 of a trace. Not walked where it is not needed. */
  callsOf: (trace: Trace) => CallWalk;
  /** Count the calls of every process. */
  calls: boolean;
}

/** @throws LabError invalidArgument when one trace does not say what the runtime did, so that nothing could be compared. */
export function diffTraces(a: Trace, b: Trace, options: DiffOptions): Difference {
  assertComparable(a, b);
  const { changes, alike } = compare(effectsOf(a.events), effectsOf(b.events));
  const causes = new DiffCauses(a, b);
  const groups = new Map<string, { cause: Cause | undefined; asked: boolean; changes: Change[] }>();
  const history = new Set<string>();
  for (const change of changes) {
    const found = causes.of(change);
    const words = historyWords(found, change);
    if (words !== undefined) {
      history.add(words);
      continue;
    }
    const { cause, asked } = found;
    const group = groups.get(cause ?? '') ?? { cause, asked, changes: [] };
    group.changes.push(change);
    groups.set(cause ?? '', group);
  }
  const told = [...groups.values()].map(({ cause, asked, changes: own }) => ({
    cause,
    asked,
    words: cause === undefined || !asked ? '' : `${askedWords(cause, [a, b])}${sidesOf(cause, a, b)}`,
    lines: diffLines(own),
  }));
  told.sort((x, y) => Number(y.asked) - Number(x.asked));
  return {
    a,
    b,
    asked: causes.asked,
    groups: told,
    alike,
    notes: [...notesOf(a, b, options), ...history],
    calls: callsFor(a, b, options),
  };
}

/** The runtimes that a trace started: `tlab-runc`, `runc`. */
const runtimesOf = ({ events }: Trace): Set<string> =>
  new Set(
    events.flatMap(({ type, data }) =>
      type === 'kernel.process-executed' && Array.isArray(data.argv) && data.argv.includes('create')
        ? [String(data.executable).replace(/^.*\//, '')]
        : [],
    ),
  );

const toldOfRuntime = ({ events }: Trace): boolean =>
  events.some(({ type, data }) => type === 'kernel.operation-executed' && data.operation !== undefined);

/** A runtime that was started and of which nothing is known: a foreign one, in a trace without its system calls. */
function assertComparable(a: Trace, b: Trace): void {
  for (const [name, trace] of [
    ['A', a],
    ['B', b],
  ] as const) {
    const runtimes = [...runtimesOf(trace)];
    if (runtimes.length === 0 || toldOfRuntime(trace)) continue;
    throw new LabError(
      'invalidArgument',
      `${name} does not say what ${runtimes.join(', ')} did: expected its system calls, which this trace does not hold`,
      { hint: 'record it again where the tracer works: tlab doctor' },
    );
  }
}

function callsFor(a: Trace, b: Trace, { callsOf, calls }: DiffOptions): Difference['calls'] {
  const [ofA, ofB] = [[...runtimesOf(a)].join(), [...runtimesOf(b)].join()];
  if (!calls && (ofA === ofB || ofA === '' || ofB === '')) return undefined;
  const [inA, inB] = [countCalls(a.events, callsOf(a)), countCalls(b.events, callsOf(b))];
  if (inA.size === 0 || inB.size === 0) return undefined;
  const differing = differingRoles(inA, inB);
  return { a: inA, b: inB, roles: calls ? differing : differing.filter((role) => role === 'runtime') };
}

/** Which command has the flag; nothing where both have it, with other values. */
function sidesOf(cause: Cause, a: Trace, b: Trace): string {
  const has = (trace: Trace): boolean =>
    trace.events.some(
      ({ type, data }) => type === 'cli.request-sent' && Object.values(data.provenance ?? {}).includes(cause),
    );
  const [inA, inB] = [has(a), has(b)];
  return inA === inB ? '' : inA ? ' (A)' : ' (B)';
}

/** The status of a run that made no container. @source docker-run exit status */
const failedToRun = 125;

function failureOf({ events }: Trace): string[] {
  if (!events.some(({ type, data }) => type === 'cli.command-ended' && data.status === failedToRun)) return [];
  const error = events.findLast(({ type, data }) => type === 'cli.response-received' && data.error !== undefined);
  return [
    `failed before its program ran, status ${failedToRun}${error === undefined ? '' : `: ${String(error.data.error)}`}`,
  ];
}

function notesOf(a: Trace, b: Trace, { calls }: DiffOptions): string[] {
  const notes: string[] = [];
  for (const [name, trace] of [
    ['A', a],
    ['B', b],
  ] as const) {
    notes.push(...failureOf(trace).map((words) => `${name} ${words}`));
    const gaps = gapsOf(trace);
    if (gaps.length > 0) notes.push(`what ${name} lacks here may have happened: ${gaps.join('; ')}`);
    if (calls && (trace.header.calls ?? 0) === 0) {
      notes.push([`${name} holds no system calls`, ...trace.header.blind].join('; '));
    }
    const foreign = [...runtimesOf(trace)].filter((runtime) => !runtime.startsWith('tlab-'));
    if (foreign.length > 0) notes.push(`what ${foreign.join(', ')} did in ${name} is derived from its system calls`);
  }
  const [hostA, hostB] = [a.header.host, b.header.host];
  if (hostA.cgroup !== hostB.cgroup) notes.push(`the hosts differ: cgroup ${hostA.cgroup} in A, ${hostB.cgroup} in B`);
  if (hostA.kernel !== hostB.kernel) notes.push(`the hosts differ: kernel ${hostA.kernel} in A, ${hostB.kernel} in B`);
  return notes;
}

/** The comparison as data: `tlab.trace-diff`, version 1. */
export function diffJson(difference: Difference): unknown {
  const { a, b, asked, alike, notes } = difference;
  const side = (trace: Trace) => ({ id: trace.header.id, command: trace.header.command });
  const differences = difference.groups.flatMap(({ cause, lines }) =>
    lines.flatMap((line) =>
      line.changes.map((change) => ({
        cause,
        kind: change.kind,
        subject: change.subject,
        ...(change.a && { a: { value: change.a.value, events: eventNumbers(change.a) } }),
        ...(change.b && { b: { value: change.b.value, events: eventNumbers(change.b) } }),
      })),
    ),
  );
  const { calls } = difference;
  const counts = calls && {
    calls: Object.fromEntries(calls.roles.map((role) => [role, countChanges(calls.a.get(role), calls.b.get(role))])),
  };
  return { schema: 'tlab.trace-diff', version: 1, a: side(a), b: side(b), asked, alike, notes, differences, ...counts };
}
