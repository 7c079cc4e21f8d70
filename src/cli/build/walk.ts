// The files of a context that are sent: what .dockerignore leaves, of it what the build can use, and what symlinks among that lead to, inside of the context.
// Names come in the order of their bytes. Nothing is read here but directories.
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { IgnoreMatches, IgnoreRules } from '../../dockerfile/ignore.ts';
import { cleanPath, hasWildcards, matcherOf } from '../../dockerfile/match.ts';

export interface Walked {
  /** Relative to the context. */
  path: string;
  stats: Stats;
}

/** `sources`: paths and patterns that are wanted; undefined is everything. Errors: permissionDenied for a directory that cannot be read. */
export function* walkContext(
  root: string,
  rules: IgnoreRules,
  sources: readonly string[] | undefined,
): Generator<Walked> {
  const wanted = sources === undefined ? undefined : wantedPaths(root, sources);
  yield* below(root, { rules, wanted }, '', undefined);
}

interface Choice {
  rules: IgnoreRules;
  wanted: ReadonlySet<string> | undefined;
}

function* below(root: string, choice: Choice, folder: string, above: IgnoreMatches | undefined): Generator<Walked> {
  for (const name of namesIn(root, folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = lstatSync(`${root}/${path}`, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const { isIgnored, matches } = choice.rules.match(path, above);
    const isOnWay = choice.wanted === undefined || isWanted(choice.wanted, path, stats.isDirectory());
    if (!isOnWay) continue;
    if (!isIgnored) yield { path, stats };
    if (stats.isDirectory() && (!isIgnored || (choice.rules.hasExceptions && choice.rules.mayHoldExceptions(path))))
      yield* below(root, choice, path, matches);
  }
}

function namesIn(root: string, folder: string): string[] {
  try {
    return readdirSync(`${root}/${folder}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new LabError('permissionDenied', `no permission to read from '${root}/${folder}'`, {
      cause: error,
      hint: 'leave it out with .dockerignore',
    });
  }
}

/** Something wanted is it, is below it, or has it inside. */
function isWanted(wanted: ReadonlySet<string>, path: string, isDirectory: boolean): boolean {
  if (wanted.has('')) return true;
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) if (wanted.has(at)) return true;
  return isDirectory && [...wanted].some((one) => one.startsWith(`${path}/`));
}

/** @source man path_resolution(7) */
const mostSymlinks = 255;

/** Patterns become what they match, and a symlink brings what it leads to. */
function wantedPaths(root: string, sources: readonly string[]): Set<string> {
  const wanted = new Set<string>();
  for (const source of sources) {
    const path = relative(source);
    if (!hasWildcards(path)) follow(root, path, wanted);
    else for (const match of matches(root, path)) follow(root, match, wanted);
  }
  return wanted;
}

const relative = (path: string): string => cleanPath(`/${path}`).slice(1);

/** `**` may be any number of directories: then all below the literal part. */
function* matches(root: string, pattern: string): Generator<string> {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => hasWildcards(part) || part.includes('\\'));
  const base = parts.slice(0, first).join('/');
  if (pattern.includes('**')) return void (yield base);
  const isMatch = matcherOf(pattern);
  const search = function* (folder: string, depth: number): Generator<string> {
    for (const name of namesIn(root, folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (isMatch(path)) yield path;
      else if (depth < parts.length && lstatSync(`${root}/${path}`).isDirectory()) yield* search(path, depth + 1);
    }
  };
  if (lstatSync(`${root}/${base}`, { throwIfNoEntry: false })?.isDirectory()) yield* search(base, first + 1);
}

/** The path, each symlink on its way, and where it leads to; `..` and absolute targets stay inside, as in the build. */
function follow(root: string, path: string, wanted: Set<string>): void {
  const pending = path.split('/').filter(Boolean);
  let at = '';
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift() ?? '';
    const next = relative(`${at}/${part}`);
    const stats = lstatSync(`${root}/${next}`, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() !== true || ++links > mostSymlinks) {
      at = next;
      continue;
    }
    wanted.add(next);
    const target = readlinkSync(`${root}/${next}`);
    pending.unshift(...target.split('/').filter((name) => name !== '' && name !== '.'));
    if (target.startsWith('/')) at = '';
  }
  wanted.add(at);
}
