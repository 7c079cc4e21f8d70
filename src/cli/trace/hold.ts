// What every request to the daemon waits for in a traced command: that the tracer is attached.
// Rule: no request goes before it, or the calls that it causes would be missing.

let attached: Promise<void> = Promise.resolve();

/** Requests made from now on wait until this has settled. */
export function holdRequestsUntil(ready: Promise<void>): void {
  attached = ready;
}

export const requestsMayGo = (): Promise<void> => attached;
