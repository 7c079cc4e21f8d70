// Lines of standard input for a prompter: from a pipe or a terminal, with Ctrl-C and the end of the input as what they are.
// Rule: while somebody is waited for, the input keeps the process alive; a process that ends in the middle of a question has lost its answer.
import { createInterface, type Interface } from 'node:readline';
import { Interrupted } from './prompter.ts';

export class InputLines {
  #reader: Interface | undefined;
  readonly #waiting: string[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  #isStopped = false;
  readonly #stop = (): void => {
    this.#isStopped = true;
    this.#wake?.();
  };

  /** The next line. @throws Interrupted */
  async next(): Promise<string> {
    this.#open();
    for (;;) {
      if (this.#isStopped) throw new Interrupted('ctrl-c');
      const line = this.#waiting.shift();
      if (line !== undefined) return line;
      if (this.#ended) throw new Interrupted('end');
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #open(): void {
    if (this.#reader !== undefined) return;
    process.on('SIGINT', this.#stop);
    process.stdin.ref?.();
    // The terminal's own line editing: nothing moves a cursor, and every screen reader knows it.
    const reader = createInterface({ input: process.stdin, terminal: false });
    this.#reader = reader;
    reader.on('line', (line) => {
      this.#waiting.push(line);
      this.#wake?.();
    });
    reader.on('close', () => {
      this.#ended = this.#reader === reader;
      this.#wake?.();
    });
  }

  /** Leaves the input to others until the next line is asked for; lines that have come already are kept. */
  rest(): void {
    process.off('SIGINT', this.#stop);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.close();
  }

  close(): void {
    this.rest();
    process.stdin.unref?.();
  }
}
