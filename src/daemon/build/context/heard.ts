// A client's bytes, as long as it sends: one that goes silent in the middle must not keep a place in the queue for ever.
// Rule: only waiting for the client counts; a disk that is slow, or a program that reads slowly, is not the client's silence.
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../base/errors.ts';

/** Errors: deadlineExceeded; those of the stream. The stream is left open. */
export async function* heard(stream: Readable, silenceMs: number): AsyncGenerator<Buffer> {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  for (;;) {
    const next = chunks.next();
    // Nobody waits for it any more when the client was silent.
    next.catch(() => undefined);
    const { value, done } = await withinTime(next, silenceMs);
    if (done === true) return;
    yield value;
  }
}

async function withinTime<T>(work: Promise<T>, mostMs: number): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, late(mostMs, timer.signal)]);
  } finally {
    timer.abort();
  }
}

async function late(mostMs: number, signal: AbortSignal): Promise<never> {
  await delay(mostMs, undefined, { signal }).catch(() => new Promise<never>(() => {}));
  throw new LabError('deadlineExceeded', `build context: nothing came for ${mostMs / 1000} seconds`, {
    hint: 'send it again; the key context-silence of daemon.json has the seconds',
  });
}
