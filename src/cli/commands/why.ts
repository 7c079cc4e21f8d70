// `tlab why`: the causes of one event of a trace, from the kernel to what the person typed; and back, from a flag to all that it caused.
import { loadTrace } from '../../engine/first-look.ts';
import type { Trace } from '../../trace/file.ts';
import { explainEvent } from '../../viewer/explain.ts';
import { flagLines } from '../../viewer/flag-effects.ts';
import { findEvent, gapLines } from '../../viewer/text.ts';
import { defineCommand } from '../command.ts';
import { type FlagTable, text, usageError } from '../flags/spec.ts';
import { runFlags } from '../run/flags.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  operands: 'EVENT',
  count: { min: 0, max: 1 },
  flags: {
    trace: text('A trace by its id, or a trace file; the last one without it', { value: 'trace' }),
    flag: text('Everything that this flag of run caused, instead of one event: --memory, memory or -m', {
      value: 'flag',
    }),
  },
  says: 'Prints why an event of a trace happened: what it does, what would break without it, and the line of config.json, the field of the request, the flag, the image or the default behind it. Numbers of events stand in `tlab trace show --level 2`, those of system calls with `--level 3`.',
  examples: [
    { says: 'why event 120 of the last trace happened', line: 'tlab why 120' },
    { says: 'everything that --memory caused', line: 'tlab why --flag --memory' },
  ],
  run: async ({ flags, operands: [number] }) => {
    if ((number === undefined) === (flags.flag === undefined)) {
      throw usageError('expected the number of an event, or --flag with a flag of run', 'tlab why --help');
    }
    const flag = flags.flag === undefined ? undefined : longFlag(flags.flag);
    const trace = await loadTrace(flags.trace ?? 'last');
    const width = terminalColumns();
    const lines = flag === undefined ? explainedNumber(trace, number ?? '', width) : flagLines(trace, flag, width);
    for (const line of [...lines, ...gapLines(trace, width)]) print(line);
    return 0;
  },
});

function explainedNumber(trace: Trace, given: string, width: number): string[] {
  const event = /^\d{1,10}$/.test(given) ? findEvent(trace, Number(given)) : undefined;
  if (event !== undefined) return explainEvent(trace, event, width);
  const last = Math.max(trace.header.seen, trace.events.at(-1)?.seq ?? 0);
  throw usageError(`tlab why "${given}": expected an event from 1 to ${last}`, 'tlab trace show --level 2');
}

/** `--memory` for memory, --memory and -m. @throws LabError usage for what is no flag of run. */
function longFlag(given: string): string {
  const table: FlagTable = runFlags;
  const bare = given.replace(/^--?/, '').replace(/=.*$/, '');
  const isLong = given.startsWith('--');
  const [name] =
    Object.entries(table).find(([long, { short, aliases }]) =>
      [long, ...(aliases ?? []), ...(isLong ? [] : [short])].includes(bare),
    ) ?? [];
  if (name !== undefined) return `--${name}`;
  const known = Object.keys(table)
    .sort()
    .map((one) => `--${one}`);
  throw usageError(`--flag "${given}": expected a flag of run: ${known.join(', ')}`);
}
