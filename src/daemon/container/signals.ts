// Names and numbers of signals. @source man signal(7)
import { constants } from 'node:os';
import { LabError } from '../../base/errors.ts';

/** `TERM`, `SIGTERM`, `15`, `RTMIN+3`. Errors: invalidArgument in Docker's words. */
export function parseSignal(text: string): number {
  const upper = text.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(upper) && Number(upper) >= 1 && Number(upper) <= 64) return Number(upper);
  const known = (constants.signals as Record<string, number>)[`SIG${upper}`];
  if (known !== undefined) return known;
  const realTime = /^RTMIN(?:\+(\d+))?$/.exec(upper);
  if (realTime !== null && Number(realTime[1] ?? 0) <= 30) return 34 + Number(realTime[1] ?? 0);
  throw new LabError('invalidArgument', `Invalid signal: ${text}`);
}
