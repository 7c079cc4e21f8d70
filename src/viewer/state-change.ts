// What two states of a kind differ in, as lines: each below what it belongs to. A line is the same when it says the same in the same place;
// how many lines stand below it is no difference of its own.
import { fit, printable } from '../base/text.ts';
import type { StateLine } from './state-fold.ts';

interface Placed extends StateLine {
  key: string;
  parents: readonly Placed[];
}

function placed(lines: readonly StateLine[]): Placed[] {
  const open: Placed[] = [];
  return lines.map((line) => {
    open.length = Math.min(open.length, line.indent);
    const parents = [...open];
    const key = [...parents, line].map(({ text }) => text.replace(/: \d+\b/, '')).join('\n');
    const one = { ...line, key, parents };
    open.push(one);
    return one;
  });
}

/** Lines of one that the other has not; where both have some alike, those that are too many. */
function only(of: readonly Placed[], other: readonly Placed[]): Placed[] {
  const left = new Map<string, number>();
  for (const { key } of other) left.set(key, (left.get(key) ?? 0) + 1);
  return of.filter(({ key }) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

/** `-` is gone, `+` is new, and what neither stands before is only where they belong. */
export function changedText(before: readonly StateLine[], after: readonly StateLine[], width: number): string[] {
  const [earlier, later] = [placed(before), placed(after)];
  const [gone, added] = [only(earlier, later), only(later, earlier)];
  if (gone.length + added.length === 0) return ['no difference'];
  return [...marked('-', gone, width), ...marked('+', added, width)];
}

function marked(mark: string, lines: readonly Placed[], width: number): string[] {
  const told = new Set<Placed>(lines);
  const textOf = (sign: string, { text, indent }: Placed): string =>
    fit(`${sign} ${'  '.repeat(indent)}${printable(text)}`, width);
  return lines.flatMap((line) => {
    const above = line.parents.filter((parent) => !told.has(parent));
    for (const parent of above) told.add(parent);
    return [...above.map((parent) => textOf(' ', parent)), textOf(mark, line)];
  });
}
