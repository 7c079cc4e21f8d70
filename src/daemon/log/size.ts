// `10m`: sizes in log options. @source docker logging/json-file max-size
import { LabError } from '../../base/errors.ts';

const factors: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes; -1 and 0 are no limit. Errors: invalidArgument. */
export function parseSize(text: string, name: string): number {
  if (text === '-1') return 0;
  const match = /^(\d+)([bkmg]?)b?$/i.exec(text);
  const factor = factors[(match?.[2] ?? '').toLowerCase()];
  if (match === null || factor === undefined) {
    throw new LabError('invalidArgument', `log option ${name} "${text}": expected bytes with suffix k, m or g`);
  }
  return Number(match[1]) * factor;
}
