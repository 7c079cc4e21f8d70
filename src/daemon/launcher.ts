// Starts small native programs through tlab-launch (native/launch/main.c says why and how), or by itself: while a trace is recorded, since the tracer
// follows what the daemon forks, and where no launcher runs, as in tests.
// Rule: whoever starts a program reads its outputs to their end and waits for `ended`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Writable } from 'node:stream';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { currentTrace } from '../trace/context.ts';

export interface Program {
  /** Folder of the native programs. */
  folder: string;
  name: string;
  arguments: readonly string[];
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

export interface RunningProgram {
  stdin: Writable;
  /** Its status, 128 and the signal for a violent death. Rejects when it could not be started. */
  ended: Promise<number>;
  kill(): void;
}

let socketPath: string | undefined;
let closing = async (): Promise<void> => {};

/** From now on programs are started through a launcher, which ends when this process does. Call it once. */
export async function openLauncher(folder: string): Promise<void> {
  const path = `${paths.runRoot}/launch-${process.pid}.sock`;
  const child = spawn(`${folder}/tlab-launch`, [path], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      socketPath = undefined;
      resolve();
    });
  });
  closing = (): Promise<void> => {
    child.stdin.end();
    return gone;
  };
  const refused = once(child, 'error').then(([error]) => {
    throw new LabError('unavailable', `executing tlab-launch: ${(error as Error).message}`, { cause: error as Error });
  });
  await Promise.race([once(child.stdout, 'data'), gone, refused]);
  if (child.exitCode === null && child.signalCode === null) socketPath = path;
}

/** Ends it, so that it leaves no process behind. */
export const closeLauncher = (): Promise<void> => closing();

export const startProgram = (program: Program): RunningProgram =>
  socketPath === undefined || currentTrace() !== undefined ? spawned(program) : launched(program, socketPath);

function spawned({ folder, name, arguments: words, stdout, stderr }: Program): RunningProgram {
  const child = spawn(`${folder}/${name}`, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdout.on('data', stdout);
  child.stderr.on('data', stderr);
  const ended = once(child, 'close').then(([status]) => (status as number | null) ?? 128 + 9);
  return { stdin: child.stdin, ended, kill: () => child.kill('SIGKILL') };
}

const headBytes = 5;

function launched({ name, arguments: words, stdout, stderr }: Program, path: string): RunningProgram {
  const socket = createConnection({ path, allowHalfOpen: true });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= headBytes && pending.length >= headBytes + pending.readUInt32LE(1)) {
      const end = headBytes + pending.readUInt32LE(1);
      const content = pending.subarray(headBytes, end);
      const kind = String.fromCharCode(pending[0] ?? 0);
      pending = pending.subarray(end);
      if (kind === '1') stdout(content);
      else if (kind === '2') stderr(content);
      else {
        resolve(content[0] ?? 255);
        socket.destroy();
      }
    }
  });
  const lost = (error?: Error): void => {
    reject(new LabError('internal', `executing ${name}: ${error?.message ?? 'its launcher went away'}`));
    socket.destroy();
  };
  socket.on('error', lost);
  socket.on('end', () => lost());
  socket.on('close', () => lost());
  const body = Buffer.from([name, ...words].map((word) => `${word}\0`).join(''));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  socket.write(Buffer.concat([head, body]));
  return { stdin: socket, ended, kill: () => socket.destroy() };
}
