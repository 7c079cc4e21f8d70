// Mount points that the runtime makes in a root filesystem (/proc, /etc/hosts …) are not the image's: what was not there before a RUN and is
// still empty after it is taken away, and the parents that were touched for it look as before.
// Rule: works on a root in which nothing runs any more; no symlink is followed out of it.
import { lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync, utimesSync } from 'node:fs';
import { resolveBeneath } from './rootfs.ts';

export interface Stubs {
  /** After the container's end. */
  remove(): void;
  /** Folders, inside the root, in which mount points were missing. */
  parents: string[];
}

interface Parent {
  path: string;
  /** Seconds. */
  atime: number;
  mtime: number;
}

/** Remembers which of these paths are missing now. */
export function rememberStubs(root: string, destinations: readonly string[]): Stubs {
  const missing = new Set<string>();
  const parents = new Map<string, Parent>();
  for (const destination of destinations) {
    const found = resolved(root, destination);
    const [first] = found?.missing ?? [];
    if (found === undefined || first === undefined) continue;
    for (const path of found.missing) missing.add(path);
    const parent = first.slice(0, first.lastIndexOf('/'));
    if (parents.has(parent)) continue;
    const { atimeMs, mtimeMs } = lstatSync(parent);
    parents.set(parent, { path: parent, atime: atimeMs / 1000, mtime: mtimeMs / 1000 });
  }
  return {
    parents: [...parents.keys()].map((path) => path.slice(root.length)).filter((inside) => inside !== ''),
    remove() {
      const touched = new Set<string>();
      // Deepest first, so that a parent that was made for a mount point is empty when its turn comes.
      for (const path of [...missing].sort((a, b) => b.length - a.length)) {
        if (removeIfEmpty(root, path)) touched.add(path.slice(0, path.lastIndexOf('/')));
      }
      for (const { path, atime, mtime } of parents.values()) {
        if (touched.has(path) && isPlainDirectory(root, path)) utimesSync(path, atime, mtime);
      }
    },
  };
}

function resolved(root: string, destination: string): ReturnType<typeof resolveBeneath> | undefined {
  try {
    return resolveBeneath(root, destination);
  } catch {
    return undefined;
  }
}

/** No component is a symlink: the program may have exchanged one. */
function isPlainDirectory(root: string, path: string): boolean {
  const parts = path.slice(root.length).split('/').filter(Boolean);
  return parts.every(
    (_, index) =>
      lstatSync(`${root}/${parts.slice(0, index + 1).join('/')}`, { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

function removeIfEmpty(root: string, path: string): boolean {
  if (!isPlainDirectory(root, path.slice(0, path.lastIndexOf('/')))) return false;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() && readdirSync(path).length === 0) rmdirSync(path);
  else if (stat?.isFile() && stat.size === 0) unlinkSync(path);
  else return false;
  return true;
}

/** What setting a time in seconds may round. */
const timeStepMs = 0.001;

/**
 * Folders of an overlay's upper layer that hold nothing and look like those below them: copied up for a mount point only. With them go their
 * parents, which were copied up for them. `touched`: inside the root. The overlay is not mounted any more.
 */
export function dropUntouched(upper: string, lowers: readonly string[], touched: readonly string[]): void {
  const folders = new Set(touched.flatMap(withParents));
  // Removing a folder changes its parent's time, so all are looked at before.
  const same = [...folders].filter((inside) => looksTheSame(upper, lowers, inside));
  for (const inside of same.sort((a, b) => b.length - a.length))
    if (readdirSync(`${upper}${inside}`).length === 0) rmdirSync(`${upper}${inside}`);
}

/** `/a/b` → `/a`, `/a/b`. */
function withParents(inside: string): string[] {
  const parts = inside.split('/').filter(Boolean);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function looksTheSame(upper: string, lowers: readonly string[], inside: string): boolean {
  const own = safeStat(upper, inside);
  const below = lowers.map((lower) => safeStat(lower, inside)).find((stat) => stat !== undefined);
  if (own === undefined || below === undefined) return false;
  const isSameTime = Math.abs(below.mtimeMs - own.mtimeMs) < timeStepMs;
  return isSameTime && below.mode === own.mode && below.uid === own.uid && below.gid === own.gid;
}

const safeStat = (layer: string, inside: string): Stats | undefined =>
  isPlainDirectory(layer, `${layer}${inside}`) ? lstatSync(`${layer}${inside}`) : undefined;
