// Sources into a root filesystem. This file decides what goes where, as a list of steps; tlab-copy walks it and keeps every name inside.
// A directory's content goes into the destination; a file is put into a destination that is a directory, or takes its name.
// Rule: what the image has is looked at before (where the destination leads, whether it is a directory), and never trusted to stay so.
import { LabError } from '../../../base/errors.ts';
import { emit } from '../../../trace/recorder.ts';
import { extract } from './extract.ts';
import { fields, listTree, refuse, runNative } from './native.ts';
import { type Owner, ownerOf } from './owner.ts';
import { isDirectoryName } from './request.ts';
import type { CopyResult, CopyTarget, ResolvedSource, ResolvedSources } from './types.ts';

/**
 * Copies what `resolveSources` found. Errors: invalidArgument in Docker's words (a file where a directory is needed and the reverse, an unknown user),
 * conflict when the source changes meanwhile, resourceExhausted when the disk is full. What was copied until then stays: throw the layer away.
 */
export async function copySources(resolved: ResolvedSources, target: CopyTarget): Promise<CopyResult> {
  const startedMs = performance.now();
  const { request, sources } = resolved;
  const owner =
    request.chown === undefined ? undefined : await ownerOf(request.chown, target, target.accounts ?? target.rootfs);
  const place = await placeOf(resolved, target);
  const result: CopyResult = { entries: 0, bytes: 0, destination: `/${place.path}` };
  for (const source of sources) {
    const done = source.isArchive
      ? await addArchive(source, place, { target, owner, resolved })
      : await copyOne(source, place, { target, owner, resolved });
    result.entries += done.entries;
    result.bytes += done.bytes;
  }
  emit('daemon.source-copied', {
    data: {
      instruction: request.keyword,
      rootfs: target.rootfs,
      ...result,
      ...(owner === undefined ? {} : { owner: `${owner.uid}:${owner.gid}` }),
      durationMs: Math.round(performance.now() - startedMs),
    },
    twin: sources.map((source) => twinOf(source, place, { target, owner, resolved })).join(' && '),
  });
  return result;
}

interface Place {
  /** Relative to the rootfs, without symlinks. */
  path: string;
  /** Files go into it, under their own names. */
  isDirectory: boolean;
}

interface Job {
  target: CopyTarget;
  owner: Owner | undefined;
  resolved: ResolvedSources;
}

async function placeOf({ request, sources }: ResolvedSources, target: CopyTarget): Promise<Place> {
  const { destination } = request;
  const path = destination.startsWith('/') ? destination : `${target.workdir || '/'}/${destination}`;
  const [listed] = await listTree(target, target.rootfs, [{ kind: 'one', path }]);
  const there = listed?.entries[0];
  const isWanted = isDirectoryName(destination) || request.parents;
  if (there !== undefined && there.type !== 'directory' && isWanted)
    throw new LabError('invalidArgument', `${request.keyword}: cannot copy to non-directory: ${path}`);
  const isDirectory = isWanted || there?.type === 'directory';
  // Each would replace the one before it.
  if (!isDirectory && sources.length > 1 && sources.some((source) => !source.isDirectory))
    throw new LabError(
      'invalidArgument',
      `When using ${request.keyword} with more than one source file, the destination must be a directory and end with a /`,
    );
  return { path: listed?.real ?? '', isDirectory };
}

const join = (...parts: string[]): string => parts.filter((part) => part !== '').join('/');
const above = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The steps of one source, as tlab-copy takes them. */
function* stepsOf(source: ResolvedSource, place: Place): Generator<string> {
  yield* parentSteps(source, place);
  if (source.isDirectory) {
    const into = join(place.path, source.parent);
    // The destination is a directory like any other that had to be made; what it was made from gives it its content only.
    if (source.parent === '') yield* ['P', into];
    for (const { path, type } of source.entries)
      if (path !== '' || source.parent !== '')
        yield* [type === 'directory' ? 'D' : 'E', join(source.path, path), join(into, path)];
    return;
  }
  const into = place.isDirectory ? join(place.path, source.parent, source.name) : place.path;
  if (source.parent === '') yield* ['P', above(into)];
  yield* ['E', source.path, into];
}

/** --parents: each directory on the way looks as it does in the source. */
function* parentSteps({ parent, parentSource, isDirectory }: ResolvedSource, place: Place): Generator<string> {
  if (parent === '') return;
  yield* ['P', place.path];
  const parts = (isDirectory ? above(parent) : parent).split('/').filter(Boolean);
  for (const [index] of parts.entries()) {
    const kept = parts.slice(0, index + 1).join('/');
    const from =
      parentSource === undefined ? undefined : parentSource.slice(0, parentSource.length - parent.length) + kept;
    yield* from === undefined ? ['P', join(place.path, kept)] : ['D', from, join(place.path, kept)];
  }
}

function flagsOf({ target, owner, resolved }: Job, source: ResolvedSource): string[] {
  const { chmod } = resolved.request;
  return [
    ...['--from', source.root, '--to', target.rootfs],
    ...(owner === undefined ? [] : ['--owner', `${owner.uid}:${owner.gid}`]),
    ...(source.isOwnedByRoot ? ['--context'] : []),
    ...(chmod === undefined ? [] : ['--mode', chmod]),
    ...(target.newestTime === undefined ? [] : ['--newest', String(target.newestTime)]),
  ];
}

async function runSteps(
  job: Job,
  source: ResolvedSource,
  steps: Iterable<string>,
): Promise<{ entries: number; bytes: number }> {
  const ended = await runNative(job.target, ['tlab-copy', 'copy', ...flagsOf(job, source)], fields(steps));
  if (ended.status !== 0) refuse(ended, job.resolved.request.keyword);
  const [, bytes = '0'] = ended.stdout.toString().trim().split(' ');
  return { entries: source.entries.length, bytes: Number(bytes) };
}

const copyOne = (source: ResolvedSource, place: Place, job: Job): Promise<{ entries: number; bytes: number }> =>
  runSteps(job, source, stepsOf(source, place));

/** Into the destination, which is a directory whatever it is called. */
async function addArchive(source: ResolvedSource, place: Place, job: Job): Promise<{ entries: number; bytes: number }> {
  await runSteps(job, source, ['P', place.path]);
  return extract(job.target, source, { rootfs: job.target.rootfs, at: place.path, owner: job.owner });
}

function twinOf(source: ResolvedSource, place: Place, { target, owner }: Job): string {
  const to = `${target.rootfs}/${place.path}`;
  const from = `${source.root}/${source.path}`;
  if (source.isArchive) return `mkdir -p ${to} && tar --extract --directory ${to} --file ${from}`;
  const copy = source.isDirectory
    ? `mkdir -p ${to} && cp -a ${from}/. ${to}`
    : `cp -a ${from} ${place.isDirectory ? `${to}/${source.name}` : to}`;
  return owner === undefined ? copy : `${copy} && chown -R ${owner.uid}:${owner.gid} ${to}`;
}
