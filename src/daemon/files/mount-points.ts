// Where the engine mounts something over what the image has: the runtime makes the places when they are missing, and that is no change of
// the container's. Docker has them in a layer below the container's own. @source docker daemon/initlayer
// Rule: a place in which the container has left something is its own.
import { lstatSync, readdirSync, type Stats } from 'node:fs';

export const mountPoints = [
  ...['/dev', '/dev/console', '/dev/pts', '/dev/shm', '/proc', '/sys'],
  ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'],
];

/**
 * Mount points of a container's own directory that are there only for the engine, and folders that hold nothing else: `lowers` has neither, or
 * has such a folder with the same owner and mode.
 */
export function untouchedMountPoints(upper: string, lowers: readonly string[]): string[] {
  const found = mountPoints.filter((path) => isStub(upper, path) && below(lowers, path) === undefined);
  const untouched = new Set(found.filter((path) => holdsOnly(upper, path, found)));
  const parents = new Set(found.map((path) => path.slice(0, path.lastIndexOf('/'))).filter((path) => path !== ''));
  for (const path of parents) {
    const own = plainStat(upper, path);
    if (own?.isDirectory() !== true || !holdsOnly(upper, path, untouched)) continue;
    const under = below(lowers, path);
    if (under === undefined ? isMadeByRuntime(own) : looksAlike(own, under)) untouched.add(path);
  }
  return [...untouched].sort();
}

function isStub(upper: string, path: string): boolean {
  const stats = plainStat(upper, path);
  return stats?.isDirectory() === true || (stats?.isFile() === true && stats.size === 0);
}

function holdsOnly(upper: string, path: string, allowed: Iterable<string>): boolean {
  if (plainStat(upper, path)?.isDirectory() !== true) return true;
  const known = new Set(allowed);
  return readdirSync(`${upper}${path}`).every((name) => {
    const inside = `${path}/${name}`;
    return known.has(inside) && holdsOnly(upper, inside, known);
  });
}

/** @source native/runc: mount points are made 0755, for root */
const isMadeByRuntime = ({ uid, gid, mode }: Stats): boolean => uid === 0 && gid === 0 && (mode & 0o7777) === 0o755;

const looksAlike = (own: Stats, under: Stats): boolean =>
  under.isDirectory() && own.mode === under.mode && own.uid === under.uid && own.gid === under.gid;

/** The topmost of the layers that has it; undefined also when that one hides it. @source kernel-doc overlayfs: whiteouts */
function below(lowers: readonly string[], path: string): Stats | undefined {
  for (const lower of lowers) {
    const stats = plainStat(lower, path);
    if (stats !== undefined) return stats.isCharacterDevice() && stats.rdev === 0 ? undefined : stats;
  }
  return undefined;
}

/** Of what is reached without a symlink. */
function plainStat(layer: string, path: string): Stats | undefined {
  const parts = path.split('/').filter(Boolean);
  let at = layer;
  for (const [index, part] of parts.entries()) {
    at += `/${part}`;
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined || index === parts.length - 1) return stats;
    if (!stats.isDirectory()) return undefined;
  }
  return undefined;
}
