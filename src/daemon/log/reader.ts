// Reads a json-file log: the rotated files first, then the current one, and with `follow` on and on, woken by the writer.
// The position in the file is the only state, so a slow client costs no memory.
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';
import type { OutputName } from '../stdio/output.ts';
import { parseRfc3339 } from '../time.ts';
import type { JsonFileLog } from './json-file.ts';

export interface LogEntry {
  log: string;
  stream: OutputName;
  time: string;
}

export interface ReadOptions {
  path: string;
  /** The last so many lines; undefined: all. */
  tail: number | undefined;
  sinceNs: bigint | undefined;
  untilNs: bigint | undefined;
  /** The writer to wait for; undefined: stop at the end. */
  follow: JsonFileLog | undefined;
  signal: AbortSignal;
}

const entrySchema = v.object({ log: v.string(), stream: v.picklist(['stdout', 'stderr']), time: v.string() });

export async function* readLog(options: ReadOptions): AsyncGenerator<LogEntry> {
  for await (const entry of tailed(options)) {
    const timeNs =
      options.sinceNs === undefined && options.untilNs === undefined ? 0n : (parseRfc3339(entry.time) ?? 0n);
    if (options.untilNs !== undefined && timeNs > options.untilNs) return;
    if (options.sinceNs === undefined || timeNs >= options.sinceNs) yield entry;
  }
}

async function* tailed(options: ReadOptions): AsyncGenerator<LogEntry> {
  const handle = await openCurrent(options.path);
  if (handle === undefined) return; // it has never run
  const cursor = new Cursor(handle);
  try {
    const past = pastEntries(options.path, cursor);
    if (options.tail === undefined) yield* past;
    else yield* await lastOf(past, options.tail);
    if (options.follow !== undefined) yield* following(options, options.follow, cursor);
  } finally {
    await cursor.close();
  }
}

/** What is older than the current file, which may have been rotated since it was opened: files are told apart by inode. */
async function* pastEntries(path: string, current: Cursor): AsyncGenerator<LogEntry> {
  const files = filesOf(path);
  const inode = await current.inode();
  const here = files.findIndex((file) => file.inode === inode);
  for (const older of here < 0 ? [] : files.slice(here + 1).reverse()) {
    const handle = await openInode(path, older.inode);
    if (handle === undefined) continue; // it was the oldest, and is gone
    const rotated = new Cursor(handle);
    try {
      yield* rotated.entries();
    } finally {
      await rotated.close();
    }
  }
  yield* current.entries();
}

interface LogFile {
  path: string;
  inode: number;
}

/** The newest first. */
function filesOf(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let index = 0; ; index++) {
    const name = index === 0 ? path : `${path}.${index}`;
    const stat = statSync(name, { throwIfNoEntry: false });
    if (stat === undefined) return files;
    files.push({ path: name, inode: stat.ino });
  }
}

/** A rotation leaves no file of that name for a moment, in which another thread may open it. */
async function openCurrent(path: string): Promise<FileHandle | undefined> {
  for (;;) {
    const handle = await openIfThere(path);
    if (handle !== undefined || !existsSync(path)) return handle;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Whatever its name is by now. */
async function openInode(path: string, inode: number): Promise<FileHandle | undefined> {
  for (;;) {
    const file = filesOf(path).find((one) => one.inode === inode);
    if (file === undefined) return undefined;
    const handle = await openIfThere(file.path);
    if (handle === undefined) continue; // rotated between looking and opening
    if ((await handle.stat()).ino === inode) return handle;
    await handle.close();
  }
}

async function lastOf(entries: AsyncIterable<LogEntry>, count: number): Promise<LogEntry[]> {
  const kept: LogEntry[] = [];
  for await (const entry of entries) {
    kept.push(entry);
    if (kept.length > 2 * count + 1024) kept.splice(0, kept.length - count);
  }
  return count === 0 ? [] : kept.slice(-count);
}

async function* following({ path, signal }: ReadOptions, log: JsonFileLog, cursor: Cursor): AsyncGenerator<LogEntry> {
  // Listening starts before the last look at the file: what is written in between wakes the next wait.
  const waker = new Waker(log, signal);
  try {
    for (let isOver = false; !isOver && !signal.aborted; ) {
      isOver = log.isClosed;
      yield* newerFiles(path, cursor);
      if (!isOver) await waker.next();
    }
  } finally {
    waker.stop();
  }
}

/** The writer may have rotated more than once: files are told apart by inode, and each newer one is read in turn. */
async function* newerFiles(path: string, cursor: Cursor): AsyncGenerator<LogEntry> {
  for (;;) {
    yield* cursor.entries();
    const next = nextFile(path, await cursor.inode());
    if (next === undefined) return;
    const handle = await openInode(path, next.inode);
    if (handle === undefined) continue; // it was the oldest, and is gone
    // What was written between the end that was read and the rotation: a file that has a newer one grows no more.
    yield* cursor.entries();
    await cursor.moveTo(handle);
  }
}

function nextFile(path: string, inode: number): LogFile | undefined {
  const files = filesOf(path);
  const here = files.findIndex((file) => file.inode === inode);
  return here < 0 ? files.at(-1) : files[here - 1];
}

/** Resolves at once when something has happened since the last time. */
class Waker {
  readonly #log: JsonFileLog;
  #hasNews = true;
  #wake = (): void => {};

  constructor(log: JsonFileLog, signal: AbortSignal) {
    this.#log = log;
    signal.addEventListener('abort', this.#happened, { once: true });
    for (const event of events) log.on(event, this.#happened);
  }

  readonly #happened = (): void => {
    this.#hasNews = true;
    this.#wake();
  };

  async next(): Promise<void> {
    if (!this.#hasNews) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    this.#hasNews = false;
  }

  stop(): void {
    for (const event of events) this.#log.off(event, this.#happened);
  }
}

const events = ['written', 'rotated', 'closed'] as const;

/** A place in an open log file; `entries` reads to its present end. */
class Cursor {
  #handle: FileHandle;
  #position = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async *entries(): AsyncGenerator<LogEntry> {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(10) + 1;
      this.#rest = bytes.subarray(end);
      yield* parseEntries(bytes.subarray(0, end).toString('utf8'));
    }
  }

  async inode(): Promise<number> {
    return (await this.#handle.stat()).ino;
  }

  async moveTo(handle: FileHandle): Promise<void> {
    await this.#handle.close();
    this.#handle = handle;
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A line that a full disk cut short is passed over. */
function* parseEntries(text: string): Generator<LogEntry> {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      yield v.parse(entrySchema, JSON.parse(line));
    } catch {}
  }
}
