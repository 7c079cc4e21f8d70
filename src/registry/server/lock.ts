// One server a storage folder: an abstract unix socket with the folder's name in it, which the kernel takes back however we end.
import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { LabError } from '../../base/errors.ts';

/** Makes the folder. Errors: unavailable when another server has it; release with close(). */
export async function takeStorage(folder: string): Promise<Server> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32);
  const lock = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  lock.once('error', (cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EADDRINUSE' ? 'another registry serves it' : cause.message;
    reject(new LabError('unavailable', `storage "${folder}": ${why}`, { cause }));
  });
  lock.listen(`\0tlab-registry-${name}`, resolve);
  await promise;
  lock.unref();
  return lock;
}
