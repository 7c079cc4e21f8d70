// Apart from launch.ts, so that a command that finds the daemon running loads nothing that starts processes.
import { createConnection } from 'node:net';

/** Whether somebody takes connections at a unix socket. */
export function answers(socketPath: string): Promise<'yes' | 'no' | 'forbidden'> {
  const { promise, resolve } = Promise.withResolvers<'yes' | 'no' | 'forbidden'>();
  const socket = createConnection({ path: socketPath });
  socket.on('connect', () => {
    socket.destroy();
    resolve('yes');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES' ? 'forbidden' : 'no'));
  return promise;
}
