// Leases that run out: what only they held is collected then, not when somebody happens to ask. One timer, for the next one that expires.
import type { Leases } from '../metadata/leases.ts';

/** Longer waits are cut: a timer takes no more than 24.8 days, and the clock may be set meanwhile. */
const longestWaitMs = 3600 * 1000;

export class Expiry {
  readonly #leases: Leases;
  readonly #collect: () => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(leases: Leases, collect: () => Promise<unknown>) {
    this.#leases = leases;
    this.#collect = collect;
  }

  /** To be called when a lease was made, and after a collection. */
  watch(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const next = this.#leases.nextExpiryMs();
    if (next === undefined) return;
    const waitMs = Math.min(Math.max(0, next - Date.now()) + 1, longestWaitMs);
    this.#timer = setTimeout(() => this.#look(), waitMs);
    this.#timer.unref();
  }

  #look(): void {
    const next = this.#leases.nextExpiryMs();
    const isDue = next !== undefined && next < Date.now();
    (isDue ? this.#collect() : Promise.resolve())
      .catch((error: Error) => process.emitWarning(`collecting what expired leases held: ${error.message}`))
      .finally(() => this.watch());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isStopped = true;
  }
}
