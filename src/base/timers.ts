// Waiting as long as somebody asks for, who may ask for years.

/** Node takes a longer time for none at all. @source man setTimeout: Node's timers, 2^31 - 1 ms */
const longestMs = 2 ** 31 - 1;

/** A delay for setTimeout: more than 24 days are 24 days. */
export const timerMs = (ms: number): number => Math.min(ms, longestMs);
