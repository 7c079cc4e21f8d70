// The files that a layer changed, as a tree: a mark and a size each. Folders that only lead to a change have no mark.
import { paint } from '../../base/colour.ts';
import { printable } from '../../base/text.ts';
import type { Change } from '../../layers/changes.ts';
import { humanSize } from '../format/words.ts';

interface Branch {
  change: Change | undefined;
  children: Map<string, Branch>;
}

/** Lines in order of names; `width` columns at most, colours apart. */
export function* treeLines(changes: readonly Change[], width: number): Generator<string> {
  const root: Branch = { change: undefined, children: new Map() };
  for (const change of changes) add(root, change);
  yield* below(root, '', width);
}

function add(root: Branch, change: Change): void {
  let at = root;
  for (const part of change.path.split('/')) {
    let next = at.children.get(part);
    if (next === undefined) {
      next = { change: undefined, children: new Map() };
      at.children.set(part, next);
    }
    at = next;
  }
  at.change = change;
}

/** Deeper branches are drawn no further to the right. */
const deepest = 24;

function* below(branch: Branch, indent: string, width: number): Generator<string> {
  const children = [...branch.children].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [at, [name, child]] of children.entries()) {
    const isLast = at === children.length - 1;
    yield lineOf(`${indent}${isLast ? '└─ ' : '├─ '}`, name, { child, width });
    const next = indent.length >= deepest ? indent : `${indent}${isLast ? '   ' : '│  '}`;
    yield* below(child, next, width);
  }
}

const marks = { added: '+', changed: '~', removed: '-' } as const;
export const styles = { added: 'green', changed: 'yellow', removed: 'red' } as const;

function lineOf(indent: string, name: string, { child, width }: { child: Branch; width: number }): string {
  const { change } = child;
  const isFolder = child.children.size > 0 || (change && stateOf(change).type === 'directory');
  const right = change === undefined ? '' : aboutOf(change);
  const room = Math.max(8, width - indent.length - right.length - 5);
  const safe = printable(name) + (isFolder ? '/' : '');
  const shown = [...safe].length > room ? `${[...safe].slice(0, room - 1).join('')}…` : safe;
  if (change === undefined) return `  ${indent}${shown}`;
  return `${paint.out(styles[change.kind], marks[change.kind])} ${indent}${paint.out(styles[change.kind], shown)}  ${right}`.trimEnd();
}

const stateOf = (change: Change) => (change.kind === 'removed' ? change.before : change.after);

function aboutOf(change: Change): string {
  const state = stateOf(change);
  const size = state.type === 'file' ? humanSize(state.size, 3) : state.type === 'symlink' ? '→' : '';
  if (change.kind !== 'changed') return size === '→' ? `→ ${printable(state.link).slice(0, 30)}` : size;
  return [size === '→' ? '' : size, `(${change.what.join(', ')})`].filter((part) => part !== '').join(' ');
}
