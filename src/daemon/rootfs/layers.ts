// Reads a file of a root filesystem that is not mounted: looks through the snapshot's layers from the top.
// Rule: a path never leaves the layers. Every component is checked, and a symlink starts again inside the root.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';

export interface SnapshotMount {
  type: string;
  source: string;
  options: readonly string[];
}

/** The folders of a snapshot, topmost first. @source man mount(8) overlay */
export function layersOf(mounts: readonly SnapshotMount[]): string[] {
  const [mount] = mounts;
  if (mount === undefined) return [];
  if (mount.type !== 'overlay') return [mount.source];
  const option = (name: string): string[] =>
    mount.options.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  return [...option('upperdir'), ...option('lowerdir').flatMap((list) => list.split(':'))].filter(
    (path) => path !== '',
  );
}

/** @source man path_resolution(7) */
const mostSymlinks = 40;
/** A file of accounts is small; more than this is not read. */
const largestFileBytes = 4 * 1024 * 1024;

/** The text of a regular file, or undefined when there is none. */
export function readInRoot(layers: readonly string[], path: string): string | undefined {
  const found = resolveInRoot(layers, path);
  if (found === undefined) return undefined;
  const stat = lstatSync(found, { throwIfNoEntry: false });
  return stat?.isFile() && stat.size <= largestFileBytes ? readFileSync(found, 'utf8') : undefined;
}

function resolveInRoot(layers: readonly string[], path: string): string | undefined {
  const pending = path.split('/').filter(Boolean);
  const resolved: string[] = [];
  let symlinks = 0;
  let place: string | undefined;
  while (pending.length > 0) {
    const part = pending.shift() ?? '';
    if (part === '.') continue;
    if (part === '..') {
      resolved.pop();
      continue;
    }
    const here = `/${[...resolved, part].join('/')}`;
    place = topmost(layers, here);
    if (place === undefined) return undefined;
    if (!lstatSync(place).isSymbolicLink()) {
      resolved.push(part);
      continue;
    }
    if (++symlinks > mostSymlinks) return undefined;
    const target = readlinkSync(place);
    if (target.startsWith('/')) resolved.length = 0;
    pending.unshift(...target.split('/').filter(Boolean));
  }
  return place;
}

/** The uppermost layer's entry; a whiteout (character device 0/0) hides what is below. @source kernel overlayfs#whiteouts */
function topmost(layers: readonly string[], path: string): string | undefined {
  for (const layer of layers) {
    const stat = lstatSync(layer + path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    return stat.isCharacterDevice() && stat.rdev === 0 ? undefined : layer + path;
  }
  return undefined;
}
