// The door to tlab-copy and tlab-unpack, which touch the trees that strangers filled. Requests and answers are fields that end in a NUL.
import { Readable } from 'node:stream';
import { LabError } from '../../../base/errors.ts';
import { Slices } from '../../../base/slices.ts';
import { startProgram } from '../../launcher.ts';
import { pathBytes, pathOf } from './paths.ts';
import type { TreeEntry } from './types.ts';

export interface Native {
  binaryFolder: string;
  signal?: AbortSignal | undefined;
}

export interface Ended {
  status: number;
  stdout: Buffer;
  /** Without the program's name. */
  message: string;
}

/** What both programs end with when disk or quota are full. */
const fullStatus = 3;
/** A program that does not fit in this says something else than it should. */
const mostAnswerBytes = 1 << 30;

/** Runs one of them to its end. Errors: cancelled by the signal; internal when it cannot be started. */
export async function runNative(
  native: Native,
  [program, ...args]: readonly [string, ...string[]],
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<Ended> {
  const cancelled = new LabError('cancelled', `${program} ${args[0] ?? ''}: cancelled`);
  const isCancelled = (): boolean => native.signal?.aborted === true;
  if (isCancelled()) throw cancelled;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let stderr = '';
  const running = startProgram({
    folder: native.binaryFolder,
    name: program,
    arguments: args,
    stdout: (chunk) => {
      bytes += chunk.length;
      if (bytes > mostAnswerBytes) running.kill();
      else chunks.push(chunk);
    },
    stderr: (chunk) => {
      stderr = (stderr + chunk.toString()).slice(-8192);
    },
  });
  native.signal?.addEventListener('abort', running.kill);
  // A program that refuses does not read the rest.
  running.stdin.on('error', () => undefined);
  const fed = feed(running.stdin, input).catch((error: Error) => {
    running.kill();
    return error;
  });
  const isTooMuch = (): boolean => bytes > mostAnswerBytes;
  try {
    const status = await running.ended;
    if (isTooMuch()) throw new LabError('resourceExhausted', `${program}: its answer is larger than 1 GiB`);
    if (isCancelled()) throw cancelled;
    // Of a program that refused or was killed, nobody waits for the rest of its input, which may never come.
    const broken = await Promise.race(status === 0 ? [fed] : [fed, undefined]);
    if (isCancelled()) throw cancelled;
    if (broken instanceof LabError) throw broken;
    if (broken !== undefined) throw brokenOff(broken);
    return { status, stdout: Buffer.concat(chunks), message: stderr.trim().replace(/^tlab-\w+: /, '') };
  } catch (error) {
    running.kill();
    if (isCancelled()) throw cancelled;
    if (isTooMuch()) throw new LabError('resourceExhausted', `${program}: its answer is larger than 1 GiB`);
    throw await causeOf(error as Error, { program, fed });
  } finally {
    native.signal?.removeEventListener('abort', running.kill);
  }
}

const brokenOff = (cause: Error): LabError =>
  new LabError('invalidArgument', `what is sent breaks off: ${cause.message}`, { cause });

/** A program that was killed because its input broke off ended for that. */
async function causeOf(error: Error, { program, fed }: { program: string; fed: Promise<unknown> }): Promise<LabError> {
  const broken = await Promise.race([fed, undefined]);
  if (broken instanceof LabError) return broken;
  if (broken instanceof Error) return brokenOff(broken);
  if (error instanceof LabError) return error;
  return new LabError('internal', `executing ${program}: ${error.message}`, { cause: error });
}

/** Chunk by chunk, never faster than it is read. A stream that breaks off is an error, since half of it looks like an archive cut short. */
async function feed(
  stdin: NodeJS.WritableStream & { destroyed?: boolean },
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    stdin.once('close', resolve);
  });
  // The stream may be a request that is yet to be answered: it is left open when not all of it is wanted.
  for await (const chunk of input instanceof Readable ? input.iterator({ destroyOnReturn: false }) : input) {
    if (stdin.destroyed === true) break;
    if (!stdin.write(chunk)) await Promise.race([new Promise<void>((resolve) => stdin.once('drain', resolve)), gone]);
  }
  stdin.end();
}

