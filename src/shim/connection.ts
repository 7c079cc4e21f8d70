// A ttrpc client connection: many calls at once over one unix socket, told apart by odd stream ids.
// Rule: when the connection goes, every call that waits fails at once with `unavailable`; nothing is sent twice.
import { connect, type Socket } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { kindOfGrpcCode, LabError } from '../base/errors.ts';
import { encodeFrame, type Frame, FrameReader, frameTypes } from './codec.ts';
import { RequestSchema, ResponseSchema } from './proto/gen/ttrpc_pb.ts';

export interface TtrpcCall {
  service: string;
  method: string;
  payload: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  /** 0: none. */
  timeoutMs: number;
}

interface Waiting {
  resolve(payload: Uint8Array): void;
  reject(error: Error): void;
}

export class TtrpcConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextStream = 1;
  #end: LabError | undefined;
  readonly #onClose: Array<() => void> = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const frame of reader.push(bytes)) this.#received(frame);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => this.#ended(error));
    socket.on('close', () => this.#ended(undefined));
  }

  /** Connects to a unix socket (`unix:///path` or a path; a leading NUL or @ names an abstract one). Errors: unavailable. */
  static open(address: string): Promise<TtrpcConnection> {
    const path = socketPath(address);
    return new Promise((resolve, reject) => {
      const socket = connect({ path });
      const refuse = (error: Error) =>
        reject(new LabError('unavailable', `connecting to ${address}: ${error.message}`, { cause: error }));
      socket.once('error', refuse);
      socket.once('connect', () => {
        socket.off('error', refuse);
        resolve(new TtrpcConnection(socket));
      });
    });
  }

  /** Errors: the kind that the peer answered; deadlineExceeded; unavailable when the connection ends first. */
  call(request: TtrpcCall): Promise<Uint8Array> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const streamId = this.#nextStream;
    this.#nextStream = streamId >= 0x7ffffffd ? 1 : streamId + 2;
    const message = create(RequestSchema, {
      service: request.service,
      method: request.method,
      payload: request.payload,
      timeoutNano: BigInt(request.timeoutMs) * 1_000_000n,
      metadata: Object.entries(request.metadata).map(([key, value]) => ({ key, value })),
    });
    return new Promise((resolve, reject) => {
      const forget = this.#expect(streamId, request, { resolve, reject });
      try {
        this.#socket.write(
          encodeFrame({ streamId, type: frameTypes.request, payload: toBinary(RequestSchema, message) }),
        );
      } catch (error) {
        forget();
        reject(error as Error);
      }
    });
  }

  /** Called once when the connection has ended, for whatever reason; at once when it already has. */
  onClose(listener: () => void): void {
    if (this.#end !== undefined) listener();
    else this.#onClose.push(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #expect(streamId: number, request: TtrpcCall, waiting: Waiting): () => void {
    const timer =
      request.timeoutMs > 0
        ? setTimeout(() => {
            this.#waiting.delete(streamId);
            const message = `${request.method}: no answer within ${request.timeoutMs} ms`;
            waiting.reject(new LabError('deadlineExceeded', message));
          }, request.timeoutMs)
        : undefined;
    this.#waiting.set(streamId, {
      resolve: (payload) => {
        clearTimeout(timer);
        waiting.resolve(payload);
      },
      reject: (error) => {
        clearTimeout(timer);
        waiting.reject(error);
      },
    });
    return () => {
      clearTimeout(timer);
      this.#waiting.delete(streamId);
    };
  }

  #received(frame: Frame): void {
    const waiting = this.#waiting.get(frame.streamId);
    // An answer nobody waits for any more (its deadline has passed) is dropped.
    if (frame.type !== frameTypes.response || waiting === undefined) return;
    this.#waiting.delete(frame.streamId);
    const { status, payload } = fromBinary(ResponseSchema, frame.payload);
    if (status === undefined || status.code === 0) waiting.resolve(payload);
    else waiting.reject(new LabError(kindOfGrpcCode(status.code), status.message));
  }

  #ended(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = new LabError(
      'unavailable',
      `the shim has closed the connection${error === undefined ? '' : `: ${error.message}`}`,
      { cause: error },
    );
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
    this.#socket.destroy();
    for (const listener of this.#onClose.splice(0)) listener();
  }
}

function socketPath(address: string): string {
  const path = address.replace(/^unix:\/\//, '');
  return path.startsWith('@') ? `\0${path.slice(1)}` : path;
}
