// Carries bytes between an attached container and this process: stdin up; stdout and stderr down, taken out of their frames.
// Rule: nobody is outrun. A slow reader of our output slows the container, and a container that does not read slows us.
import type { Socket } from 'node:net';
import { demultiplexer, type HijackedConnection } from '../../daemon/client.ts';
import { say } from '../terminal.ts';
import { detachFilter } from './detach-keys.ts';

export interface StreamOptions {
  stdin: boolean;
  /** The container has a terminal: one raw stream, and the detach keys count. */
  tty: boolean;
  detachKeys?: string | undefined;
}

/** How carrying ended: the container closed its side, the person detached, or the reader of our output went away. */
export type StreamEnd = 'closed' | 'detached' | 'unread';

/** Says why we leave a container that goes on, and the status for it. @source docker-run: 1 and "write /dev/stdout: broken pipe" */
export function leaveRunning(end: 'detached' | 'unread'): number {
  say(end === 'detached' ? 'read escape sequence' : 'write /dev/stdout: broken pipe');
  return end === 'detached' ? 0 : 1;
}

/** Runs until the container closes its side or the person detaches. */
export async function carryStreams(connection: HijackedConnection, options: StreamOptions): Promise<StreamEnd> {
  const { socket } = connection;
  const { promise: detached, resolve: detach } = Promise.withResolvers<StreamEnd>();
  const output = carryOutput(socket, options.tty);
  using _input = carryInput(socket, options, () => detach('detached'));
  const end = await Promise.race([output, detached]);
  socket.destroy();
  return end;
}

function carryInput(socket: Socket, options: StreamOptions, detach: () => void): Disposable {
  if (!options.stdin) {
    socket.end();
    return { [Symbol.dispose]: () => undefined };
  }
  const { stdin } = process;
  const filter = options.tty ? detachFilter(options.detachKeys) : undefined;
  const onData = (typed: Buffer): void => {
    const { pass, detach: leave } = filter?.push(typed) ?? { pass: typed, detach: false };
    if (pass.length > 0 && !socket.destroyed && !socket.write(pass)) stdin.pause();
    if (leave) detach();
  };
  const onEnd = (): void => void socket.end();
  const onDrain = (): void => void stdin.resume();
  stdin.on('data', onData).on('end', onEnd);
  socket.on('drain', onDrain);
  return {
    [Symbol.dispose]() {
      stdin.off('data', onData).off('end', onEnd);
      stdin.pause();
      stdin.unref?.();
    },
  };
}

async function carryOutput(socket: Socket, raw: boolean): Promise<StreamEnd> {
  const { promise, resolve } = Promise.withResolvers<StreamEnd>();
  const write = (to: NodeJS.WriteStream, bytes: Buffer): void => {
    // One read brings many frames: the first that does not fit waits for all of them.
    if (to.destroyed || to.write(bytes) || socket.isPaused()) return;
    socket.pause();
    to.once('drain', () => socket.resume());
  };
  const frames = demultiplexer((stream, payload) =>
    write(stream === 'stderr' ? process.stderr : process.stdout, payload),
  );
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    resolve('unread');
  });
  socket.on('data', (bytes: Buffer) => (raw ? write(process.stdout, bytes) : frames.push(bytes)));
  socket.on('end', () => resolve('closed'));
  socket.on('error', () => resolve('closed'));
  socket.on('close', () => resolve('closed'));
  return await promise;
}
