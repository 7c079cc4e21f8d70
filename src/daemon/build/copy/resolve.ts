// What the words of a COPY or ADD name, looked up in a tree: each is a path, or a pattern that gives one source a match, or a URL, or a heredoc. And the
// checksum of it all, which is what a later build compares: types, modes, names, targets, contents, owners where they count; no times.
// Rule: a path is resolved inside its tree, symlinks included; what is in a directory is taken as it is.
import { LabError } from '../../../base/errors.ts';
import { ignoreRules } from '../../../dockerfile/ignore.ts';
import { cleanPath, hasWildcards, matcherOf } from '../../../dockerfile/match.ts';
import { emit } from '../../../trace/recorder.ts';
import { checksumOf } from './checksum.ts';
import { fetchUrl } from './download.ts';
import { isArchive } from './extract.ts';
import { inlineFolder } from './inline.ts';
import { type Listed, listTree } from './native.ts';
import { isUrl } from './request.ts';
import type { CopyRequest, ResolvedSource, ResolvedSources, ResolveOptions, TreeEntry } from './types.ts';

/**
 * Everything that the instruction would copy from `root` (the context, or a mounted stage), downloads made. Errors: notFound for a source that is not
 * there, invalidArgument for a pattern that is malformed or matches nothing, what a download answers. `release()` the result in the end.
 */
