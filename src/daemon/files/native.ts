// tlab-pack and tlab-unpack as the daemon runs them: an answer that is read here, an archive that flows to a client, one that comes from it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { binaryFolder } from '../../base/binary-folder.ts';
import { LabError } from '../../base/errors.ts';

export interface Running {
  /** In messages: `copying /etc from container "web"`. */
  what: string;
  signal?: AbortSignal | undefined;
}

/** What the programs end with when disk or quota are full, and when the path is not there. */
const fullStatus = 3;
export const missingStatus = 4;
/** A list of changes is as long as the container has files; more than this is a mistake. */
const mostAnswerBytes = 256 << 20;

type Program = 'tlab-pack' | 'tlab-unpack';

function start(program: Program, args: readonly string[], { signal }: Running) {
  const child = spawn(`${binaryFolder()}/${program}`, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
  });
  const complaint = { text: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    complaint.text = (complaint.text + chunk.toString()).slice(-8192);
  });
  // A program that refuses reads no further; an abort is told by the exit too.
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => {
    if (child.pid === undefined) complaint.text = `executing ${program}: ${error.message}`;
  });
  const ended = once(child, 'close').then(
    ([code]) => code as number | null,
    () => null,
  );
  return { child, complaint, ended };
}

function failure(status: number | null, complaint: string, { what, signal }: Running): LabError {
  if (signal?.aborted === true) return new LabError('cancelled', `${what}: cancelled`);
  const kind = status === fullStatus ? 'resourceExhausted' : status === missingStatus ? 'notFound' : 'invalidArgument';
  const said = complaint.trim().replace(/^tlab-(un)?pack: /, '');
  return new LabError(kind, `${what}: ${said || `the program ended with ${status}`}`);
}

/** Its output, whole. Errors: notFound for the path; resourceExhausted; invalidArgument in the program's words; cancelled. */
export async function ask(program: Program, args: readonly string[], running: Running): Promise<Buffer> {
  const { child, complaint, ended } = start(program, args, running);
  child.stdin.end();
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  const status = await ended;
  if (status !== 0) throw failure(status, complaint.text, running);
  return Buffer.concat(chunks);
}

/** Its output into `to`, no faster than that is read. The stream is left open when it fails, for whoever tells the client. */
export async function packInto(to: Writable, args: readonly string[], running: Running): Promise<void> {
  const { child, complaint, ended } = start('tlab-pack', args, running);
  child.stdin.end();
  const piped = pipeline(child.stdout, to, { end: false }).catch(() => child.kill('SIGKILL'));
  const [status] = await Promise.all([ended, piped]);
  if (status !== 0) throw failure(status, complaint.text, running);
}

/** An archive from outside, unpacked. What of it was made before it failed stays, as with any unpacking into a living tree. */
export async function unpackFrom(from: Readable, args: readonly string[], running: Running): Promise<void> {
  const { child, complaint, ended } = start('tlab-unpack', args, running);
  child.stdout.resume();
  let broken: Error | undefined;
  const fed = feed(from, child.stdin).catch((error: Error) => {
    broken = error;
    child.kill('SIGKILL');
  });
  const status = await ended;
  child.stdin.destroy();
  await fed;
  if (broken !== undefined && running.signal?.aborted !== true)
    throw new LabError('invalidArgument', `${running.what}: the archive breaks off: ${broken.message}`);
  if (status !== 0) throw failure(status, complaint.text, running);
}

async function feed(from: Readable, stdin: Writable): Promise<void> {
  const gone = once(stdin, 'close').catch(() => undefined);
  // The request is yet to be answered: it is left open when the program does not want all of it.
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    if (stdin.destroyed) return;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, 'drain').catch(() => undefined), gone]);
  }
  stdin.end();
}
