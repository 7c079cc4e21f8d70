// A difference in words: what one trace has and the other lacks, or what became of a value. Many of one kind are one sentence.
import { type Effect, type EffectKind, effectKinds } from '../effects/kinds.ts';
import type { Change } from './compare.ts';

export type Sign = '-' | '+' | '~';

/** A line of the comparison: one change, or several of the same kind that went the same way. */
export interface DiffLine {
  sign: Sign;
  words: string;
  /** The same with the value of each. */
  full: string;
  changes: Change[];
}

export const signOf = ({ a, b }: Change): Sign => (a === undefined ? '+' : b === undefined ? '-' : '~');

/** The changes of one cause as lines: grouped by sign, kind and, for changed values, by how they changed. */
export function diffLines(changes: readonly Change[]): DiffLine[] {
  const groups = new Map<string, [Change, ...Change[]]>();
  for (const change of changes) {
    const key = `${signOf(change)} ${change.kind} ${signOf(change) === '~' ? valueChange(change) : ''}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [change]);
    else known.push(change);
  }
  const lines = [...groups.values()].map((group) => ({
    sign: signOf(group[0]),
    words: wordsOf(group, group.length <= mostWithValues),
    full: wordsOf(group, true),
    changes: group,
  }));
  const order: Sign[] = ['-', '+', '~'];
  return lines.sort((x, y) => order.indexOf(x.sign) - order.indexOf(y.sign));
}

/** More than so many of a kind are named only, without their values. */
const mostWithValues = 3;

function wordsOf(group: readonly [Change, ...Change[]], withValues: boolean): string {
  const [first] = group;
  const names = effectKinds[first.kind];
  if (signOf(first) === '~') return `${changedHead(group)}: ${valueChange(first)}`;
  if (group.length === 1) return `${names.one}: ${item(first)}`;
  const absent = group.filter((one) => (one.a ?? one.b)?.absent === true).length;
  const note = absent === 0 ? '' : ` (${absent} not on this host)`;
  const items = group.map(withValues ? item : (one) => one.subject);
  return `${group.length} ${names.many}${note}: ${items.join(', ')}`;
}

/** Kinds of which a container has one: the subject would say the same again. */
const single: ReadonlySet<EffectKind> = new Set(['exec', 'seccomp', 'cwd', 'exit']);

function changedHead(group: readonly [Change, ...Change[]]): string {
  const [{ kind, subject }] = group;
  const { one, many } = effectKinds[kind];
  if (group.length > 1) return `${group.length} ${many} (${common(group)})`;
  return single.has(kind) || subject === one ? one : `${one} ${subject}`;
}

type Phrase = (subject: string, value: string) => string;
const phrases: Partial<Record<EffectKind, Phrase>> = {
  exec: (_, value) => value,
  exit: (_, value) => value,
  cwd: (_, value) => value,
  seccomp: (_, value) => value,
  hostname: (subject, value) => (subject === 'host name' ? value : `${subject} ${value}`),
  mount: (subject, value) => `${subject} (${value.replace(' ', ', ').replaceAll(',', ', ').replaceAll(',  ', ', ')})`,
  symlink: (subject, value) => `${subject} to ${value}`,
  device: (subject, value) => `${subject} (${value})`,
  address: (subject, value) => `${value} ${subject}`,
  route: (subject, value) => `${subject} ${value}`,
  link: (subject, value) => `${subject} (${value})`,
};

/** `/proc/acpi`, `memory.limit_in_bytes = 67108864`, `/dev/shm (tmpfs, nodev)`. */
function item({ kind, subject, a, b }: Change): string {
  const value = (a ?? b)?.value ?? '';
  if (value === '') return subject;
  return phrases[kind]?.(subject, value) ?? `${subject} = ${value}`;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** Subjects that share a folder with three others are `/sys/fs/cgroup/*`. */
function common(group: readonly Change[]): string {
  const byFolder = Map.groupBy(
    group.map((one) => one.subject),
    folderOf,
  );
  return [...byFolder]
    .flatMap(([folder, subjects]) => (folder.length > 1 && subjects.length > 3 ? [`${folder}*`] : subjects))
    .join(', ');
}

/** Values of some kinds are sets: what came and what went says more than both in full. */
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

/** `ro → rw` where that is all; else the options that came and went, or both where the source changed too. */
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
