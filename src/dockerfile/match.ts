// Patterns of COPY's and ADD's sources: Go's filepath.Match on slash-separated paths. `*` and `?` never match a slash, `[a-c]` and `[^a-c]` are
// classes (that may), a backslash takes the next character as itself. And Go's way to clean a path.
// @source go path/filepath Match, Clean
import { LabError } from '../base/errors.ts';

/** Whether a source is a pattern and not a name. A backslash hides the next character from the question. */
export const hasWildcards = (source: string): boolean => /[*?[]/.test(source.replace(/\\./gs, ''));

/** `/./` and `//` shortened, `..` resolved in the text; never empty: `.` is nothing. */
export function cleanPath(path: string): string {
  const isRooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!isRooted) parts.push('..');
  }
  return isRooted ? `/${parts.join('/')}` : parts.join('/') || '.';
}

type Token =
  | { kind: 'star' }
  | { kind: 'any' }
  | { kind: 'char'; char: string }
  | { kind: 'class'; has: (c: string) => boolean };

export const isWellFormed = (pattern: string): boolean => tokensOf(pattern) !== undefined;

/** A matcher for whole paths. Errors: invalidArgument for a malformed pattern. */
export function matcherOf(pattern: string): (path: string) => boolean {
  const tokens = tokensOf(pattern);
  if (tokens === undefined)
    throw new LabError(
      'invalidArgument',
      `pattern "${pattern}": expected closed brackets, and no escape character at its end`,
    );
  return (path) => matches(tokens, [...path]);
}

function tokensOf(pattern: string): Token[] | undefined {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'any' });
    else if (char === '[') {
      const found = classAt(chars, at + 1);
      if (found === undefined) return undefined;
      tokens.push({ kind: 'class', has: found.has });
      at = found.end;
    } else if (char === '\\') {
      const next = chars[++at];
      if (next === undefined) return undefined;
      tokens.push({ kind: 'char', char: next });
    } else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

/** At least one range; a `]` or `-` in it needs the escape character. `end` is the closing bracket. */
function classAt(chars: readonly string[], start: number): { has: (c: string) => boolean; end: number } | undefined {
  let at = start;
  const isNegated = chars[at] === '^';
  if (isNegated) at++;
  const ranges: Array<[number, number]> = [];
  const one = (): number | undefined => {
    let char = chars[at++];
    if (char === undefined || char === '-' || char === ']') return undefined;
    if (char === '\\') char = chars[at++];
    // The closing bracket has to come yet.
    return at < chars.length ? char?.codePointAt(0) : undefined;
  };
  while (ranges.length === 0 || chars[at] !== ']') {
    const low = one();
    if (low === undefined) return undefined;
    const isRange = chars[at] === '-';
    if (isRange) at++;
    const high = isRange ? one() : low;
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  const has = (c: string): boolean => {
    const code = c.codePointAt(0) ?? 0;
    return ranges.some(([low, high]) => low <= code && code <= high) !== isNegated;
  };
  return { has, end: at };
}

/** Goes back to the last star only: no pattern takes more than the product of the two lengths. */
function matches(tokens: readonly Token[], path: readonly string[]): boolean {
  let at = 0;
  let token = 0;
  let star: { token: number; at: number } | undefined;
  while (at < path.length) {
    const wanted = tokens[token];
    if (wanted?.kind === 'star') {
      star = { token: token++, at };
    } else if (wanted !== undefined && takes(wanted, path[at] ?? '')) {
      token++;
      at++;
    } else if (star !== undefined && path[star.at] !== '/') {
      token = star.token + 1;
      at = ++star.at;
    } else return false;
  }
  return tokens.slice(token).every(({ kind }) => kind === 'star');
}

function takes(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'class') return token.has(char);
  return token.kind === 'any' && char !== '/';
}
