// Reads the tracer's file, native/tracer/records.h: a head, then records with their sizes. Memory is bounded by the chunk: one record
// is looked at where it lies, and gone with the next step. Rule: nothing in the file is trusted; what cannot be a record ends the
// reading with a reason (`damage`), it never hangs and never guesses where the next one might begin.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import { printable } from '../base/text.ts';
import type { CapturedBytes } from './view.ts';

export const recordsMagic = 'tlabcall';
export const recordsVersion = 1;
export const fileHeadBytes = 24;
export const recordHeadBytes = 24;
/** No record of the tracer is larger: 6 arguments with 16 KiB each and room. */
export const recordMostBytes = 1 << 20;

export const recordTypes = { enter: 1, exit: 2, fork: 3, exec: 4, end: 5, process: 6, counts: 7 } as const;
/** record_head.flags: a 32-bit call, a call of the x32 table; a call that a seccomp filter answered, the kernel never began it. */
export const recordFlags = { compat: 1, x32: 2, refused: 4 } as const;
/** What does not fit into record_head.number: no kernel has such a call. */
export const numberUnknown = 0xffff;

const bodyBytes: Readonly<Record<number, number>> = { 1: 48, 2: 8, 3: 32, 4: 8, 5: 8, 6: 16, 7: 64 };
/** e_machine of ELF. @source uapi linux/elf-em.h */
const machines: Readonly<Record<number, 'x64' | 'arm64'>> = { 62: 'x64', 183: 'arm64' };

export interface TracerCounts {
  enters: number;
  exits: number;
  forks: number;
  execs: number;
  ends: number;
  /** Did not fit into the ring buffer. */
  dropped: number;
  /** The program was running already on that processor. */
  missed: number;
  received: number;
}

/** What a trace says of records that are missing. */
export const wordsOfLoss = (lost: number): string =>
  `LOST ${lost} records of system calls: they came faster than the tracer could write; level 3 is not complete`;

/** One part of what was read behind an argument. `whole` below 0: an errno, nothing could be read. */
export interface Capture extends CapturedBytes {
  argument: number;
  part: number;
}

/** Where the bytes come from: a file, or memory in tests. */
export interface Source {
  sizeBytes: number;
  /** Fills as much of `into` as there is from `position`; answers how much. */
  read(into: Uint8Array, position: number): number;
  close(): void;
}

