// One server a state folder. The pid file names its process and that process's start time, so that neither kill -9 nor a pid that
// was given to another program since leaves the folder locked.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';

/** How long a server that was just killed may take to be gone. */
const dyingMs = 1_000;

/** Errors: conflict when a live server has it. Release: release(). */
export async function takeLock(path: string): Promise<{ release(): void }> {
  const gate = await enterGate(path);
  try {
    return await takeAlone(path);
  } finally {
    gate?.close();
  }
}

/**
 * One taker at a time: two that find what a killed server left would each remove it, and the second one the lock of the first. The kernel gives an
 * abstract name to one socket, and takes it back however its process ends. Anybody may take such a name, so nobody waits long for it.
 * @source man unix(7)
 */
async function enterGate(path: string): Promise<Server | undefined> {
  const deadlineMs = Date.now() + 3 * dyingMs;
  const name = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32);
  for (;;) {
    const gate = createServer((socket) => socket.destroy());
    const entered = Promise.withResolvers<boolean>();
    gate.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? entered.resolve(false) : entered.reject(error),
    );
    gate.listen(`\0tlab-lock-${name}`, () => entered.resolve(true));
    if (await entered.promise) return gate;
    if (Date.now() > deadlineMs) return undefined;
    await setTimeout(5);
  }
}

async function takeAlone(path: string): Promise<{ release(): void }> {
  const deadlineMs = Date.now() + dyingMs;
  for (;;) {
    if (tryLock(path)) return { release: () => rmSync(path, { force: true }) };
    const owner = liveOwner(path);
    if (owner === undefined) rmSync(path, { force: true });
    else if (Date.now() > deadlineMs)
      throw new LabError('conflict', `${path}: a server runs already, pid ${owner}`, { hint: `kill ${owner}` });
    else await setTimeout(20);
  }
}

function tryLock(path: string): boolean {
  try {
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, `${process.pid} ${startTime(process.pid) ?? ''}\n`);
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function liveOwner(path: string): number | undefined {
  const [pid, started] = readText(path).trim().split(' ');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0 || number === process.pid) return undefined;
  return started !== undefined && startTime(number) === started ? number : undefined;
}

/** In clock ticks since boot; undefined for a process that is gone or a zombie. @source man proc(5) /proc/pid/stat fields 3, 22 */
function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
