// Lines of standard input for a prompter: from a pipe or a terminal, with Ctrl-C and the end of the input as what they are.
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
    // The terminal's own line editing: nothing moves a cursor, and every screen reader knows it.
    this.#reader = createInterface({ input: process.stdin, terminal: false });
    this.#reader.on('line', (line) => {
      this.#waiting.push(line);
      this.#wake?.();
    });
    this.#reader.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  close(): void {
    process.off('SIGINT', this.#stop);
    this.#reader?.close();
    process.stdin.unref?.();
  }
}
