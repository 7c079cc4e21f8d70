// A daemon that was started before this package was installed, or built again: the programs that it starts are newer than it is, and what the
// two say to one another may not fit. Rule: looked at only when something has gone wrong, and when the engine's state is asked for.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../base/paths.ts';
import { packageRoot } from './package.ts';

/** What the daemon is, and what it starts. */
function enginePrograms(): string[] {
  const dist = join(packageRoot(), 'dist');
  try {
    const native = readdirSync(join(dist, 'bin')).map((name) => join(dist, 'bin', name));
    return [join(dist, 'tlabd.cjs'), join(dist, 'tlab-containerd.cjs'), ...native];
  } catch {
    return [];
  }
}

/** Its pid file is as old as the daemon. @source man inode(7): st_ctime is when a file was put there, whatever date it brought along */
export function isDaemonOlder(pidFile: string = paths.daemonPidFile, programs = enginePrograms()): boolean {
  const started = statSync(pidFile, { throwIfNoEntry: false });
  if (started === undefined) return false;
  return programs.some((path) => (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) > started.mtimeMs);
}

export const olderWords =
  'the daemon was started before this tlab was installed or built: restart it with "tlab system stop"; containers run on';
