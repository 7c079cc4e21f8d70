// What a command of RUN prints, as events. When the client cannot keep up the program waits, as at any pipe.
import { StringDecoder } from 'node:string_decoder';
import type { OutputName, Watcher } from '../stdio/output.ts';
import type { Streams } from '../stdio/streams.ts';
import type { BuildSession } from './session.ts';

export class OutputWatcher implements Watcher {
  readonly #build: BuildSession;
  readonly #step: number;
  readonly #streams: Streams;
  /** A character may be cut between two chunks. */
  readonly #decoders: Record<OutputName, StringDecoder> = {
    stdout: new StringDecoder('utf8'),
    stderr: new StringDecoder('utf8'),
  };

  constructor(build: BuildSession, step: number, streams: Streams) {
    this.#build = build;
    this.#step = step;
    this.#streams = streams;
  }

  write(name: OutputName, chunk: Buffer): boolean {
    return this.#report(name, this.#decoders[name].write(chunk));
  }

  end(name: OutputName): void {
    this.#report(name, this.#decoders[name].end());
  }

  #report(stream: OutputName, text: string): boolean {
    if (text === '') return true;
    const { reporter } = this.#build;
    if (reporter.report({ kind: 'output', step: this.#step, stream, text })) return true;
    void reporter.drained().then(() => {
      for (const output of this.#streams.outputs) output.drained();
    });
    return false;
  }
}