/** Throws what a program ended with; `what` says in whose words: `COPY a /b: …`. */
export function refuse(ended: Ended, what: string, kind: 'invalidArgument' | 'dataLoss' = 'invalidArgument'): never {
  throw new LabError(
    ended.status === fullStatus ? 'resourceExhausted' : kind,
    `${what}: ${ended.message || `the program ended with status ${ended.status}`}`,
  );
}

const end = Buffer.from([0]);

/** Fields as one buffer a few thousand at a time. */
export function* fields(values: Iterable<string>): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (const value of values) {
    parts.push(pathBytes(value), end);
    if (parts.length < 4096) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
  yield Buffer.concat(parts);
}

export function* fieldsOf(answer: Buffer): Generator<string> {
  for (let at = 0; at < answer.length; ) {
    const stop = answer.indexOf(0, at);
    if (stop < 0) return;
    yield pathOf(answer.subarray(at, stop));
    at = stop + 1;
  }
}

/** An entry as `list` has it; the last five are of this host and this moment. */
export interface ListedEntry extends TreeEntry {
  /** Extended attributes that a copy gets: `name=value,` each, both in hex. */
  attributes: string;
  /** `device:inode`. */
  identity: string;
  modifiedNs: bigint;
  changedNs: bigint;
  /** SHA-256 of a regular file, listed as `summed`; `-` when it is none any more. */
  sum: string | undefined;
}

export interface Listed {
  /** Where the path leads to, without symlinks, relative to the root. */
  real: string;
  /** The thing itself first; none when it is not there. */
  entries: ListedEntry[];
}

export type ListKind = 'tree' | 'summed' | 'children' | 'one';

/** Looks at paths of a tree, symlinks in them followed inside of it. Answers come in the order of the requests. */
export async function listTree(
  native: Native,
  root: string,
  requests: ReadonlyArray<{ kind: ListKind; path: string }>,
): Promise<Listed[]> {
  const input = fields(requests.flatMap(({ kind, path }) => [kind.slice(0, 1), path]));
  const ended = await runNative(native, ['tlab-copy', 'list', '--root', root], input);
  if (ended.status !== 0) refuse(ended, 'looking at the sources');
  const answers: Listed[] = [];
  const slices = new Slices();
  const next = fieldsOf(ended.stdout);
  const take = (): string => next.next().value ?? '';
  for (let kind = take(); kind !== ''; kind = take()) {
    const listed: Listed = { real: take(), entries: [] };
    answers.push(listed);
    if (kind === 'R')
      for (let mark = take(); mark === 'E'; mark = take()) {
        listed.entries.push(entryOf(take(), take(), take(), take()));
        if (slices.isOver) await slices.next();
      }
  }
  return answers;
}

const typeOfLetter: Record<string, TreeEntry['type']> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'character',
  b: 'block',
  p: 'fifo',
  s: 'socket',
};

function entryOf(path: string, numbers: string, link: string, attributes: string): ListedEntry {
  const [letter = '', mode = '', uid, gid, size, device = '', identity = '', modified = '0', changed = '0', sum] =
    numbers.split(' ');
  return {
    path,
    type: typeOfLetter[letter] ?? 'socket',
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    sizeBytes: Number(size),
    link,
    device,
    attributes,
    identity,
    modifiedNs: BigInt(modified),
    changedNs: BigInt(changed),
    sum,
  };
}

/** Regular files of a tree, symlinks followed inside of it, each at most 16 MiB; undefined where there is none. */
export async function readFiles(
  native: Native,
  root: string,
  paths: readonly string[],
): Promise<Array<Buffer | undefined>> {
  const ended = await runNative(native, ['tlab-copy', 'read', '--root', root], fields(paths));
  // The message begins with the path.
  if (ended.status !== 0) refuse(ended, paths.length === 1 ? (paths[0] ?? '') : 'reading');
  let at = 0;
  const field = (): string => {
    const stop = ended.stdout.indexOf(0, at);
    const text = ended.stdout.toString('latin1', at, stop);
    at = stop + 1;
    return text;
  };
  return paths.map(() => {
    if (field() !== 'R') return undefined;
    const size = Number(field());
    at += size;
    return ended.stdout.subarray(at - size, at);
  });
}
