// Makes tracer files in memory, byte by byte as native/tracer/records.h says, for tests that need no kernel.
import { recordTypes } from '../../src/tracer/records.ts';

export interface CaptureBytes {
  argument: number;
  part?: number;
  bytes: Uint8Array;
  /** Default: the number of bytes. */
  whole?: number;
}

const padded = (length: number): number => (length + 7) & ~7;

function captureBytes({ argument, part = 0, bytes, whole = bytes.length }: CaptureBytes): Buffer {
  const out = Buffer.alloc(8 + padded(bytes.length));
  out[0] = argument;
  out[1] = part;
  out.writeUInt16LE(bytes.length, 2);
  out.writeInt32LE(whole, 4);
  out.set(bytes, 8);
  return out;
}

/** A string with its NUL. */
export const text = (argument: number, value: string, part = 0): CaptureBytes => ({
  argument,
  part,
  bytes: Buffer.from(`${value}\0`),
});

export class RecordingBytes {
  #parts: Buffer[] = [];
  #timeNs = 1000n;

  constructor(options: { machine?: number; version?: number; magic?: string } = {}) {
    const head = Buffer.alloc(24);
    head.write(options.magic ?? 'tlabcall', 'latin1');
    head.writeUInt32LE(options.version ?? 1, 8);
    head.writeUInt32LE(options.machine ?? 62, 12);
    head.writeBigUInt64LE(this.#timeNs, 16);
    this.#parts.push(head);
  }

  record(type: number, body: Buffer, head: { number?: number; pid?: number; tid?: number; flags?: number } = {}): this {
    const { number = 0, pid = 100, tid = pid, flags = 0 } = head;
    const out = Buffer.alloc(24 + body.length);
    out.writeUInt32LE(out.length, 0);
    out[4] = type;
    out[5] = flags;
    out.writeUInt16LE(number, 6);
    this.#timeNs += 10n;
    out.writeBigUInt64LE(this.#timeNs, 8);
    out.writeUInt32LE(pid, 16);
    out.writeUInt32LE(tid, 20);
    out.set(body, 24);
    this.#parts.push(out);
    return this;
  }

  enter(
    number: number,
    registers: readonly (number | bigint)[],
    captures: CaptureBytes[] = [],
    head: { pid?: number; tid?: number; flags?: number } = {},
  ): this {
    const body = Buffer.alloc(48);
    for (const [index, value] of registers.entries())
      body.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), index * 8);
    return this.record(recordTypes.enter, Buffer.concat([body, ...captures.map(captureBytes)]), { number, ...head });
  }

  exit(
    number: number,
    result: number | bigint,
    captures: CaptureBytes[] = [],
    head: { pid?: number; tid?: number } = {},
  ): this {
    const body = Buffer.alloc(8);
    body.writeBigInt64LE(BigInt(result));
    return this.record(recordTypes.exit, Buffer.concat([body, ...captures.map(captureBytes)]), { number, ...head });
  }

  fork(childPid: number, childTid = childPid, head: { pid?: number; tid?: number } = {}): this {
    const body = Buffer.alloc(32);
    body.writeUInt32LE(childPid, 0);
    body.writeUInt32LE(childTid, 4);
    body.writeUInt32LE(childTid, 8);
    body.write('child', 16);
    return this.record(recordTypes.fork, body, head);
  }

  exec(oldTid: number, file: string, head: { pid?: number; tid?: number } = {}): this {
    const body = Buffer.alloc(8);
    body.writeUInt32LE(oldTid, 0);
    return this.record(recordTypes.exec, Buffer.concat([body, captureBytes(text(0, file))]), head);
  }

  end(code: number, threadsLeft = 0, head: { pid?: number; tid?: number } = {}): this {
    const body = Buffer.alloc(8);
    body.writeInt32LE(code, 0);
    body.writeUInt32LE(threadsLeft, 4);
    return this.record(recordTypes.end, body, head);
  }

  /** A process that was there before, with its descriptors. */
  process(command: string, descriptors: Readonly<Record<number, string>>, head: { pid?: number } = {}): this {
    const body = Buffer.alloc(16);
    body.write(command);
    const captures = Object.entries(descriptors).map(([fd, name]) =>
      captureBytes({ ...text(0, name), whole: Number(fd) }),
    );
    return this.record(recordTypes.process, Buffer.concat([body, ...captures]), head);
  }

  counts(dropped = 0): this {
    const body = Buffer.alloc(64);
    body.writeBigUInt64LE(BigInt(dropped), 40);
    return this.record(recordTypes.counts, body);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
