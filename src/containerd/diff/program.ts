// Runs tlab-pack or tlab-unpack: its input and output are files, so no byte of a layer passes through this process; it tells what it
// did in one line of JSON, or what is wrong in one line on stderr.
import { spawn } from 'node:child_process';
import { LabError } from '../../base/errors.ts';

export interface LayerProgram {
  path: string;
  args: readonly string[];
  /** Descriptors of standard input and output; what is left out is a pipe that is read here. */
  stdin?: number;
  stdout?: number;
  /** What it was for, in messages: `unpacking layer sha256:…`. */
  what: string;
  signal?: AbortSignal | undefined;
}

/** What it ends with when disk or quota are full. */
const fullStatus = 3;
/** A report or a complaint is one line. */
const longestTextBytes = 16_384;

/** Its report, parsed. Errors: dataLoss, in the program's words; resourceExhausted when the disk is full; cancelled. */
export async function runLayerProgram({ path, args, what, signal, ...files }: LayerProgram): Promise<unknown> {
  const reportsTo = files.stdout === undefined ? 1 : 3;
  const child = spawn(path, reportsTo === 1 ? args : [...args, '--report', '3'], {
    stdio: [files.stdin ?? 'ignore', files.stdout ?? 'pipe', 'pipe', reportsTo === 3 ? 'pipe' : 'ignore'],
    ...(signal === undefined ? {} : { signal }),
  });
  const texts = { report: '', complaint: '' };
  child.stdio[reportsTo]?.on('data', (chunk: Buffer) => {
    texts.report = (texts.report + chunk.toString()).slice(-longestTextBytes);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.complaint = (texts.complaint + chunk.toString()).slice(-longestTextBytes);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  // An abort is told by both events: it is over only when the program is.
  child.once('error', (error) => {
    if (child.pid === undefined)
      reject(new LabError('internal', `executing ${path}: ${error.message}`, { cause: error }));
  });
  child.once('close', resolve);
  const code = await promise;
  if (signal?.aborted === true) throw new LabError('cancelled', `${what}: cancelled`);
  if (code !== 0) {
    const kind = code === fullStatus ? 'resourceExhausted' : 'dataLoss';
    throw new LabError(kind, `${what}: ${texts.complaint.trim() || `${path} ended with ${code}`}`);
  }
  return JSON.parse(texts.report);
}
