// The standard streams of one process, as FIFOs between the daemon and the shim.
// Rule: the daemon holds its own end of stdin open while it may still write, and never blocks on opening.
import { constants, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { makeFifo } from '../../kernel/real/fifos.ts';
import { Output, type OutputName, type Watcher } from './output.ts';

export interface StreamPaths {
  stdin: string;
  stdout: string;
  stderr: string;
}

export interface StreamOptions {
  /** Folder of this process's FIFOs. */
  folder: string;
  hasStdin: boolean;
  /** A terminal has one output: stderr does not exist. */
  isTerminal: boolean;
}

export class Streams {
  readonly paths: StreamPaths;
  readonly outputs: Output[];
  readonly #folder: string;
  #stdin: Socket | undefined;

  /** Makes the FIFOs, or opens those that an earlier daemon made. */
  constructor({ folder, hasStdin, isTerminal }: StreamOptions) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = (name: string, isWanted: boolean): string => (isWanted ? `${folder}/${name}` : '');
    this.paths = {
      stdin: path('stdin', hasStdin),
      stdout: path('stdout', true),
      stderr: path('stderr', !isTerminal),
    };
    for (const fifo of Object.values(this.paths)) if (fifo !== '' && !existsSync(fifo)) makeFifo(fifo);
    const names: OutputName[] = isTerminal ? ['stdout'] : ['stdout', 'stderr'];
    this.outputs = names.map((name) => new Output(name, this.paths[name]));
    if (hasStdin) this.#stdin = openForWriting(this.paths.stdin);
  }

  get stdin(): Socket | undefined {
    return this.#stdin;
  }

  watch(names: readonly OutputName[], watcher: Watcher): () => void {
    const stops = this.outputs.filter((output) => names.includes(output.name)).map((output) => output.watch(watcher));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** No more input: what was written is delivered first. Resolves when the daemon's end is closed. */
  closeStdin(): Promise<void> {
    const stdin = this.#stdin;
    this.#stdin = undefined;
    if (stdin === undefined || stdin.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      stdin.once('close', () => resolve());
      stdin.end(() => stdin.destroy());
    });
  }

  /** The process is gone: reads what is left, at most `graceMs` long (a child of an exec may hold the pipe), then closes. */
  async finish(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([Promise.all(this.outputs.map((output) => output.ended)), promise]);
    clearTimeout(timer);
    this.close();
  }

  close(): void {
    this.#stdin?.destroy();
    this.#stdin = undefined;
    for (const output of this.outputs) output.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Read and write, because opening a FIFO for writing alone fails while nobody reads. @source man fifo(7) */
function openForWriting(path: string): Socket {
  const socket = new Socket({
    fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK),
    readable: false,
    writable: true,
  });
  socket.on('error', () => socket.destroy());
  return socket;
}
