// Names and numbers of signals. @source man signal(7)
import { constants } from 'node:os';
import { LabError } from '../../base/errors.ts';

/** @source moby/sys signal SignalMap: what the kernel calls 32 and 33 a C library keeps for itself */
const realTime = { first: 34, last: 64 };

/** `TERM`, `SIGTERM`, `15`, `RTMIN+3`, `RTMAX-1`. Errors: invalidArgument in Docker's words. */
export function parseSignal(text: string): number {
  const upper = text.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(upper) && Number(upper) >= 1 && Number(upper) <= 64) return Number(upper);
  const known = (constants.signals as Record<string, number>)[`SIG${upper}`];
  if (known !== undefined) return known;
  const [name, above = 0, below = 0] = /^(?:RTMIN(?:\+(\d+))?|RTMAX(?:-(\d+))?)$/.exec(upper) ?? [];
  const number = name?.startsWith('RTMIN') ? realTime.first + Number(above) : realTime.last - Number(below);
  if (name !== undefined && number >= realTime.first && number <= realTime.last) return number;
  throw new LabError('invalidArgument', `Invalid signal: ${text}`);
}
