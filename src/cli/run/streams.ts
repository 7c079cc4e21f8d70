// Carries bytes between an attached container and this process: stdin up; stdout and stderr down, taken out of their frames.
// Rule: nobody is outrun. A slow reader of our output slows the container, and a container that does not read slows us.
import type { Socket } from 'node:net';
import { demultiplexer, type HijackedConnection } from '../../daemon/client.ts';
import { detachFilter } from './detach-keys.ts';

export interface StreamOptions {
  stdin: boolean;
  /** The container has a terminal: one raw stream, and the detach keys count. */
  tty: boolean;
  detachKeys?: string | undefined;
}

export type StreamEnd = 'closed' | 'detached';

/** Runs until the container closes its side or the person detaches. */
export async function carryStreams(connection: HijackedConnection, options: StreamOptions): Promise<StreamEnd> {
  const { socket } = connection;
  const { promise: detached, resolve: detach } = Promise.withResolvers<StreamEnd>();
  const output = carryOutput(socket, options.tty).then((): StreamEnd => 'closed');
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

async function carryOutput(socket: Socket, raw: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const write = (to: NodeJS.WriteStream, bytes: Buffer): void => {
    // One read brings many frames: the first that does not fit waits for all of them.
    if (to.destroyed || to.write(bytes) || socket.isPaused()) return;
    socket.pause();
    to.once('drain', () => socket.resume());
  };
  const frames = demultiplexer((stream, payload) =>
    write(stream === 'stderr' ? process.stderr : process.stdout, payload),
  );
  ignoreClosedOutput(() => socket.resume());
  socket.on('data', (bytes: Buffer) => (raw ? write(process.stdout, bytes) : frames.push(bytes)));
  socket.on('end', () => resolve());
  socket.on('error', () => resolve());
  socket.on('close', () => resolve());
  await promise;
}

/** `tlab run … | head`: once our reader is gone, the container's output goes nowhere, as with docker. */
function ignoreClosedOutput(goOn: () => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    goOn();
  });
}
