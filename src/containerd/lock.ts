// One server a state folder. The pid file names its process and that process's start time, so that neither kill -9 nor a pid that
// was given to another program since leaves the folder locked.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { LabError } from '../base/errors.ts';

/** Errors: conflict when a live server has it. Release: release(). */
export function takeLock(path: string): { release(): void } {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, `${process.pid} ${startTime(process.pid) ?? ''}\n`);
      closeSync(fd);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = liveOwner(path);
      if (owner !== undefined)
        throw new LabError('conflict', `${path}: a server runs already, pid ${owner}`, { hint: `kill ${owner}` });
      rmSync(path, { force: true });
    }
  }
  throw new LabError('conflict', `${path}: other servers start at the same time`);
}

function liveOwner(path: string): number | undefined {
  const [pid, started] = readText(path).trim().split(' ');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0 || number === process.pid) return undefined;
  return started !== undefined && startTime(number) === started ? number : undefined;
}

/** In clock ticks since boot. @source man proc(5) /proc/pid/stat field 22 */
function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
