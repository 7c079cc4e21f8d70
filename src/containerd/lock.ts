// One server a state folder. The pid file names its process and that process's start time, so that a pid that was given to another program
// since is not taken for it.
import { readFileSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import { takePidFile } from '../base/lock.ts';

/** Errors: conflict when a live server has it. Release: release(). */
export async function takeLock(path: string): Promise<{ release(): void }> {
  const text = `${process.pid} ${startTime(process.pid) ?? ''}\n`;
  const taken = await takePidFile({ path, mode: 0o600, text, ownerOf });
  if (taken.owner === undefined) return taken;
  throw new LabError('conflict', `${path}: a server runs already, pid ${taken.owner}`, { hint: `kill ${taken.owner}` });
}

function ownerOf(text: string): number | undefined {
  const [pid, started] = text.trim().split(' ');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0 || number === process.pid) return undefined;
  return started !== undefined && startTime(number) === started ? number : undefined;
}

/** In clock ticks since boot; undefined for a process that is gone or a zombie. @source man proc(5) /proc/pid/stat fields 3, 22 */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
