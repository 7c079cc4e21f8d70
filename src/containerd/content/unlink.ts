// Thousands of files, removed by the threads behind the event loop: a file system that is busy with its journal may keep each of them for a while.
import { unlink } from 'node:fs';

/** As many as those threads are, and some that wait: others have work for them too. */
const atOnce = 8;

/** Resolves when all are gone; one that was not there is no error. Errors: of unlink(2), the first of them, when all have been tried. */
export function unlinkAll(paths: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let next = 0;
  let under = 0;
  let failure: Error | undefined;
  const fill = (): void => {
    while (under < atOnce && next < paths.length) {
      under += 1;
      unlink(paths[next++] ?? '', (error) => {
        under -= 1;
        if (error !== null && error.code !== 'ENOENT') failure ??= error;
        fill();
      });
    }
    if (under > 0) return;
    if (failure === undefined) resolve();
    else reject(failure);
  };
  fill();
  return promise;
}
