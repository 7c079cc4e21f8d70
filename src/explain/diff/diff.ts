// `tlab trace diff`: two traces aligned by meaning. Effects are compared (effects/), each difference gets the cause at its root
// (causes.ts), differences of one cause stand together. Rule: the same command twice has no difference.
import type { Cause } from '../../trace/cause.ts';
import type { Trace } from '../../trace/file.ts';
import { effectsOf } from '../effects/effect.ts';
import { DiffCauses } from './causes.ts';
import { type Change, compare } from './compare.ts';
import { type DiffLine, diffLines, eventNumbers } from './words.ts';

export interface DifferenceGroup {
  cause: Cause | undefined;
  /** Whether the cause is something that was asked differently. */
  asked: boolean;
  /** Who has the flag: `A`, `B`, or nothing where both do. */
  sides: string;
  lines: DiffLine[];
}

export interface Difference {
  a: Trace;
  b: Trace;
  /** What was asked differently. */
  asked: Cause[];
  groups: DifferenceGroup[];
  alike: number;
  /** What makes the comparison weaker: other hosts, losses. */
  notes: string[];
}

export function diffTraces(a: Trace, b: Trace): Difference {
  const { changes, alike } = compare(effectsOf(a.events), effectsOf(b.events));
  const causes = new DiffCauses(a, b);
  const groups = new Map<string, { cause: Cause | undefined; asked: boolean; changes: Change[] }>();
  for (const change of changes) {
    const { cause, asked } = causes.of(change);
    const group = groups.get(cause ?? '') ?? { cause, asked, changes: [] };
    group.changes.push(change);
    groups.set(cause ?? '', group);
  }
  const told = [...groups.values()].map(({ cause, asked, changes: own }) => ({
    cause,
    asked,
    sides: cause === undefined ? '' : sidesOf(cause, a, b),
    lines: diffLines(own),
  }));
  told.sort((x, y) => Number(y.asked) - Number(x.asked));
  return { a, b, asked: causes.asked, groups: told, alike, notes: notesOf(a, b) };
}

/** Which command has the flag; nothing where both have it, with other values. */
function sidesOf(cause: Cause, a: Trace, b: Trace): string {
  const has = (trace: Trace): boolean =>
    trace.events.some(
      ({ type, data }) => type === 'cli.request-sent' && Object.values(data.provenance ?? {}).includes(cause),
    );
  const [inA, inB] = [has(a), has(b)];
  return inA === inB ? '' : inA ? 'A' : 'B';
}

function notesOf(a: Trace, b: Trace): string[] {
  const notes: string[] = [];
  for (const [name, trace] of [
    ['A', a],
    ['B', b],
  ] as const) {
    if (trace.header.lost > 0)
      notes.push(`${name} lost ${trace.header.lost} records: what it lacks here may have happened`);
    if (trace.unreadable > 0) notes.push(`${name} is partial: ${trace.unreadable} lines of it could not be read`);
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
  return { schema: 'tlab.trace-diff', version: 1, a: side(a), b: side(b), asked, alike, notes, differences };
}
