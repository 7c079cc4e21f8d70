// Long work in a process that also serves: it is cut into slices, and between two of them everybody else has a turn of the event loop.
import { setImmediate } from 'node:timers/promises';

/** How long others may have to wait. */
const sliceMs = 8;

export class Slices {
  #beginMs = performance.now();

  /** True when a slice is over: then `await next()`. */
  get isOver(): boolean {
    return performance.now() - this.#beginMs >= sliceMs;
  }

  /** Resolves when everybody else had a turn. */
  async next(): Promise<void> {
    await setImmediate();
    this.#beginMs = performance.now();
  }
}
