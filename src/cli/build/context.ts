// The client's side of a build context: what is sent of a folder, as a tar that is written while it is read. The same files always give the same bytes:
// names in order, owned by root, no names of users.
// Rule: .dockerignore holds here already; a file that it leaves out never leaves this machine. The Dockerfile and .dockerignore are always sent.
// @source docker cli command/image/build/context.go; docker-api POST /build
import { constants, createReadStream, lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { ignoreRules, parseIgnore } from '../../dockerfile/ignore.ts';
import { readTar, type TarHead, tarEnd, tarHead, tarPadding } from '../../library/tar.ts';
import { type BuildWish, usedSources } from './used.ts';
import { type Walked, walkContext } from './walk.ts';

export interface PackOptions extends BuildWish {
  /** A folder; `-` is a tar or a Dockerfile on the standard input. */
  context: string;
  /** `-f`: a path, from the working directory; `-` is the standard input. */
  file: string | undefined;
  stdin: Readable;
  /** Called often while the context is read; `at`: the file whose turn it is. */
  onProgress?(sent: { entries: number; bytes: number; at?: string }): void;
}

export interface PackedContext {
  stream: Readable;
  /** The `dockerfile` of the request: its path in the tar. */
  dockerfile: string;
}

/** Errors: notFound and invalidArgument for context and Dockerfile, notImplemented for remote contexts. The stream throws what reading throws. */
export async function packContext(options: PackOptions): Promise<PackedContext> {
  const { context, file } = options;
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//i.test(context))
    throw new LabError('notImplemented', `build context "${context}": remote contexts are not fetched`, {
      hint: 'clone or download it, and give the folder',
    });
  if (context === '-' && file === '-')
    throw new LabError('usage', "invalid argument: can't use stdin for both build context and dockerfile");
  return context === '-' ? fromInput(options) : fromFolder(options);
}

const archiveMagic: Buffer[] = [
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
].map((bytes) => Buffer.from(bytes));

/** The first block decides, as with docker: an archive is handed on, anything else is a Dockerfile. */
async function fromInput({ stdin, file, onProgress }: PackOptions): Promise<PackedContext> {
  const chunks: Buffer[] = [];
  const iterator = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let size = 0;
  while (size < 512) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    chunks.push(Buffer.from(value));
    size += value.length;
  }
  const head = Buffer.concat(chunks);
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
  if (isArchive(head))
    return { stream: Readable.from(handedOn(head, rest, onProgress)), dockerfile: file ?? 'Dockerfile' };
  if (file !== undefined)
    throw new LabError(
      'usage',
      'the Dockerfile is on the standard input: -f names a file of a context, and there is none',
    );
  const text = await textOf(head, rest);
  return { stream: Readable.from(oneFile('Dockerfile', text)), dockerfile: 'Dockerfile' };
}

function isArchive(head: Buffer): boolean {
  if (archiveMagic.some((magic) => head.subarray(0, magic.length).equals(magic))) return true;
  try {
    return head.length >= 512 && head[0] !== 0 && !readTar(Buffer.concat([head.subarray(0, 512), tarEnd])).next().done;
  } catch (error) {
    // Of an entry with content only the header is there.
    return /ends in the middle/.test((error as Error).message);
  }
}

async function* handedOn(
  head: Buffer,
  rest: AsyncIterable<Buffer>,
  onProgress: PackOptions['onProgress'],
): AsyncGenerator<Buffer> {
  let bytes = head.length;
  yield head;
  for await (const chunk of rest) {
    bytes += chunk.length;
    onProgress?.({ entries: 0, bytes });
    yield chunk;
  }
}

/** Far more than any Dockerfile. */
const dockerfileMaxBytes = 16 * 1024 ** 2;

async function textOf(head: Buffer, rest: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks = [head];
  let size = head.length;
  for await (const chunk of rest) {
    size += chunk.length;
    if (size > dockerfileMaxBytes)
      throw new LabError('invalidArgument', 'the Dockerfile on the standard input has more than 16 MiB');
    chunks.push(Buffer.from(chunk));
  }
  if (size === 0) throw new LabError('invalidArgument', 'the Dockerfile on the standard input is empty');
  return Buffer.concat(chunks);
}

const fileHead = (path: string): TarHead => ({ path, type: 'file', mode: 0o600, uid: 0, gid: 0, mtime: 0, link: '' });

function* oneFile(path: string, bytes: Buffer): Generator<Uint8Array> {
  yield* tarHead(fileHead(path), bytes.length);
  yield bytes;
  yield tarPadding(bytes.length);
  yield tarEnd;
}

async function fromFolder(options: PackOptions): Promise<PackedContext> {
  const root = folderOf(options.context);
  const dockerfile = await dockerfileOf(root, options);
  const specific =
    dockerfile.inContext === undefined ? undefined : readOptional(`${root}/${dockerfile.inContext}.dockerignore`);
  const ignore = specific ?? readOptional(`${root}/.dockerignore`) ?? '';
  const patterns = parseIgnore(ignore);
  // Nothing is left out that the build itself reads.
  const kept = [
    '.dockerignore',
    ...(dockerfile.inContext === undefined
      ? []
      : [dockerfile.inContext, ...(specific === undefined ? [] : [`${dockerfile.inContext}.dockerignore`])]),
  ];
  const own = ignoreRules(patterns);
  const rules = ignoreRules([...patterns, ...kept.filter((path) => own.isIgnored(path)).map((path) => `!${path}`)]);
  const sources = await usedSources(dockerfile.text, options);
  const files = walkContext(root, rules, sources === undefined ? undefined : [...sources, ...kept]);
  const name = dockerfile.inContext ?? (await nameOfOwn(dockerfile.text));
  const added =
    dockerfile.inContext === undefined ? addedFiles(name, dockerfile.text, ignore) : new Map<string, Buffer>();
  return { stream: Readable.from(pack(root, files, { added, onProgress: options.onProgress })), dockerfile: name };
}

