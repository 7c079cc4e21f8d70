// The cgroup hierarchies of this host: version 1, version 2, or both (hybrid). A controller belongs to version 1 when it is mounted so.
// Rule: a directory under /sys/fs/cgroup counts only if statfs says that it is a cgroup (base/cgroups.ts).

import { readFileSync } from 'node:fs';
import { cgroupMagic, isFilesystem, isInCgroups } from '../../base/cgroups.ts';
import { LabError } from '../../base/errors.ts';

/** One mounted version 1 hierarchy. */
export interface CgroupHierarchy {
  /** `cpu`, `cpuacct`, …, or `name=systemd`. */
  controllers: readonly string[];
  mountpoint: string;
}

export interface CgroupLayout {
  /** In the order of the host's mounts. */
  v1: readonly CgroupHierarchy[];
  /** Mount point of the version 2 hierarchy. */
  v2: string | undefined;
  /** How that hierarchy is mounted: options that every mount from the host's cgroup namespace sets anew. */
  v2Options?: readonly string[];
}

/** A host is version 2 when no controller is mounted as version 1. */
export const isUnified = (layout: CgroupLayout): boolean => layout.v1.length === 0;

/** The hierarchy that a version 1 controller is on. */
export const hierarchyOf = (layout: CgroupLayout, controller: string): CgroupHierarchy | undefined =>
  layout.v1.find((hierarchy) => hierarchy.controllers.includes(controller));

/** The layout in this process's mount table. */
export function readCgroupLayout(): CgroupLayout {
  const layout = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  return {
    ...layout,
    v1: layout.v1.filter((hierarchy) => isFilesystem(hierarchy.mountpoint, cgroupMagic.version1)),
    v2: layout.v2 !== undefined && isFilesystem(layout.v2, cgroupMagic.version2) ? layout.v2 : undefined,
  };
}

/** Throws for a file that is in no cgroup filesystem: other tools leave plain look-alikes where cgroups would be. */
export function mustBeCgroup(path: string): void {
  if (isInCgroups(path)) return;
  throw new LabError('conflict', `"${path}": it is not in a cgroup file system`);
}

/** Options of a cgroup superblock that are not controllers. @source man cgroups(7) */
const superOptions = /^(rw|ro|noprefix|clone_children|xattr|release_agent=.*|nsdelegate|seclabel|cpuset_v2_mode)$/;

/** @source kernel cgroup-v2.rst, Mounting */
const version2Options =
  /^(nsdelegate|favordynmods|memory_localevents|memory_recursiveprot|memory_hugetlb_accounting|pids_localevents)$/;

/** The cgroup mounts in the text of /proc/pid/mountinfo; the first mount of each hierarchy counts. @source man proc_pid_mountinfo(5) */
export function parseCgroupMounts(mountinfo: string): CgroupLayout {
  const v1: CgroupHierarchy[] = [];
  let v2: string | undefined;
  let v2Options: readonly string[] = [];
  for (const line of mountinfo.split('\n')) {
    if (!line.includes(' - cgroup')) continue;
    const [mount = '', filesystem = ''] = line.split(' - ');
    const mountpoint = unescapeOctal(mount.split(' ')[4] ?? '');
    const [type, , options = ''] = filesystem.split(' ');
    if (type === 'cgroup2' && v2 === undefined) {
      v2 = mountpoint;
      v2Options = options.split(',').filter((option) => version2Options.test(option));
    }
    if (type !== 'cgroup') continue;
    const controllers = options.split(',').filter((option) => !superOptions.test(option));
    const isKnown = v1.some((other) => other.controllers.join() === controllers.join());
    if (controllers.length > 0 && !isKnown) v1.push({ controllers, mountpoint });
  }
  return { v1, v2, v2Options };
}

const unescapeOctal = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
