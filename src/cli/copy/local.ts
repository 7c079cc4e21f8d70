// This machine's end of `cp`: what is to be copied, and what lies where it is to go.
// @source docker pkg/archive/copy.go CopyInfoSourcePath, CopyInfoDestinationPath
import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { posix } from 'node:path';
import { LabError } from '../../base/errors.ts';
import { absolutePath, type Destination, keepEnding, linkTargetOf, rebased, type Source, splitEntry } from './paths.ts';

function asked<T>(path: string, call: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new LabError(
        'notFound',
        `${call} ${path}: ${code === 'ENOENT' ? 'no such file or directory' : 'not a directory'}`,
      );
    if (code === 'EACCES') throw new LabError('permissionDenied', `${call} ${path}: permission denied`);
    throw new LabError('invalidArgument', `${call} ${path}: ${message}`, { cause: error });
  }
}

/** Of a symlink itself, unless it is followed; symlinks on the way to it always are. */
export function sourceOf(given: string, isFollowed: boolean): Source {
  const path = absolutePath(given);
  const found = isFollowed ? followed(path) : beside(path);
  const stats = asked(path, 'lstat', () => lstatSync(found.path));
  return { ...found, isDirectory: stats.isDirectory() };
}

const followed = (path: string) =>
  rebased(
    path,
    asked(path, 'lstat', () => realpathSync(path)),
  );

function beside(path: string): { path: string; name: string | undefined } {
  const at = path.lastIndexOf('/');
  const folder = asked(path, 'lstat', () => realpathSync(path.slice(0, at) || '/'));
  const last = path.slice(at + 1);
  const whole = keepEnding(posix.join(folder, last), path);
  const name = posix.basename(path);
  const isRenamed = path.endsWith('/') && name !== posix.basename(whole);
  return { path: whole, name: isRenamed ? name : undefined };
}

/** @source docker pkg/archive/copy.go maxSymlinkIter */
const mostSymlinks = 10;

/** Symlinks are followed to the end, which need not be there yet; its directory must be. */
export function destinationOf(given: string): Destination {
  const path = absolutePath(given);
  const parent = splitEntry(path).directory;
  if (statSync(parent, { throwIfNoEntry: false }) === undefined)
    throw new LabError('notFound', `invalid output path: directory "${parent}" does not exist`);
  let at = path;
  let stats = lookAt(at);
  for (let links = 0; stats?.isSymbolicLink() === true; links += 1) {
    if (links > mostSymlinks) throw new LabError('invalidArgument', `too many symlinks in ${path}`);
    at = linkTargetOf(at, readlinkSync(at));
    stats = lookAt(at);
  }
  if (stats === undefined) return { path: checkedParent(at), isDirectory: false, exists: false };
  if (!stats.isDirectory() && !stats.isFile())
    throw new LabError('invalidArgument', `invalid output path: "${path}" must be a directory or a regular file`);
  return { path: at, isDirectory: stats.isDirectory(), exists: true };
}

/** A name with a slash behind is not there when that name is a file's. */
const lookAt = (path: string): Stats | undefined =>
  asked(path, 'lstat', () => lstatSync(path, { throwIfNoEntry: false }));

function checkedParent(path: string): string {
  const { directory } = splitEntry(path);
  const stats = asked(directory, 'stat', () => statSync(directory));
  if (!stats.isDirectory()) throw new LabError('invalidArgument', `${directory}: not a directory`);
  return path;
}