export function fileSource(path: string): Source {
  const fd = openSync(path, 'r');
  return {
    sizeBytes: fstatSync(fd).size,
    read(into, position) {
      let done = 0;
      while (done < into.length) {
        const count = readSync(fd, into, done, into.length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    },
    close: () => closeSync(fd),
  };
}

export const bytesSource = (bytes: Uint8Array): Source => ({
  sizeBytes: bytes.length,
  read(into, position) {
    const part = bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  },
  close: () => undefined,
});

/** One record where it lies in the chunk. It is reused: take what you need before the next step. */
export class RecordView {
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Position in the file. */
  offset = 0;
  size = 0;
  type = 0;
  flags = 0;
  number = 0;
  pid = 0;
  tid = 0;

  place(chunk: Buffer, at: number, offset: number): void {
    this.#chunk = chunk;
    this.#at = at;
    this.offset = offset;
    this.size = chunk.readUInt32LE(at);
    this.type = chunk[at + 4] ?? 0;
    this.flags = chunk[at + 5] ?? 0;
    this.number = chunk.readUInt16LE(at + 6);
    this.pid = chunk.readUInt32LE(at + 16);
    this.tid = chunk.readUInt32LE(at + 20);
  }

  get timeNs(): bigint {
    return this.#chunk.readBigUInt64LE(this.#at + 8);
  }
  unsigned32(at: number): number {
    return this.#chunk.readUInt32LE(this.#at + recordHeadBytes + at);
  }
  signed32(at: number): number {
    return this.#chunk.readInt32LE(this.#at + recordHeadBytes + at);
  }
  unsigned64(at: number): bigint {
    return this.#chunk.readBigUInt64LE(this.#at + recordHeadBytes + at);
  }
  signed64(at: number): bigint {
    return this.#chunk.readBigInt64LE(this.#at + recordHeadBytes + at);
  }
  /** A text with its NUL in a field of this size. */
  text(at: number, size: number): string {
    const from = this.#at + recordHeadBytes + at;
    const field = this.#chunk.subarray(from, from + size);
    const end = field.indexOf(0);
    return field.toString('utf8', 0, end === -1 ? size : end);
  }

  hasCaptures(): boolean {
    return this.size > recordHeadBytes + (bodyBytes[this.type] ?? 0);
  }

  /** The captures, with bytes of their own. One that reaches beyond its record ends the list. */
  captures(): Capture[] {
    const found: Capture[] = [];
    const end = this.#at + this.size;
    let at = this.#at + recordHeadBytes + (bodyBytes[this.type] ?? 0);
    while (at + 8 <= end) {
      const length = this.#chunk.readUInt16LE(at + 2);
      if (at + 8 + length > end) break;
      const bytes = Buffer.from(this.#chunk.subarray(at + 8, at + 8 + length));
      found.push({
        argument: this.#chunk[at] ?? 0,
        part: this.#chunk[at + 1] ?? 0,
        whole: this.#chunk.readInt32LE(at + 4),
        bytes,
      });
      at += 8 + ((length + 7) & ~7);
    }
    return found;
  }
}

export interface Damage {
  /** Position in the file of the first byte that could not be read. */
  offset: number;
  reason: string;
}

/** A tracer's file, opened. The caller closes it. */
export class RecordFile {
  readonly machine: 'x64' | 'arm64';
  /** CLOCK_MONOTONIC of the moment when the tracer was attached. */
  readonly startNs: bigint;
  readonly sizeBytes: number;
  /** Set by reading: where and why it had to stop. */
  damage: Damage | undefined;
  #source: Source;
  #window = Buffer.alloc(0);
  #windowAt = -windowBytes;
  #found = new RecordView();

  /** @throws LabError dataLoss for what is no such file, notImplemented for a version of a newer tlab. */
  constructor(source: Source) {
    this.#source = source;
    this.sizeBytes = source.sizeBytes;
    const head = Buffer.alloc(fileHeadBytes);
    const count = source.read(head, 0);
    const magic = head.toString('latin1', 0, 8);
    if (count < fileHeadBytes || magic !== recordsMagic) {
      throw new LabError('dataLoss', `not a file of the tracer: it begins with "${printable(magic)}"`);
    }
    const version = head.readUInt32LE(8);
    if (version !== recordsVersion) {
      throw new LabError(
        'notImplemented',
        `the tracer's file has version ${version}, this tlab reads ${recordsVersion}`,
        {
          hint: 'use the version of tlab that recorded it',
        },
      );
    }
    const machine = machines[head.readUInt32LE(12)];
    if (!machine)
      throw new LabError('dataLoss', `the tracer's file is of an unknown machine: ${head.readUInt32LE(12)}`);
    this.machine = machine;
    this.startNs = head.readBigUInt64LE(16);
  }

  /** All records in the order of the file. Each step reuses the same view. */
  *records(chunkBytes = 1 << 20): Generator<RecordView> {
    const view = new RecordView();
    const chunk = Buffer.allocUnsafe(chunkBytes + recordMostBytes);
    let chunkOffset = fileHeadBytes;
    let filled = this.#source.read(chunk, chunkOffset);
    let at = 0;
    for (;;) {
      if (filled - at < recordMostBytes && chunkOffset + filled < this.sizeBytes) {
        chunk.copy(chunk, 0, at, filled);
        chunkOffset += at;
        filled -= at;
        at = 0;
        const count = this.#source.read(chunk.subarray(filled), chunkOffset + filled);
        if (count === 0) return this.#stop(chunkOffset + filled, 'the file became shorter while it was read');
        filled += count;
      }
      if (filled === at) return;
      const reason = wrongWith(chunk, at, filled);
      if (reason !== undefined) return this.#stop(chunkOffset + at, reason);
      view.place(chunk, at, chunkOffset + at);
      yield view;
      at += view.size;
    }
  }

  #stop(offset: number, reason: string): void {
    this.damage ??= { offset, reason };
  }

  /**
   * The record at this position, which records() has passed before. `near`: where the reader is; one that is close behind comes
   * out of a window, a farther one (a call that returned much later) costs a look of its own.
   */
  at(offset: number, near: number): RecordView {
    if (offset < this.#windowAt || offset >= this.#windowAt + windowBytes) {
      // Half a window: so a new one is read only when the reader has come half a window further.
      if (offset < near || offset - near >= windowBytes / 2) return this.#farAt(offset);
      const window = Buffer.allocUnsafe(windowBytes + recordMostBytes);
      this.#window = window.subarray(0, this.#source.read(window, near));
      this.#windowAt = near;
    }
    return this.#placed(this.#window, offset - this.#windowAt, offset);
  }

  #farAt(offset: number): RecordView {
    const few = Buffer.allocUnsafe(farBytes);
    const filled = few.subarray(0, this.#source.read(few, offset));
    const size = filled.length < recordHeadBytes ? 0 : filled.readUInt32LE(0);
    if (size <= filled.length) return this.#placed(filled, 0, offset);
    const whole = Buffer.alloc(Math.min(size, recordMostBytes));
    return this.#placed(whole.subarray(0, this.#source.read(whole, offset)), 0, offset);
  }

  #placed(bytes: Buffer, at: number, offset: number): RecordView {
    const reason = wrongWith(bytes, at, bytes.length);
    if (reason !== undefined) throw new LabError('dataLoss', `the tracer's file changed while it was read: ${reason}`);
    this.#found.place(bytes, at, offset);
    return this.#found;
  }

  close(): void {
    this.#source.close();
  }
}

const windowBytes = 1 << 20;
const farBytes = 4096;

/** Why there is no record here; undefined when there is one, whole. */
function wrongWith(chunk: Buffer, at: number, filled: number): string | undefined {
  if (filled - at < recordHeadBytes) return 'it ends within a record';
  const size = chunk.readUInt32LE(at);
  const least = recordHeadBytes + (bodyBytes[chunk[at + 4] ?? 0] ?? 0);
  if (size < least || size > recordMostBytes || size % 8 !== 0) return `a record cannot have ${size} bytes`;
  if (size > filled - at) return 'it ends within a record';
  return undefined;
}
