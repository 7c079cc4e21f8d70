// Times. Durations and instants carry their unit in their name; instants of a trace are CLOCK_MONOTONIC nanoseconds.

declare const monotonicBrand: unique symbol;
/** CLOCK_MONOTONIC in nanoseconds: comparable between processes of one host since its boot. */
export type MonotonicNs = bigint & { readonly [monotonicBrand]: true };

/** @source man clock_gettime(2): Node's hrtime is CLOCK_MONOTONIC on Linux. */
export const monotonicNow = (): MonotonicNs => process.hrtime.bigint() as MonotonicNs;