export async function resolveSources(
  root: string,
  request: CopyRequest,
  options: ResolveOptions,
): Promise<ResolvedSources> {
  const startedMs = performance.now();
  const undo: Array<() => Promise<void>> = [];
  const release = async (): Promise<void> => {
    for (const step of undo.splice(0)) await step();
  };
  try {
    const sources: ResolvedSource[] = [];
    for (const source of request.sources)
      sources.push(
        ...(request.keyword === 'ADD' && isUrl(source)
          ? [await downloaded(source, request, options, undo)]
          : await local(root, source, request, options)),
      );
    for (const heredoc of request.inline) {
      const folder = await inlineFolder(heredoc);
      undo.push(folder.remove);
      sources.push(await plain(folder, options));
    }
    const all = sources.flatMap(({ entries }) => entries);
    const { digest: checksum, files } = await checksumOf(sources, request, options);
    const sizeBytes = all.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0);
    const words = [...request.sources, ...request.inline.map(({ name }) => `<<${name}`)];
    emit('daemon.source-resolved', {
      data: {
        instruction: request.keyword,
        words,
        root,
        paths: sources.slice(0, 100).map(({ path, name }) => path || name),
        checksum,
        entries: all.length,
        sizeBytes,
        durationMs: Math.round(performance.now() - startedMs),
      },
      twin: `cd ${root} && find ${sources.map(({ path }) => `./${path}`).join(' ')} -type f -print0 | sort -z | xargs -0 sha256sum`,
    });
    return { request, sources, checksum, files, sizeBytes, entries: all.length, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function downloaded(
  url: string,
  request: CopyRequest,
  options: ResolveOptions,
  undo: Array<() => Promise<void>>,
): Promise<ResolvedSource> {
  const download = await fetchUrl(url, {
    ...options,
    checksum: request.checksum,
    isName: !request.destination.endsWith('/'),
  });
  undo.push(download.remove);
  const source = await plain(download, options);
  return { ...source, isArchive: request.unpack === true && (await isArchive(options, source)) };
}

/** A file that was made for this instruction. */
async function plain({ root, name }: { root: string; name: string }, options: ResolveOptions): Promise<ResolvedSource> {
  const [listed] = await listTree(options, root, [{ kind: 'one', path: name }]);
  const [entry] = listed?.entries ?? [];
  if (entry === undefined) throw new LabError('internal', `${root}/${name}: it is gone`);
  const where = { root, path: name, name, parent: '', parentSource: undefined };
  return { ...where, isOwnedByRoot: true, isDirectory: false, entries: [entry], isArchive: false };
}

async function local(
  root: string,
  source: string,
  request: CopyRequest,
  options: ResolveOptions,
): Promise<ResolvedSource[]> {
  const found = hasWildcards(source) ? await matching(root, source, request, options) : [written(source)];
  const resolved = await listTree(
    options,
    root,
    // A context is new, so that nothing of it was read before; of images the sums are often known.
    found.map(({ path }) => ({ kind: options.isContext ? 'summed' : 'tree', path })),
  );
  const sources: ResolvedSource[] = [];
  for (const [index, each] of found.entries()) {
    const listed = resolved[index] ?? { real: each.path, entries: [] };
    const one = sourceOf(root, each, listed, request, options);
    // A link that leads nowhere is refused though a pattern found it, as real builders do.
    const isNowhere = !hasWildcards(source) || listed.entries.length === 0;
    if (one === undefined && isNowhere) throw absent(hasWildcards(source) ? each.path : source, request, options);
    if (one === undefined) continue;
    if (request.parents) one.parentEntries = await parentsOf(one, options);
    const mayBeArchive = request.keyword === 'ADD' && request.unpack !== false && !one.isDirectory;
    sources.push(mayBeArchive ? { ...one, isArchive: await isArchive(options, one) } : one);
  }
  return sources;
}

/** The directories on the way, each without what is in it. */
async function parentsOf(
  { root, parent, parentSource, isDirectory }: ResolvedSource,
  options: ResolveOptions,
): Promise<TreeEntry[]> {
  if (parentSource === undefined) return [];
  const above = parentSource.slice(0, parentSource.length - parent.length);
  // A directory is the last of them, and its first entry.
  const parts = parent
    .split('/')
    .filter(Boolean)
    .slice(0, isDirectory ? -1 : undefined);
  const paths = parts.map((_, index) => above + parts.slice(0, index + 1).join('/'));
  const listed = await listTree(
    options,
    root,
    paths.map((path) => ({ kind: 'one', path })),
  );
  return listed.flatMap(({ entries }) => entries);
}

interface Found {
  /** Relative to the root, clean. */
  path: string;
  /** For --parents: the part of it that is kept; the other part is what `/./` cut off. */
  kept: string;
}

const relative = (path: string): string => cleanPath(`/${path}`).slice(1);

function written(source: string): Found {
  const pivot = source.indexOf('/./');
  return { path: relative(source), kept: relative(pivot < 0 ? source : source.slice(pivot + 3)) };
}

const absent = (source: string, { keyword }: CopyRequest, { isContext }: ResolveOptions): LabError =>
  new LabError(
    'notFound',
    `${keyword} ${source}: ${isContext ? 'file not found in build context or excluded by .dockerignore' : 'no such file or directory'}`,
    isContext ? { hint: 'paths are relative to the context; .dockerignore may leave the file out' } : {},
  );

/** Every path of the tree that the pattern matches, in the order of their bytes. Directories on the way are no symlinks. */
async function matching(root: string, source: string, request: CopyRequest, options: ResolveOptions): Promise<Found[]> {
  const pivot = source.indexOf('/./');
  const cut = pivot < 0 ? 0 : relative(source.slice(0, pivot)).split('/').filter(Boolean).length;
  const isMatch = pathMatcher(relative(source), request.parents);
  const [listed] = await listTree(options, root, [{ kind: 'tree', path: literalFolder(relative(source)) }]);
  const base = literalFolder(relative(source));
  const rules = ignoreRules(request.excludes);
  const found = (listed?.entries ?? [])
    .map(({ path }) => [base, path].filter(Boolean).join('/'))
    .filter((path) => path !== '' && isMatch(path) && !isIgnored(path, options));
  const kept = found.filter((path) => !rules.isIgnored(request.parents ? path : (path.split('/').at(-1) ?? '')));
  if (found.length === 0)
    throw new LabError('invalidArgument', `${request.keyword} ${source}: no source files were specified`, {
      hint: 'the pattern matches nothing; .dockerignore may leave out what it means',
    });
  return kept.map((path) => ({ path, kept: path.split('/').slice(cut).join('/') }));
}

/** The directories in front of the first wildcard: only what is below them is looked at. */
function literalFolder(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => hasWildcards(part) || part.includes('\\'));
  return parts.slice(0, Math.max(0, first)).join('/');
}

/** With --parents `**` stands for any number of directories. */
function pathMatcher(pattern: string, isDeep: boolean): (path: string) => boolean {
  if (!isDeep || !pattern.includes('**')) return matcherOf(pattern);
  const rules = ignoreRules([pattern]);
  return (path) => rules.match(path).matches[0] === true;
}

const isIgnored = (path: string, { isContext, ignored }: ResolveOptions): boolean =>
  isContext && ignored?.(path, false) === true;

function sourceOf(
  root: string,
  { path, kept }: Found,
  { real, entries }: Listed,
  request: CopyRequest,
  options: ResolveOptions,
): ResolvedSource | undefined {
  const [itself] = entries;
  if (itself === undefined || (path !== '' && isIgnored(path, options) && itself.type !== 'directory'))
    return undefined;
  const isDirectory = itself.type === 'directory';
  const name = path.split('/').at(-1) ?? '';
  if (itself.type === 'socket')
    throw new LabError('invalidArgument', `${request.keyword} ${path}: a socket cannot be copied`);
  const below = isDirectory ? entriesOf(entries, { path, real }, request, options) : entries;
  const parent = request.parents ? (isDirectory ? kept : kept.split('/').slice(0, -1).join('/')) : '';
  const above = path === real ? path.slice(0, path.length - kept.length) : undefined;
  const parentSource = above === undefined ? undefined : above + parent;
  return {
    root,
    path: real,
    name,
    parent,
    parentSource,
    isOwnedByRoot: options.isContext,
    isDirectory,
    entries: below,
    isArchive: false,
  };
}

/** What of a directory is copied. An excluded directory is made nonetheless when something in it is not excluded. */
function entriesOf(
  entries: readonly TreeEntry[],
  { path, real }: { path: string; real: string },
  request: CopyRequest,
  options: ResolveOptions,
): TreeEntry[] {
  const isOut = excluder(request.parents ? path : '', request, options, real);
  const isKept = new Set<string>(['']);
  for (const { path: inner, type } of entries) {
    if (inner === '' || type === 'socket' || isOut(inner)) continue;
    for (let at = inner; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) isKept.add(at);
  }
  return entries.filter((entry) => isKept.has(entry.path));
}

/** --exclude is relative to the source, with --parents to its root; .dockerignore to the context. */
function excluder(
  prefix: string,
  { excludes }: CopyRequest,
  options: ResolveOptions,
  real: string,
): (inner: string) => boolean {
  const rules = ignoreRules(excludes);
  const join = (a: string, b: string): string => (a === '' ? b : `${a}/${b}`);
  return (inner) =>
    (excludes.length > 0 && rules.isIgnored(join(prefix, inner))) || isIgnored(join(real, inner), options);
}
