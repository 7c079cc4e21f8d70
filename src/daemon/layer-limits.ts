// layer-limits of daemon.json: what one layer may unpack to, handed to the containerd that this daemon starts.
import type { Configuration } from './configuration.ts';
import { parseSize } from './log/size.ts';

/** Options of tlab-containerd. */
export function layerLimitOptions({ 'layer-limits': limits = {} }: Configuration): string[] {
  const { bytes, entries, ratio } = limits;
  const mostBytes = bytes === undefined ? undefined : parseSize(`${bytes}`, 'layer-limits.bytes');
  return Object.entries({ bytes: mostBytes, entries, ratio }).flatMap(([what, value]) =>
    value === undefined ? [] : [`--layer-max-${what}`, String(value)],
  );
}
