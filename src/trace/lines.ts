// Lines of a file that may be anything: read in chunks, one line at a time, in memory that does not grow with the file.
// Rule: a name that is no regular file is refused before a byte is read; a FIFO would wait for ever, a device might never end.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { LabError } from '../base/errors.ts';

const chunkBytes = 1 << 20;
/** Longer lines are no events: they are skipped and counted. */
export const longestLineBytes = 4 << 20;
/** What skips this much for one line is no text; the rest of the file is not read. */
const longestSkipBytes = 256 << 20;

const newline = 0x0a;
const carriageReturn = 0x0d;

const kinds: Array<[string, (stats: Stats) => boolean]> = [
  ['a directory', (stats) => stats.isDirectory()],
  ['a FIFO', (stats) => stats.isFIFO()],
  ['a device', (stats) => stats.isCharacterDevice() || stats.isBlockDevice()],
];

/** Opens a regular file; the caller closes it. @throws LabError notFound, permissionDenied, invalidArgument. */
export function openRegular(path: string): number {
  let fd: number;
  try {
    // Without O_NONBLOCK the opening of a FIFO waits for its writer. @source man open(2)
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw cannotOpen(path, error as NodeJS.ErrnoException);
  }
  const stats = fstatSync(fd);
  if (stats.isFile()) return fd;
  closeSync(fd);
  const kind = kinds.find(([, is]) => is(stats))?.[0] ?? 'no regular file';
  throw new LabError(
    'invalidArgument',
    `trace ${path}: it is ${kind}, expected a file that \`tlab trace export\` wrote`,
  );
}

function cannotOpen(path: string, error: NodeJS.ErrnoException): LabError {
  const kind = error.code === 'ENOENT' ? 'notFound' : error.code === 'EACCES' ? 'permissionDenied' : 'invalidArgument';
  return new LabError(kind, `trace ${path}: ${error.code ?? error.message}, expected a file that can be read`, {
    cause: error,
  });
}

/** Walks the lines of an open file. After `next()` the line is `bytes` from `start` to `end`, without its newline. */
export class LineReader {
  readonly #fd: number;
  bytes: Buffer = Buffer.allocUnsafe(2 * chunkBytes);
  start = 0;
  end = 0;
  /** The line was too long: `start` to `end` is empty. */
  isTooLong = false;
  /** The file ended before the line did. */
  isCut = false;
  /** Why reading stopped before the end of the file. */
  gaveUp: string | undefined;
  /** Position in the file of bytes[0]. */
  #base: number;
  /** Where the unread line begins, and where what was read ends. */
  #at = 0;
  #filled = 0;
  #ended = false;
  #latin1: string | undefined;

  constructor(fd: number, from = 0) {
    this.#fd = fd;
    this.#base = from;
  }

  /** Position in the file of the line. */
  get offset(): number {
    return this.#base + this.start;
  }

  /** Goes to the next line; false at the end. */
  next(): boolean {
    this.isTooLong = false;
    for (let searched = this.#at; ; ) {
      const found = this.bytes.indexOf(newline, searched);
      if (found >= 0 && found < this.#filled) return this.#take(found);
      if (this.#ended) return this.#takeLast();
      if (this.#filled - this.#at > longestLineBytes) return this.#skip();
      const pending = this.#filled - this.#at;
      this.#fill();
      searched = this.#at + pending;
    }
  }

  text(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }

  /** The line with a character a byte: cheap, a piece of one text for all lines of a chunk. */
  latin1(): string {
    this.#latin1 ??= this.bytes.toString('latin1', 0, this.#filled);
    return this.#latin1.slice(this.start, this.end);
  }

  #take(end: number): boolean {
    this.start = this.#at;
    this.end = end > this.start && this.bytes[end - 1] === carriageReturn ? end - 1 : end;
    this.#at = end + 1;
    return true;
  }

  #takeLast(): boolean {
    if (this.#at === this.#filled) return false;
    this.isCut = true;
    this.#take(this.#filled);
    this.#at = this.#filled;
    return true;
  }

  /** Moves the unread line to the front and reads more behind it. */
  #fill(): void {
    this.#latin1 = undefined;
    this.bytes.copyWithin(0, this.#at, this.#filled);
    this.#base += this.#at;
    this.#filled -= this.#at;
    this.#at = 0;
    if (this.bytes.length - this.#filled < chunkBytes) {
      const larger = Buffer.allocUnsafe(2 * this.bytes.length);
      this.bytes.copy(larger, 0, 0, this.#filled);
      this.bytes = larger;
    }
    const count = readSync(this.#fd, this.bytes, this.#filled, chunkBytes, this.#base + this.#filled);
    if (count === 0) this.#ended = true;
    this.#filled += count;
  }

  /** Passes over a line that is too long, without keeping it. */
  #skip(): boolean {
    for (let skipped = 0; !this.#ended; skipped += this.#filled) {
      if (skipped > longestSkipBytes) {
        this.gaveUp = `a line of more than ${longestSkipBytes >> 20} MiB: what follows was not read`;
        return false;
      }
      this.#at = this.#filled;
      this.#fill();
      const found = this.bytes.subarray(0, this.#filled).indexOf(newline);
      if (found < 0) continue;
      this.start = found;
      this.end = found;
      this.#at = found + 1;
      this.isTooLong = true;
      return true;
    }
    this.start = this.#filled;
    this.end = this.#filled;
    this.#at = this.#filled;
    this.isTooLong = true;
    this.isCut = true;
    return true;
  }
}
