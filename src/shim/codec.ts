// ttrpc frames: a header of 10 bytes (length, stream id, type, flags; big endian), then a protobuf Request or Response.
// Rule: a peer's length is checked before anything is kept for it. @source containerd/ttrpc PROTOCOL, channel.go
import { LabError } from '../base/errors.ts';

export const headerBytes = 10;
/** @source containerd/ttrpc channel.go messageLengthMax */
export const largestFrameBytes = 4 << 20;

export const frameTypes = { request: 1, response: 2 } as const;
const knownTypes: ReadonlySet<number> = new Set(Object.values(frameTypes));

export interface Frame {
  streamId: number;
  type: number;
  payload: Uint8Array;
}

/** One frame as bytes. Errors: resourceExhausted when the payload is too large for the peer. */
export function encodeFrame({ streamId, type, payload }: Frame): Buffer {
  if (payload.length > largestFrameBytes) {
    throw new LabError(
      'resourceExhausted',
      `ttrpc message: ${payload.length} bytes, at most ${largestFrameBytes} are allowed`,
    );
  }
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(streamId, 4);
  frame.writeUInt8(type, 8);
  frame.writeUInt8(0, 9);
  frame.set(payload, headerBytes);
  return frame;
}

/** Cuts a byte stream into frames, whatever pieces it arrives in. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #size = 0;

  /** The frames that are complete with these bytes. Errors: invalidArgument for what is not ttrpc: the connection must then be closed. */
  push(bytes: Buffer): Frame[] {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#size < headerBytes) return undefined;
    const length = this.#header().readUInt32BE(0);
    if (length > largestFrameBytes)
      throw new LabError('invalidArgument', `ttrpc frame of ${length} bytes, at most ${largestFrameBytes} are allowed`);
    const total = headerBytes + length;
    if (this.#size < total) return undefined;
    const all = this.#join();
    const type = all.readUInt8(8);
    if (!knownTypes.has(type))
      throw new LabError('invalidArgument', `ttrpc frame of type ${type}, expected request or response`);
    this.#pieces = all.length > total ? [all.subarray(total)] : [];
    this.#size -= total;
    return { streamId: all.readUInt32BE(4), type, payload: all.subarray(headerBytes, total) };
  }

  /** Joins only when the first piece is shorter than a header, so that a large frame is copied once. */
  #header(): Buffer {
    const [first] = this.#pieces;
    return first !== undefined && first.length >= headerBytes ? first : this.#join();
  }

  #join(): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined;
  }
}
