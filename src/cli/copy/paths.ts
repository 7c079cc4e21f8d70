// Paths of `cp` as Docker's client reads them: what a path ends in says what is meant. `dir` is the directory, `dir/.` what is in it,
// and `name/` can only be a directory. Rule: nothing here looks at a file system.
// @source docker cli command/container/cp.go, pkg/archive/copy.go
import { posix } from 'node:path';
import { LabError } from '../../base/errors.ts';

export interface Side {
  /** Undefined is this machine. */
  container: string | undefined;
  path: string;
}

/** `CONTAINER:PATH`; what begins with `/` or `.` is a path of this machine, whatever colons it has. */
export function sideOf(argument: string): Side {
  const colon = argument.indexOf(':');
  const isLocal = colon < 0 || argument.startsWith('/') || argument.startsWith('.');
  if (isLocal) return { container: undefined, path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

export const endsInDot = (path: string): boolean => posix.basename(path) === '.';
const endsInSlash = (path: string): boolean => path.endsWith('/');
/** It can only be a directory. */
export const namesDirectory = (path: string): boolean => endsInSlash(path) || endsInDot(path);

/** Without `..` and doubled slashes, but with the ending that was given. */
export function keepEnding(clean: string, given: string): string {
  if (endsInDot(given) && !endsInDot(clean)) return `${clean.replace(/\/$/, '')}/.`;
  if (endsInSlash(given) && !endsInSlash(clean)) return `${clean}/`;
  return clean;
}

export const absolutePath = (path: string, folder = process.cwd()): string =>
  keepEnding(posix.resolve(folder, path), path);

/** Directory and last component, which may be `.`, and is `/` for the root. */
export function splitEntry(path: string): { directory: string; base: string } {
  const clean = posix.normalize(path).replace(/(.)\/$/, '$1');
  const whole = endsInDot(path) && clean !== '.' ? `${clean.replace(/\/\.$|\/$/, '')}/.` : clean;
  return { directory: posix.dirname(whole), base: posix.basename(whole) || '/' };
}

/** Where a symlink leads: a relative one from the directory that it lies in. */
export const linkTargetOf = (path: string, target: string): string =>
  target.startsWith('/') ? target : posix.join(splitEntry(path).directory, target);

/** What was asked for by the name of a symlink keeps that name. */
export function rebased(asked: string, target: string): { path: string; name: string | undefined } {
  const path = keepEnding(target, asked);
  const name = posix.basename(asked);
  return { path, name: name === posix.basename(path) ? undefined : name };
}

export interface Source {
  path: string;
  isDirectory: boolean;
  /** How it is to be called, when that is not its own name. */
  name: string | undefined;
}

export interface Destination {
  path: string;
  isDirectory: boolean;
  exists: boolean;
}

export interface Placing {
  /** The archive is unpacked there. */
  directory: string;
  /** What the archive's first component is called there; undefined leaves it. */
  name: string | undefined;
}

/** Errors, in Docker's words: invalidArgument for a directory over a file, notFound for a file into a directory that is not there. */
export function placing(source: Source, destination: Destination): Placing {
  if (destination.exists && destination.isDirectory) return { directory: destination.path, name: source.name };
  if (destination.exists && source.isDirectory)
    throw new LabError('invalidArgument', `cannot copy directory: "${destination.path}" is there and is no directory`);
  if (!destination.exists && !source.isDirectory && namesDirectory(destination.path))
    throw new LabError('notFound', `no such directory: "${destination.path}"`, {
      hint: 'make it first, or leave out the slash to give the file that name',
    });
  const { directory, base } = splitEntry(destination.path);
  return { directory, name: base };
}
