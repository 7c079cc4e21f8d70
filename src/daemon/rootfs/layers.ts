// Reads a file of a root filesystem that is not mounted: looks through the snapshot's layers from the top.
// Rule: a path never leaves the layers. Every component is checked, and a symlink starts again inside the root.
// A running container may change them meanwhile: what was opened decides, not what was looked at.
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';

/** @source man path_resolution(7) */
const mostSymlinks = 40;
/** A file of accounts is small; more than this is not read. */
const largestFileBytes = 4 * 1024 * 1024;

/** The text of a regular file, or undefined when there is none. */
export function readInRoot(layers: readonly string[], path: string): string | undefined {
  try {
    const found = resolveInRoot(layers, path);
    const layer = layers.find((each) => found?.startsWith(`${each}/`));
    if (found === undefined || layer === undefined) return undefined;
    return readOpened(found, realpathSync(layer) + found.slice(layer.length));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EINVAL') return undefined;
    throw error;
  }
}

/** Neither a link nor a FIFO that has come in its place is followed or waited for, and no folder on the way may have become a link. */
function readOpened(path: string, expected: string): string | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(file);
    if (!status.isFile() || status.size > largestFileBytes) return undefined;
    if (readlinkSync(`/proc/self/fd/${file}`) !== expected) return undefined;
    const bytes = Buffer.alloc(status.size);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

/** `seen` holds, for each folder on the way, where the layers have it: those of them that the merged tree shows. */
function resolveInRoot(layers: readonly string[], path: string): string | undefined {
  const pending = path.split('/').filter(Boolean);
  const seen: string[][] = [[...layers]];
  let symlinks = 0;
  while (pending.length > 0) {
    const part = pending.shift() ?? '';
    if (part === '.') continue;
    if (part === '..') {
      if (seen.length > 1) seen.pop();
      continue;
    }
    const entries = merged(seen.at(-1) ?? [], part);
    const [place] = entries;
    if (place === undefined) return undefined;
    if (!lstatSync(place).isSymbolicLink()) {
      seen.push(entries);
      continue;
    }
    if (++symlinks > mostSymlinks) return undefined;
    const target = readlinkSync(place);
    if (target.startsWith('/')) seen.length = 1;
    pending.unshift(...target.split('/').filter(Boolean));
  }
  return seen.at(-1)?.[0];
}

/**
 * The entries of one name that the merged tree shows: directories are merged from the top down, and whatever else is met first ends
 * that. So a lower layer's symlink is never a way to go on. A whiteout is character device 0/0. @source kernel overlayfs#whiteouts
 */
function merged(folders: readonly string[], name: string): string[] {
  const entries: string[] = [];
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!stat.isDirectory()) {
      const isWhiteout = stat.isCharacterDevice() && stat.rdev === 0;
      return entries.length > 0 || isWhiteout ? entries : [path];
    }
    entries.push(path);
  }
  return entries;
}
