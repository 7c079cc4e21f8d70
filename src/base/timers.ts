// Waiting as long as somebody asks for, who may ask for years.

/** Node takes a longer delay for none. @source Node.js documentation, Timers, setTimeout: a delay above 2^31 - 1 ms becomes 1 ms */
const longestMs = 2 ** 31 - 1;

/** A delay for setTimeout: more than 24 days are 24 days. */
export const timerMs = (ms: number): number => Math.min(ms, longestMs);
