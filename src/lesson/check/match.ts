// Matchers: what a lesson wants a fact to be, and both in words. Rule: equivalent spellings pass (70 and "70", true and "true").
import { printable } from '../../base/text.ts';
import { globMatcher } from '../../viewer/glob.ts';
import type { Matcher } from '../format/schema.ts';
import type { Facts } from './verdict.ts';

export function matches(wanted: Matcher, seen: unknown): boolean {
  if (typeof wanted !== 'object') return isEqual(wanted, seen);
  if ('not' in wanted) return !matches(wanted.not, seen);
  if ('absent' in wanted) return isAbsent(seen);
  if ('in' in wanted) return wanted.in.some((one) => isEqual(one, seen));
  if ('has' in wanted) {
    const parts = partsOf(seen);
    return [wanted.has].flat().every((one) => parts.some((part) => isEqual(one, part)));
  }
  const number = typeof seen === 'number' ? seen : Number(seen ?? Number.NaN);
  return number >= (wanted.min ?? Number.NEGATIVE_INFINITY) && number <= (wanted.max ?? Number.POSITIVE_INFINITY);
}

const isAbsent = (seen: unknown): boolean => seen === undefined || seen === null || seen === '';

function isEqual(wanted: string | number | boolean, seen: unknown): boolean {
  if (isAbsent(seen)) return wanted === '';
  if (typeof wanted !== 'string') return String(wanted) === String(seen);
  return globMatcher(wanted)(typeof seen === 'object' ? JSON.stringify(seen) : String(seen));
}

/** What a collection has: the items of a list, the keys of an object, the words of a text. */
function partsOf(seen: unknown): unknown[] {
  if (Array.isArray(seen)) return seen;
  if (typeof seen === 'object' && seen !== null) return Object.keys(seen);
  return typeof seen === 'string' ? seen.split(/[\s,]+/) : [];
}

/** Whether a fact is the same as another one; a text may have it among other words, as what sha256sum prints. */
export function isSameFact(other: string | number | boolean, seen: unknown): boolean {
  if (typeof seen !== 'string' || typeof other !== 'string') return matches(other, seen);
  const bare = (text: string): string => text.replace(/^sha256:(?=[0-9a-f]{64}$)/, '');
  return seen === other || partsOf(seen).some((part) => bare(String(part)) === bare(other));
}

/** The fact of a dotted path: `State.Running`; the longest key wins, since keys may have dots themselves (`80/tcp`, `a.b`). */
export function factOf(facts: Facts, path: string): unknown {
  if (Object.hasOwn(facts, path)) return facts[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot);
    if (!Object.hasOwn(facts, key)) continue;
    const inner = facts[key];
    return typeof inner === 'object' && inner !== null ? factOf(inner as Facts, path.slice(dot + 1)) : undefined;
  }
  return undefined;
}

export function matcherWords(wanted: Matcher): string {
  if (typeof wanted !== 'object') return printable(String(wanted));
  if ('not' in wanted) return `not ${matcherWords(wanted.not)}`;
  if ('absent' in wanted) return 'absent';
  if ('in' in wanted) return `one of ${wanted.in.map((one) => printable(String(one))).join(', ')}`;
  if ('has' in wanted)
    return `with ${[wanted.has]
      .flat()
      .map((one) => printable(String(one)))
      .join(', ')}`;
  const { min, max } = wanted;
  if (min === undefined) return `at most ${max ?? 'anything'}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

const longestValue = 200;

export function valueWords(seen: unknown): string {
  if (isAbsent(seen)) return 'absent';
  const text = printable(typeof seen === 'object' ? JSON.stringify(seen) : String(seen));
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
