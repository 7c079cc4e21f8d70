// One daemon for one run root and for one data root: two that share either would take each other's containers for their own.
// The pid file has the pid alone, for `kill $(cat tlabd.pid)`.
import { readFileSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import { takePidFile } from '../base/lock.ts';

/**
 * Writes this process's pid to `path`, and returns how to give it back. A pid file of a process that is gone, or is another
 * program, is no lock and is replaced.
 * Errors: alreadyExists, naming what is in use and by whom.
 */
export async function lockByPidFile(path: string, what: string): Promise<() => void> {
  const taken = await takePidFile({ path, mode: 0o644, text: `${process.pid}\n`, ownerOf });
  if (taken.owner === undefined) return taken.release;
  throw new LabError('alreadyExists', `tlabd: ${what} is in use by another daemon (pid ${taken.owner})`, {
    hint: `stop that one: kill ${taken.owner}`,
  });
}

function ownerOf(text: string): number | undefined {
  const pid = Number(text);
  try {
    const isDaemon = pid !== process.pid && /tlabd|daemon\/main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    return isDaemon ? pid : undefined;
  } catch {
    return undefined;
  }
}
