// The root filesystem of a step, mounted where the daemon can reach it: COPY writes into it, WORKDIR makes a directory in it, a container
// of RUN gets it bound. Mounted once a step, because two overlay mounts must not share one upper directory. @source kernel overlayfs#sharing-and-copying-layers
// Rule: a path below it is walked component by component, and a symlink starts again inside the root. Nothing else writes meanwhile.
import { chmodSync, lstatSync, mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { Mounts } from '../../kernel/kernel.ts';
import type { SnapshotMount } from '../../kernel/snapshot-mounts.ts';

export interface MountedRootfs {
  path: string;
  /** Safe to call twice. */
  release(): void;
}

/** Options of mount(2) are one page. @source man mount(2) */
const longestData = 4000;

/** Mounts a snapshot on `folder`/rootfs. The caller releases it. Errors: as mount(2). */
export function mountRootfs(mounts: Mounts, snapshot: readonly SnapshotMount[], folder: string): MountedRootfs {
  const [mount] = snapshot;
  if (mount === undefined || snapshot.length > 1)
    throw new LabError('internal', `mounting a snapshot: it has ${snapshot.length} mounts, expected one`);
  const path = `${folder}/rootfs`;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (mount.type === 'overlay') {
    const data = shortData(mount.options.join(','), folder);
    mounts.attach({ source: 'overlay', target: path, fstype: 'overlay', data });
  } else {
    mounts.attach({ source: mount.source, target: path, flags: ['MS_BIND'] });
    if (mount.options.includes('ro'))
      mounts.attach({ source: '', target: path, flags: ['MS_BIND', 'MS_REMOUNT', 'MS_RDONLY'] });
  }
  let isMounted = true;
  return {
    path,
    release() {
      if (!isMounted) return;
      isMounted = false;
      mounts.detach(path, ['UMOUNT_NOFOLLOW']);
      rmdirSync(path);
    },
  };
}

/** Many layers: their common folder gets a short name. The kernel resolves it once, when it mounts. */
function shortData(data: string, folder: string): string {
  if (data.length <= longestData) return data;
  const prefix =
    /upperdir=(\/.*\/snapshots)\/\d+\/fs/.exec(data)?.[1] ?? /lowerdir=(\/.*?\/snapshots)\/\d+\/fs/.exec(data)?.[1];
  if (prefix === undefined) return data;
  const short = `${folder}/s`;
  rmSync(short, { force: true });
  symlinkSync(prefix, short);
  return data.replaceAll(`${prefix}/`, `${short}/`);
}

/** @source man path_resolution(7) */
const mostSymlinks = 40;

export interface Resolved {
  /** Host path of the last component, which may be missing. */
  path: string;
  /** Inside the root. */
  inside: string;
  /** Host path of each component from the first that is missing. */
  missing: string[];
}

/** Where a path inside the root really is; never outside. Errors: invalidArgument when a component is no directory. */
export function resolveBeneath(root: string, path: string): Resolved {
  const pending = path.split('/').filter((part) => part !== '' && part !== '.');
  const done: string[] = [];
  const missing: string[] = [];
  let symlinks = 0;
  while (pending.length > 0) {
    const part = pending.shift() ?? '';
    if (part === '..') {
      if (missing.length > 0) missing.pop();
      done.pop();
      continue;
    }
    const here = `${root}/${[...done, part].join('/')}`;
    const stat = missing.length > 0 ? undefined : lstatSync(here, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) {
      if (++symlinks > mostSymlinks)
        throw new LabError('invalidArgument', `"${path}": too many levels of symbolic links`);
      const target = readlinkSync(here);
      if (target.startsWith('/')) done.length = 0;
      pending.unshift(...target.split('/').filter((each) => each !== '' && each !== '.'));
      continue;
    }
    done.push(part);
    if (stat === undefined) missing.push(here);
    else if (!stat.isDirectory() && pending.length > 0)
      throw new LabError('invalidArgument', `"${path}": /${done.join('/')} is not a directory`);
  }
  return { path: `${root}/${done.join('/')}`, inside: `/${done.join('/')}`, missing };
}

/** WORKDIR: makes the directory and its parents, 0755 and root's. Errors: invalidArgument when a file is there. */
export function makeDirectory(root: string, path: string): void {
  const { path: there, missing, inside } = resolveBeneath(root, path);
  for (const directory of missing) {
    mkdirSync(directory, { mode: 0o755 });
    chmodSync(directory, 0o755);
  }
  if (!lstatSync(there).isDirectory())
    throw new LabError('invalidArgument', `cannot mkdir: ${inside} is not a directory`);
}
