// Output to a reader that may be slow or gone: the source is paused meanwhile, and ended when nobody reads any more.
import type { Readable } from 'node:stream';

/** Writes, and holds the source back while the reader is behind. */
export function copyOut(to: NodeJS.WriteStream, bytes: Buffer | string, source: Readable): void {
  if (to.destroyed || to.write(bytes)) return;
  source.pause();
  to.once('drain', () => source.resume());
}

/** `tlab logs -f web | head -1`: the end of the reader is the end of the source. */
export function stopWhenClosed(source: Readable): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') source.destroy();
  });
}
