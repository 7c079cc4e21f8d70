// .dockerignore: its lines → patterns → whether a path is left out. The same patterns are those of COPY --exclude.
// Later lines win; a pattern also covers what is below the directory that it names; `!` takes things back in.
// Rule: a directory's answer is handed to its children (`below`), as Docker's walk does it: an exception that had nothing to take back at the
// directory does not speak for what is in it.
// @source dockerfile reference: .dockerignore file; moby/patternmatcher
import { expressionOf, malformed } from './ignore-expression.ts';
import { cleanPath, isWellFormed } from './match.ts';

/** What was found for a directory, for its children: one answer a pattern. */
export type IgnoreMatches = readonly boolean[];

export interface IgnoreRules {
  hasExceptions: boolean;
  /** `path` is relative, clean, without a slash at its end; `below` the matches of its directory, none for one at the top. */
  match(path: string, below?: IgnoreMatches): { isIgnored: boolean; matches: IgnoreMatches };
  /** The same for a path whose directories were not looked at. */
  isIgnored(path: string): boolean;
  /** Whether something in an ignored directory may come back through an exception. */
  mayHoldExceptions(directory: string): boolean;
}

/** The patterns of a .dockerignore, in order, clean; `!` in front of exceptions. */
export function parseIgnore(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return lines.flatMap((raw) => {
    // A comment starts in the first column; blanks before the sign make it a pattern.
    if (raw.startsWith('#')) return [];
    const line = trimmed(raw);
    if (line === '') return [];
    const isException = line.startsWith('!');
    const pattern = isException ? trimmed(line.slice(1)) : line;
    const clean = pattern === '' ? '' : withoutRoot(cleanPath(pattern));
    return [isException ? `!${clean}` : clean];
  });
}

/** What Go's TrimSpace takes away. */
const trimmed = (text: string): string => text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, '');
const withoutRoot = (path: string): string => (path.length > 1 && path.startsWith('/') ? path.slice(1) : path);

interface Pattern {
  text: string;
  isException: boolean;
  test(path: string): boolean;
}

/** Errors: invalidArgument for a pattern that is malformed. */
export function ignoreRules(patterns: readonly string[]): IgnoreRules {
  const compiled = patterns.flatMap((one) => {
    const pattern = compile(one);
    return pattern === undefined ? [] : [pattern];
  });
  const exceptions = compiled.filter(({ isException }) => isException);
  const match: IgnoreRules['match'] = (path, below) => matchAll(compiled, path, below);
  return {
    hasExceptions: exceptions.length > 0,
    match,
    isIgnored: (path) =>
      ancestry(path).reduce<ReturnType<typeof match> | undefined>(
        (above, each) => match(each, above?.matches),
        undefined,
      )?.isIgnored ?? false,
    // A pattern with wildcards may reach anywhere; one without only below its own directories.
    mayHoldExceptions: (directory) =>
      exceptions.some(({ text }) => /[*?[\\]/.test(text) || `${text}/`.startsWith(`${directory}/`)),
  };
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
function ancestry(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function matchAll(
  patterns: readonly Pattern[],
  path: string,
  below: IgnoreMatches = [],
): ReturnType<IgnoreRules['match']> {
  let isIgnored = false;
  const matches = patterns.map(({ isException, test }, index) => {
    const isMatch = below[index] === true || (isException === isIgnored && test(path));
    if (isMatch) isIgnored = !isException;
    return isMatch;
  });
  return { isIgnored, matches };
}

function compile(written: string): Pattern | undefined {
  const text = trimmed(written);
  if (text === '') return undefined;
  const clean = cleanPath(text);
  const isException = clean.startsWith('!');
  if (clean === '!') throw malformed(written, 'a pattern behind the !');
  const pattern = isException ? clean.slice(1) : clean;
  if (!isWellFormed(pattern)) throw malformed(written, 'closed brackets, and no escape character at its end');
  return { text: pattern, isException, test: testOf(pattern, written) };
}

/** More than any path is long: a pattern beyond it matches nothing. */
const patternMaxChars = 4096;

/** Most patterns are plain names; `name**` and `**name` need no expression either, and are not what one of them would match. */
function testOf(pattern: string, written: string): (path: string) => boolean {
  if (pattern.length > patternMaxChars)
    throw malformed(`${written.slice(0, 40)}…`, `at most ${patternMaxChars} characters`);
  const { source, kind } = regularOf(pattern);
  if (kind === 'exact') return (path) => path === pattern;
  if (kind === 'prefix') return (path) => path.startsWith(pattern.slice(0, -2));
  if (kind === 'suffix') {
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  }
  return expressionOf(source, written);
}

type Kind = 'exact' | 'prefix' | 'suffix' | 'regular';

const special = new Set('.+()|{}$');

/**
 * The expression that Docker makes of a pattern, in RE2's syntax: `**` is any number of directories, also none; `*` and `?` stay within one name.
 * It looks at single characters, also in brackets.
 */
function regularOf(pattern: string): { source: string; kind: Kind } {
  const chars = [...pattern];
  let source = '^';
  let kind: Kind = 'exact';
  for (let at = 0; at < chars.length; at++) {
    const c = chars[at] ?? '';
    if (c === '*' && chars[at + 1] === '*') {
      const isFirst = at === 0;
      at += chars[at + 2] === '/' ? 2 : 1;
      const isLast = at + 1 === chars.length;
      if (!isLast) source += '(.*/)?';
      else if (kind !== 'exact') source += '.*';
      kind = isFirst ? 'suffix' : isLast && kind === 'exact' ? 'prefix' : 'regular';
    } else if (c === '\\') {
      source += `\\${chars[++at] ?? ''}`;
      kind = 'regular';
    } else {
      source += c === '*' ? '[^/]*' : c === '?' ? '[^/]' : special.has(c) ? `\\${c}` : c;
      if ('*?[]'.includes(c)) kind = 'regular';
    }
  }
  return { source: `${source}$`, kind };
}
