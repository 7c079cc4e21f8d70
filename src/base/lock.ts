// A pid file as a lock: one server a folder. It is as good as what its owner wrote: who finds one of a process that is gone, or is another
// program by now, replaces it, so that kill -9 leaves nothing locked.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** How long a server that was just killed may take to be gone. */
const dyingMs = 1_000;

export interface PidFile {
  path: string;
  mode: number;
  /** What this process writes into it. */
  text: string;
  /** The live process, another than this, that wrote the text; undefined when there is none. */
  ownerOf: (text: string) => number | undefined;
}

/** `release` gives it back, and leaves it alone when it is another one's by now. */
export type Taken = { release(): void; owner?: never } | { owner: number; release?: never };

export async function takePidFile(file: PidFile): Promise<Taken> {
  const deadlineMs = Date.now() + dyingMs;
  for (;;) {
    const taken = await takeAlone(file);
    if (taken.owner === undefined || Date.now() > deadlineMs) return taken;
    await setTimeout(20);
  }
}

/**
 * One taker at a time: two that find what a killed server left would each remove it, and the second one the lock of the first. The kernel gives an
 * abstract name to one socket, and takes it back however its process ends. Anybody may take such a name, so nobody waits long for it.
 * @source man unix(7)
 */
async function takeAlone(file: PidFile): Promise<Taken> {
  const gate = await enterGate(file.path);
  try {
    return take(file);
  } finally {
    gate?.close();
  }
}

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

function take(file: PidFile): Taken {
  const { path, text } = file;
  while (!write(file)) {
    const owner = file.ownerOf(readText(path));
    if (owner !== undefined) return { owner };
    rmSync(path, { force: true });
  }
  return {
    release: () => {
      if (readText(path) === text) rmSync(path, { force: true });
    },
  };
}

/** False when the file is there. */
function write({ path, mode, text }: PidFile): boolean {
  try {
    const fd = openSync(path, 'wx', mode);
    writeSync(fd, text);
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
