// Waiting in tests: until a condition holds, never for a time that somebody guessed.
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  what: string;
  deadlineMs?: number;
}

/** Asks until the answer is not false, null or undefined, and returns it. Throws, naming what, when the deadline has passed. */
export async function waitUntil<T>(
  condition: () => Promise<T> | T,
  { what, deadlineMs = 10_000 }: WaitOptions,
): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await condition();
    if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await delay(10);
  }
}
