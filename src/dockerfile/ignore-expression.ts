// The regular expressions of .dockerignore, which are RE2's: linear in time whatever they hold. JavaScript's go back and try again, so that a hostile
// pattern would hold up the daemon; one with more than two repetitions is therefore walked here, all its states at once.
import { LabError } from '../base/errors.ts';

export const malformed = (pattern: string, needed: string): LabError =>
  new LabError('invalidArgument', `pattern "${pattern}": expected ${needed}`);

/** With this many a search takes at most the square of the path's length. */
const repetitionsMax = 2;

/**
 * `source`: `^`, then characters, escapes, classes, `[^/]*` and `(.*` + `/)?`, then `$`. Errors: invalidArgument, naming the pattern as it was written.
 */
export function expressionOf(source: string, written: string): (path: string) => boolean {
  const steps = stepsOf([...source], written);
  if (steps.filter(({ repeats }) => repeats).length > repetitionsMax) return (path) => walk(steps, path);
  try {
    const form = new RegExp(`^${steps.map(({ text }) => text).join('')}$`, 'u');
    return (path) => form.test(path);
  } catch (cause) {
    throw new LabError('invalidArgument', `pattern "${written}": expected one that can be matched`, { cause });
  }
}

interface Step {
  /** As JavaScript writes it. */
  text: string;
  takes(c: string): boolean;
  repeats: boolean;
  /** `(.*` + `/)?`: nothing, or anything up to a slash. */
  isDeep?: boolean;
}

/** Between the first ^ and the last $. */
function stepsOf(chars: readonly string[], written: string): Step[] {
  const steps: Step[] = [];
  for (let at = 1; at < chars.length - 1; ) {
    if (chars[at] === '(') {
      steps.push({ text: '(?:[^\\n]*/)?', takes: isNoBreak, repeats: true, isDeep: true });
      at += '(.*/)?'.length;
      continue;
    }
    const { text, end } = atomAt(chars, at, written);
    const repeats = chars[end] === '*';
    steps.push({ text: repeats ? `${text}*` : text, takes: takesOf(text), repeats });
    at = repeats ? end + 1 : end;
  }
  return steps;
}

const isNoBreak = (c: string): boolean => c !== '\n';

function takesOf(text: string): (c: string) => boolean {
  if (text === '[^/]') return (c) => c !== '/';
  try {
    const form = new RegExp(`^${text}$`, 'u');
    return (c) => form.test(c);
  } catch {
    // A class that is none: the whole expression is refused.
    throw malformed(text, 'a class of characters');
  }
}

/** One character, one escape, one class; `end` is behind it. */
function atomAt(chars: readonly string[], at: number, written: string): { text: string; end: number } {
  const c = chars[at] ?? '';
  if (c === '\\') return { text: escaped(chars[at + 1] ?? '', written), end: at + 2 };
  if (c === '[') return classAt(chars, at, written);
  // In the middle it is where nothing can be.
  if (c === '^') return { text: '(?!)', end: at + 1 };
  return { text: c === '.' ? '[^\\n]' : c === ']' ? '\\]' : c, end: at + 1 };
}

/** Letters have their classes, everything else is itself. */
function escaped(c: string, written: string): string {
  if (/^[dswDSWfnrtv]$/.test(c)) return `\\${c}`;
  if (/^[A-Za-z0-9]$/.test(c)) throw malformed(written, 'no letter or digit behind the escape character');
  return /^[\^$\\.*+?()[\]{}|/-]$/.test(c) ? `\\u{${c.codePointAt(0)?.toString(16)}}` : c;
}

/** A class from its `[` on; `]` right behind the opening is one of its characters. */
function classAt(chars: readonly string[], start: number, written: string): { text: string; end: number } {
  let at = start + 1;
  let text = '[';
  if (chars[at] === '^') text += chars[at++];
  for (let isFirst = true; at < chars.length && (isFirst || chars[at] !== ']'); isFirst = false, at++) {
    const c = chars[at] ?? '';
    text +=
      c === '\\' ? escaped(chars[++at] ?? '', written) : c === '-' || /[^[\]&^]/u.test(c) ? c : escaped(c, written);
  }
  return { text: `${text}]`, end: at + 1 };
}

/** Every place in the pattern that the path so far may have come to. Two numbers a step: in front of it, and inside of a deep one. */
function walk(steps: readonly Step[], path: string): boolean {
  let at = new Set<number>();
  reach(steps, 0, at);
  for (const c of path) {
    const next = new Set<number>();
    for (const state of at) {
      const index = state >> 1;
      const step = steps[index];
      if (step === undefined || !step.takes(c)) continue;
      if (step.isDeep === true) {
        next.add(2 * index + 1);
        if (c === '/') reach(steps, index + 1, next);
      } else reach(steps, step.repeats ? index : index + 1, next);
    }
    if (next.size === 0) return false;
    at = next;
  }
  return at.has(2 * steps.length);
}

/** A step that may take nothing leads on to the next. */
function reach(steps: readonly Step[], from: number, states: Set<number>): void {
  for (let index = from; ; index++) {
    states.add(2 * index);
    if (steps[index]?.repeats !== true) return;
  }
}
