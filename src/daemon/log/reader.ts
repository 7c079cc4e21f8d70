// Reads a json-file log: the rotated files first, then the current one, and with `follow` on and on, woken by the writer.
// The position in the file is the only state, so a slow client costs no memory.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
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
  const handle = await open(options.path, 'r');
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

async function* pastEntries(path: string, current: Cursor): AsyncGenerator<LogEntry> {
  let oldest = 0;
  while (existsSync(`${path}.${oldest + 1}`)) oldest++;
  for (let index = oldest; index > 0; index--) {
    const rotated = new Cursor(await open(`${path}.${index}`, 'r'));
    try {
      yield* rotated.entries();
    } finally {
      await rotated.close();
    }
  }
  yield* current.entries();
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
  const waker = new Waker(log);
  try {
    while (!signal.aborted) {
      yield* cursor.entries();
      const woken = await waker.next(signal);
      if (woken === 'rotated') {
        yield* cursor.entries();
        await cursor.moveTo(await open(path, 'r'));
      }
      if (woken === 'closed') {
        yield* cursor.entries();
        return;
      }
    }
  } finally {
    waker.stop();
  }
}

class Waker {
  readonly #log: JsonFileLog;
  #isWritten = true;
  #isRotated = false;
  #controller = new AbortController();

  constructor(log: JsonFileLog) {
    this.#log = log;
    log.on('written', this.#written);
    log.on('rotated', this.#rotated);
    log.on('closed', this.#wake);
  }

  readonly #wake = (): void => this.#controller.abort();
  readonly #written = (): void => {
    this.#isWritten = true;
    this.#wake();
  };
  readonly #rotated = (): void => {
    this.#isRotated = true;
    this.#wake();
  };

  async next(signal: AbortSignal): Promise<'written' | 'rotated' | 'closed'> {
    if (!this.#isWritten && !this.#isRotated && !this.#log.isClosed && !signal.aborted) {
      this.#controller = new AbortController();
      const either = AbortSignal.any([signal, this.#controller.signal]);
      if (!either.aborted) await once(either, 'abort');
    }
    const news = this.#isRotated ? 'rotated' : this.#isWritten || !this.#log.isClosed ? 'written' : 'closed';
    if (this.#isRotated) this.#isRotated = false;
    else this.#isWritten = false;
    return news;
  }

  stop(): void {
    this.#log.off('written', this.#written);
    this.#log.off('rotated', this.#rotated);
    this.#log.off('closed', this.#wake);
  }
}

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
