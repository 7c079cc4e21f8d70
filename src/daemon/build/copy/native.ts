// The door to tlab-copy and tlab-unpack, which touch the trees that strangers filled. Requests and answers are fields that end in a NUL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { LabError } from '../../../base/errors.ts';
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
  const child = spawn(`${native.binaryFolder}/${program}`, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(native.signal === undefined ? {} : { signal: native.signal, killSignal: 'SIGKILL' as const }),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-8192);
  });
  // A program that refuses does not read the rest.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const fed = feed(child.stdin, input).catch((error: Error) => {
    child.kill('SIGKILL');
    return error;
  });
  try {
    const [code] = await ended;
    if (bytes > mostAnswerBytes) throw new LabError('resourceExhausted', `${program}: its answer is larger than 1 GiB`);
    const broken = await fed;
    if (broken instanceof LabError) throw broken;
    if (broken !== undefined)
      throw new LabError('invalidArgument', `what is sent breaks off: ${broken.message}`, { cause: broken });
    return { status: code ?? 255, stdout: Buffer.concat(chunks), message: stderr.trim().replace(/^tlab-\w+: /, '') };
  } catch (error) {
    child.kill('SIGKILL');
    if (isCancelled()) throw cancelled;
    throw error instanceof LabError
      ? error
      : new LabError('internal', `executing ${program}: ${(error as Error).message}`, { cause: error });
  }
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
}

export interface Listed {
  /** Where the path leads to, without symlinks, relative to the root. */
  real: string;
  /** The thing itself first; none when it is not there. */
  entries: ListedEntry[];
}

export type ListKind = 'tree' | 'children' | 'one';

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
  const next = fieldsOf(ended.stdout);
  const take = (): string => next.next().value ?? '';
  for (let kind = take(); kind !== ''; kind = take()) {
    const listed: Listed = { real: take(), entries: [] };
    answers.push(listed);
    if (kind === 'R')
      for (let mark = take(); mark === 'E'; mark = take()) listed.entries.push(entryOf(take(), take(), take(), take()));
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
  const [letter = '', mode = '', uid, gid, size, device = '', identity = '', modified = '0', changed = '0'] =
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
  };
}

const absentStatus = 2;

/** A regular file of a tree, symlinks followed inside of it, at most 16 MiB; undefined when there is none. */
export async function readFile(native: Native, root: string, path: string): Promise<Buffer | undefined> {
  const ended = await runNative(native, ['tlab-copy', 'read', '--root', root], fields([path]));
  if (ended.status === absentStatus) return undefined;
  if (ended.status !== 0) refuse(ended, path);
  return ended.stdout;
}
