// What counts as a cgroup. Rule: a directory under /sys/fs/cgroup counts only if statfs says that it is in a cgroup file system; other
// tools leave plain directories there, and where a hierarchy is not mounted everybody's are plain.
import { statfsSync } from 'node:fs';

/** @source uapi linux/magic.h */
export const cgroupMagic = { version1: 0x27e0eb, version2: 0x63677270 } as const;

/** Whether this path is in a file system of that type; false where it is not there. */
export function isFilesystem(path: string, magic: number): boolean {
  try {
    return statfsSync(path).type === magic;
  } catch {
    return false;
  }
}

/** Whether this path is a cgroup, or a file of one, of either version. */
export const isInCgroups = (path: string): boolean =>
  Object.values(cgroupMagic).some((magic) => isFilesystem(path, magic));
