// A difference in words: what one trace has and the other lacks, or what became of a value. Many of one kind are one sentence.
import { type Effect, effectKinds } from '../effects/effect.ts';
import type { Change } from './compare.ts';

export type Sign = '-' | '+' | '~';

/** A line of the comparison: one change, or several of the same kind that went the same way. */
export interface DiffLine {
  sign: Sign;
  words: string;
  changes: Change[];
}

export const signOf = ({ a, b }: Change): Sign => (a === undefined ? '+' : b === undefined ? '-' : '~');

/** The changes of one cause as lines: grouped by sign, kind and, for changed values, by how they changed. */
export function diffLines(changes: readonly Change[]): DiffLine[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const how = signOf(change) === '~' ? valueChange(change) : '';
    const key = `${signOf(change)} ${change.kind} ${how}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const lines = [...groups.values()].map(
    (group): DiffLine => ({ sign: signs(group), words: wordsOf(group), changes: group }),
  );
  const order: Sign[] = ['-', '+', '~'];
  return lines.sort((x, y) => order.indexOf(x.sign) - order.indexOf(y.sign));
}

const signs = ([first]: readonly Change[]): Sign => (first === undefined ? '~' : signOf(first));

function wordsOf(group: readonly Change[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const names = effectKinds[first.kind];
  if (signOf(first) === '~') {
    const what =
      group.length === 1 ? `${names.one} ${first.subject}` : `${group.length} ${names.many} ${common(group)}`;
    return `${what}: ${valueChange(first)}`;
  }
  if (group.length === 1) return `${names.one}: ${item(first)}`;
  const absent = group.filter((one) => (one.a ?? one.b)?.absent === true).length;
  const note = absent === 0 ? '' : ` (${absent} not on this host)`;
  return `${group.length} ${names.many}${note}: ${group.map(item).join(', ')}`;
}

/** `/proc/acpi`, `memory.limit_in_bytes = 67108864`. */
function item({ subject, a, b }: Change): string {
  const value = (a ?? b)?.value ?? '';
  return value === '' ? subject : `${subject} = ${value}`;
}

/** What several subjects share: `/sys/fs/cgroup/*`; all of them where they share nothing. */
function common(group: readonly Change[]): string {
  const subjects = group.map((one) => one.subject);
  const folder = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
  const [first = ''] = subjects;
  return subjects.length > 3 && folder(first).length > 1 && subjects.every((path) => folder(path) === folder(first))
    ? `${folder(first)}*`
    : subjects.join(', ');
}

/** Values of these kinds are sets: what came and what went says more than both in full. */
function valueChange({ kind, a, b }: Change): string {
  const [before, after] = [a?.value ?? '', b?.value ?? ''];
  if (kind === 'capabilities') return setChange(before.split(','), after.split(','), true);
  if (kind === 'mount') return mountChange(before, after);
  return `${before || 'none'} → ${after || 'none'}`;
}

function setChange(before: readonly string[], after: readonly string[], counted: boolean): string {
  const [old, now] = [new Set(before.filter(Boolean)), new Set(after.filter(Boolean))];
  const came = [...now].filter((word) => !old.has(word)).map((word) => `+${word}`);
  const went = [...old].filter((word) => !now.has(word)).map((word) => `-${word}`);
  const changed = [...went, ...came].join(' ');
  return counted ? `${old.size} → ${now.size}, ${changed}` : changed;
}

/** `ro → rw` where that is all; else the options that came and went, after the source where it changed. */
function mountChange(before: string, after: string): string {
  const [[oldHead, oldOptions], [newHead, newOptions]] = [headAndOptions(before), headAndOptions(after)];
  if (oldHead !== newHead) return `${before} → ${after}`;
  const words = setChange(oldOptions, newOptions, false);
  return words === '-ro' ? 'ro → rw' : words === '+ro' ? 'rw → ro' : words;
}

function headAndOptions(value: string): [string, string[]] {
  const at = value.indexOf(' ');
  return at < 0 ? [value, []] : [value.slice(0, at), value.slice(at + 1).split(',')];
}

/** The numbers of the events behind an effect, for `tlab why`. */
export const eventNumbers = (effect: Effect | undefined): number[] => effect?.events.map((event) => event.seq) ?? [];
