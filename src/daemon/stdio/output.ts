// One output of a process: read from its FIFO, kept by the log, copied to whoever is attached.
// Rule: nothing is dropped. When an attached client cannot keep up, reading stops and the program waits, as at any pipe.
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

export type OutputName = 'stdout' | 'stderr';

/** Somebody who watches an output. */
export interface Watcher {
  /** False asks to wait for `drained`. */
  write(name: OutputName, chunk: Buffer): boolean;
  /** The output has ended. */
  end(name: OutputName): void;
}

/** A FIFO without a writer reports no end until it has had one, so opening it before the shim does is safe. @source man fifo(7) */
export class Output {
  readonly #socket: Socket;
  readonly #watchers = new Set<Watcher>();
  readonly name: OutputName;
  /** Resolves when every byte has been handed on. */
  readonly ended: Promise<void>;
  isEnded = false;

  constructor(name: OutputName, fifo: string) {
    this.name = name;
    this.#socket = new Socket({
      fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
    });
    this.#socket.on('data', (chunk: Buffer) => this.#deliver(chunk));
    this.#socket.on('error', () => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#socket.on('close', () => {
      this.isEnded = true;
      for (const watcher of this.#watchers) watcher.end(name);
      resolve();
    });
  }

  /** One chunk a turn of the event loop: a program that never stops writing must not keep the daemon from answering others. */
  #deliver(chunk: Buffer): void {
    this.#socket.pause();
    const answers = [...this.#watchers].map((watcher) => watcher.write(this.name, chunk));
    if (!answers.includes(false)) setImmediate(() => this.#socket.resume());
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.isEnded) watcher.end(this.name);
    return () => {
      this.#watchers.delete(watcher);
      this.#socket.resume();
    };
  }

  /** A watcher that asked to wait can take more. */
  drained(): void {
    this.#socket.resume();
  }

  /** What is in the pipe has been read for as long as anybody may wait: close. */
  close(): void {
    this.#socket.destroy();
  }
}

export interface StreamTarget {
  stream: Writable;
  outputs: readonly Output[];
  /** Puts a header before every chunk, or nothing. */
  frame: (name: OutputName, chunk: Buffer) => Buffer;
  /** The stream ends when every output has, and not before this. */
  until: Promise<void>;
}

/** Outputs that a stream receives as they come. */
export function streamWatcher({ stream, outputs, frame, until }: StreamTarget): Watcher {
  const left = new Set(outputs.map((output) => output.name));
  stream.on('drain', () => {
    for (const output of outputs) output.drained();
  });
  return {
    write: (name, chunk) => (stream.destroyed ? true : stream.write(frame(name, chunk))),
    end(name) {
      left.delete(name);
      if (left.size === 0) void until.then(() => stream.end());
    },
  };
}

const streamNumber: Record<OutputName, number> = { stdout: 1, stderr: 2 };

/** @source docker-api POST /containers/{id}/attach: type, three zero bytes, length as 32-bit big-endian */
export function frameOf(name: OutputName, chunk: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = streamNumber[name];
  header.writeUInt32BE(chunk.length, 4);
  return Buffer.concat([header, chunk]);
}

export const unframed = (_name: OutputName, chunk: Buffer): Buffer => chunk;
