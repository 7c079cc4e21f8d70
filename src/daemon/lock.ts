// One daemon for one run root and for one data root: two that share either would take each other's containers for their own.
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { LabError } from '../base/errors.ts';

/**
 * Writes this process's pid to `path`, and returns how to give it back. A pid file of a process that is gone, or is another
 * program, is no lock and is replaced.
 * Errors: alreadyExists, naming what is in use and by whom.
 */
export function lockByPidFile(path: string, what: string): () => void {
  for (;;) {
    try {
      const fd = openSync(path, 'wx', 0o644);
      writeFileSync(fd, `${process.pid}\n`);
      closeSync(fd);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(readFileSync(path, 'utf8'));
      if (isDaemon(pid)) {
        throw new LabError('alreadyExists', `tlabd: ${what} is in use by another daemon (pid ${pid})`, {
          hint: `stop that one: kill ${pid}`,
        });
      }
      rmSync(path, { force: true });
    }
  }
}

function isDaemon(pid: number): boolean {
  try {
    return pid !== process.pid && /tlabd|daemon\/main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
