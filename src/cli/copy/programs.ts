// tlab-pack and tlab-unpack on this machine: files of the person's as an archive, and an archive's files written. Whatever an archive says
// stays in the directory that it is unpacked in.
import { type ChildProcess, spawn } from 'node:child_process';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { binaryFolder } from '../../base/binary-folder.ts';
import { LabError } from '../../base/errors.ts';

/** What the programs end with when the disk is full. */
const fullStatus = 3;

function ending(child: ChildProcess, what: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) return resolve();
      const kind = status === fullStatus ? 'resourceExhausted' : 'invalidArgument';
      const words = said.trim().replace(/^tlab-(un)?pack: /, '');
      reject(new LabError(kind, `${what}: ${words || `the program ended with ${status}`}`));
    });
  });
}

/** The archive as it is made; the stream fails with the program's own words. */
export function packed(args: readonly string[], what: string): Readable {
  const child = spawn(`${binaryFolder()}/tlab-pack`, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const archive = new PassThrough();
  archive.once('close', () => child.kill());
  child.stdout.pipe(archive, { end: false });
  ending(child, what).then(
    () => archive.end(),
    (error: Error) => archive.destroy(error),
  );
  return archive;
}

/** Errors: dataLoss when the archive breaks off; invalidArgument in the program's words; resourceExhausted. */
export async function unpacked(archive: Readable, args: readonly string[], what: string): Promise<void> {
  const child = spawn(`${binaryFolder()}/tlab-unpack`, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  const fed = pipeline(archive, child.stdin).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => {
      child.kill();
      return error;
    },
  );
  const ended = ending(child, what).then(
    () => undefined,
    (error: Error) => error,
  );
  const [failure, broken] = await Promise.all([ended, fed]);
  // A program that refuses closes its input, and says why; otherwise it was the archive's end that came too early.
  const isRefusal = broken === undefined || broken.code === 'EPIPE' || broken.code === 'ERR_STREAM_PREMATURE_CLOSE';
  if (!isRefusal) throw new LabError('dataLoss', `${what}: the archive breaks off: ${broken.message}`);
  if (failure !== undefined) throw failure;
}

/** Lets bytes through and counts them. */
export function counted(): Transform & { bytes: number } {
  const counter = Object.assign(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        counter.bytes += chunk.length;
        done(null, chunk);
      },
    }),
    { bytes: 0 },
  );
  return counter;
}