async function nameOfOwn(text: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  return `.dockerfile.${createHash('sha256').update(text).digest('hex').slice(0, 20)}`;
}

/** A Dockerfile from elsewhere comes under a name of its own, which no COPY takes. */
const addedFiles = (name: string, text: string, ignore: string): Map<string, Buffer> =>
  new Map([
    [
      '.dockerignore',
      Buffer.from(`${ignore}${ignore === '' || ignore.endsWith('\n') ? '' : '\n'}.dockerignore\n${name}\n`),
    ],
    [name, Buffer.from(text)],
  ]);

function folderOf(context: string): string {
  const stats = statSync(context, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return realpathSync(context);
  throw stats === undefined
    ? new LabError('notFound', `unable to prepare context: path "${context}" not found`)
    : new LabError('invalidArgument', `context must be a directory: ${context}`);
}

interface FoundDockerfile {
  text: string;
  /** Relative to the context; undefined when it lies elsewhere or came by the standard input. */
  inContext: string | undefined;
}

async function dockerfileOf(root: string, { file, stdin }: PackOptions): Promise<FoundDockerfile> {
  if (file === '-') return { text: (await textOf(Buffer.alloc(0), stdin)).toString('utf8'), inContext: undefined };
  const path =
    file ??
    (readOptional(`${root}/Dockerfile`) === undefined && readOptional(`${root}/dockerfile`) !== undefined
      ? `${root}/dockerfile`
      : `${root}/Dockerfile`);
  const text = readOptional(path);
  if (text === undefined)
    throw new LabError(
      'notFound',
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${path}: no such file or directory`,
      {
        hint: 'name it with -f',
      },
    );
  const folder = realpathSync(path.slice(0, path.lastIndexOf('/') + 1) || '.');
  const full = `${folder}/${path.split('/').at(-1)}`;
  const isInside = full.startsWith(`${root === '/' ? '' : root}/`) && !lstatSync(full).isSymbolicLink();
  return { text, inContext: isInside ? full.slice(root === '/' ? 1 : root.length + 1) : undefined };
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LabError('invalidArgument', `reading ${path}: ${(error as Error).message}`, { cause: error });
  }
}

interface Packing {
  added: ReadonlyMap<string, Buffer>;
  onProgress: PackOptions['onProgress'];
}

async function* pack(
  root: string,
  files: Iterable<Walked>,
  { added, onProgress }: Packing,
): AsyncGenerator<Uint8Array> {
  const links = new Map<string, string>();
  const sent = { entries: 0, bytes: 0 };
  for (const { path, stats } of files) {
    if (added.has(path)) continue;
    for await (const chunk of entry(root, { path, stats }, links)) {
      sent.bytes += chunk.length;
      onProgress?.({ ...sent, at: path });
      yield chunk;
    }
    sent.entries++;
  }
  for (const [path, bytes] of added) {
    yield Buffer.concat([...tarHead(fileHead(path), bytes.length), bytes, tarPadding(bytes.length)]);
    sent.entries++;
  }
  yield tarEnd;
  onProgress?.({ ...sent });
}

/** Sockets are no part of an archive. A file with several names is sent once. */
async function* entry(root: string, { path, stats }: Walked, links: Map<string, string>): AsyncGenerator<Uint8Array> {
  const type = typeOf(stats);
  if (type === undefined) return;
  const head: TarHead = {
    path,
    type,
    mode: stats.mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
    link: '',
  };
  const identity = `${stats.dev}:${stats.ino}`;
  const first = type === 'file' && stats.nlink > 1 ? links.get(identity) : undefined;
  if (first !== undefined) yield* tarHead({ ...head, type: 'hardlink', link: first }, 0);
  else if (type === 'symlink') yield* tarHead({ ...head, link: readlinkSync(`${root}/${path}`) }, 0);
  else if (type !== 'file') yield* tarHead(head, 0);
  else {
    links.set(identity, path);
    yield* content(`${root}/${path}`, head);
  }
}

function typeOf(stats: Walked['stats']): TarHead['type'] | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return stats.isFIFO() ? 'fifo' : undefined;
}

/** As long as it was when it was opened, whoever writes to it meanwhile. */
async function* content(path: string, head: TarHead): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: Error) => {
      throw new LabError('permissionDenied', `no permission to read from '${path}'`, {
        cause: error,
        hint: 'leave it out with .dockerignore',
      });
    },
  );
  try {
    const { size } = await file.stat();
    yield* tarHead(head, size);
    let sent = 0;
    if (size > 0)
      for await (const chunk of createReadStream('', {
        fd: file,
        autoClose: false,
        end: size - 1,
        highWaterMark: 256 * 1024,
      }) as AsyncIterable<Buffer>) {
        sent += chunk.length;
        yield chunk;
      }
    if (sent < size) throw new LabError('conflict', `${path}: it became shorter while it was sent`);
    yield tarPadding(size);
  } finally {
    await file.close();
  }
}
