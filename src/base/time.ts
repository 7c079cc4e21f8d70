// Times. Durations and instants carry their unit in their name; instants of a trace are CLOCK_MONOTONIC nanoseconds.

declare const monotonicBrand: unique symbol;
/** CLOCK_MONOTONIC in nanoseconds: comparable between processes of one host since its boot. */
export type MonotonicNs = bigint & { readonly [monotonicBrand]: true };

/** @source man clock_gettime(2): Node's hrtime is CLOCK_MONOTONIC on Linux. */
export const monotonicNow = (): MonotonicNs => process.hrtime.bigint() as MonotonicNs;

/** `Less than a second`, `5 minutes`, `About an hour`, `2 weeks`. @source docker go-units HumanDuration */
export function humanDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(seconds / 3600);
  if (seconds < 1) return 'Less than a second';
  if (Math.floor(seconds) === 1) return '1 second';
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 3600 / 24 / 365)} years`;
}
