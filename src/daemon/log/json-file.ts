// The json-file log: a line `{"log":…,"stream":…,"time":…}` for each line of output, rotated by size.
// Writes are synchronous and whole lines, so kill -9 loses nothing that was read and readers see only complete entries.
// @source docker logging/json-file
import { EventEmitter } from 'node:events';
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';
import type { OutputName } from '../stdio/output.ts';
import { timestampNow } from '../time.ts';

/** Longer lines become several entries, of which only the last ends in a newline. @source docker logger/copier.go */
const longestLineBytes = 16 * 1024;

export interface LogOptions {
  path: string;
  /** 0: never rotated. */
  maxSizeBytes: number;
  maxFiles: number;
}

interface LogEvents {
  /** More can be read. */
  written: [];
  /** The file has been renamed; readers finish their old one and open the new. */
  rotated: [];
  closed: [];
}

export class JsonFileLog extends EventEmitter<LogEvents> {
  readonly #options: LogOptions;
  readonly #partial: Record<OutputName, Buffer[]> = { stdout: [], stderr: [] };
  #fd: number;
  #sizeBytes: number;
  isClosed = false;

  constructor(options: LogOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.#fd = openSync(options.path, 'a', 0o640);
    this.#sizeBytes = fstatSync(this.#fd).size;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Output as it comes; lines may be split anywhere. */
  write(stream: OutputName, chunk: Buffer): void {
    const entries: string[] = [];
    const time = timestampNow();
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const isWhole = this.#partial[stream].length === 0 && end - start < longestLineBytes;
      if (isWhole) entries.push(entryOf(stream, chunk.subarray(start, end + 1), time));
      else entries.push(...this.#complete(stream, chunk.subarray(start, end + 1), time));
      start = end + 1;
    }
    if (start < chunk.length) entries.push(...this.#keep(stream, chunk.subarray(start), time));
    this.#append(entries);
  }

  #complete(stream: OutputName, end: Buffer, time: string): string[] {
    const parts = this.#partial[stream];
    this.#partial[stream] = [];
    return split(Buffer.concat([...parts, end])).map((line) => entryOf(stream, line, time));
  }

  /** An unfinished line waits for its end, unless it is already too long. */
  #keep(stream: OutputName, rest: Buffer, time: string): string[] {
    const lines = split(Buffer.concat([...this.#partial[stream], rest]));
    const last = lines.at(-1) ?? Buffer.alloc(0);
    const isFull = last.length === longestLineBytes;
    this.#partial[stream] = isFull || last.length === 0 ? [] : [last];
    return (isFull ? lines : lines.slice(0, -1)).map((line) => entryOf(stream, line, time));
  }

  /** The output ended, perhaps in the middle of a line. */
  flush(stream: OutputName): void {
    const left = Buffer.concat(this.#partial[stream]);
    this.#partial[stream] = [];
    if (left.length > 0) this.#append([entryOf(stream, left, timestampNow())]);
  }

  #append(entries: string[]): void {
    if (entries.length === 0 || this.isClosed) return;
    const bytes = Buffer.from(entries.join(''));
    if (
      this.#options.maxSizeBytes > 0 &&
      this.#sizeBytes > 0 &&
      this.#sizeBytes + bytes.length > this.#options.maxSizeBytes
    ) {
      this.#rotate();
    }
    // A full disk must not stop the container: what cannot be written is lost, as with Docker.
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
      this.#sizeBytes += bytes.length;
    } catch {
      this.#dropTorn();
      return;
    }
    this.emit('written');
  }

  /** Half an entry would take the next one with it. */
  #dropTorn(): void {
    try {
      ftruncateSync(this.#fd, this.#sizeBytes);
    } catch {
      // The reader skips what it cannot parse.
    }
  }

  /** The new file first: without it (no inode left, the folder gone, a disk that is read-only now) the old one goes on. */
  #rotate(): void {
    let fd: number | undefined;
    try {
      fd = openSync(`${this.path}.new`, 'a', 0o640);
      this.#shift();
    } catch {
      if (fd !== undefined) closeSync(fd);
      return;
    }
    closeSync(this.#fd);
    this.#fd = fd;
    this.#sizeBytes = 0;
    this.emit('rotated');
  }

  #shift(): void {
    const { path, maxFiles } = this.#options;
    for (let index = maxFiles - 1; index > 1; index--) rename(`${path}.${index - 1}`, `${path}.${index}`);
    if (maxFiles > 1) rename(path, `${path}.1`);
    renameSync(`${path}.new`, path);
  }

  /** No more output of this run; followers read to the end and stop. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.#fd);
    this.emit('closed');
  }
}

function split(line: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < line.length; start += longestLineBytes)
    parts.push(line.subarray(start, start + longestLineBytes));
  return parts;
}

const entryOf = (stream: OutputName, line: Buffer, time: string): string =>
  `{"log":${JSON.stringify(line.toString('utf8'))},"stream":"${stream}","time":"${time}"}\n`;

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
