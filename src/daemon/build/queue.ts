// At most so many builds execute; the others wait in order, and are told their place whenever it changes. A build that waits has sent nothing
// but its head: its context is still at the client, held back by the connection itself.
import { LabError } from '../../base/errors.ts';

export interface QueuePlace {
  /** 1: the next. */
  position: number;
  running: number;
}

interface Waiting {
  start(): void;
  moved(place: QueuePlace): void;
}

export class BuildQueue {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;

  /** Waiting builds are bounded too: each holds a connection. */
  readonly #mostWaiting: number;

  constructor(limit: number, mostWaiting = 1000) {
    this.#limit = limit;
    this.#mostWaiting = mostWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is this one's turn, with what gives the place back (once). Errors: cancelled, resourceExhausted. */
  async enter(signal: AbortSignal, moved: (place: QueuePlace) => void): Promise<() => void> {
    if (signal.aborted) throw cancelled();
    if (this.#running >= this.#limit) await this.#wait(signal, moved);
    else this.#running += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#running -= 1;
      this.#next();
    };
  }

  #wait(signal: AbortSignal, moved: (place: QueuePlace) => void): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting)
      throw new LabError('resourceExhausted', `${this.#waiting.length} builds are waiting already`, {
        hint: 'wait until some of them have ended',
      });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { start: resolve, moved };
    const leave = (): void => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(cancelled());
      this.#tell(at);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    moved({ position: this.#waiting.length, running: this.#running });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  #next(): void {
    if (this.#running >= this.#limit) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running += 1;
    next.start();
    this.#tell(0);
  }

  #tell(from: number): void {
    for (const [index, { moved }] of this.#waiting.entries())
      if (index >= from) moved({ position: index + 1, running: this.#running });
  }
}

const cancelled = (): LabError => new LabError('cancelled', 'the build was cancelled while it waited in the queue');
