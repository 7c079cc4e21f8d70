// `tlab why`: the causes of one event of a trace, from the kernel to what the person typed.
import { LabError } from '../../base/errors.ts';
import { loadTrace } from '../../engine/traces.ts';
import { explainEvent } from '../../viewer/explain.ts';
import { defineCommand } from '../command.ts';
import { text } from '../flags/spec.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  operands: 'EVENT',
  count: { min: 1, max: 1 },
  flags: { trace: text('A trace by its id, or a trace file; the last one without it', { value: 'trace' }) },
  says: 'Prints why an event of a trace happened: the line of config.json, the field of the request, the flag, the image or the default behind it. Numbers of events stand in `tlab trace show --level 2`.',
  examples: [{ says: 'why event 120 of the last trace happened', line: 'tlab why 120' }],
  run: async ({ flags, operands }) => {
    const trace = await loadTrace(flags.trace ?? 'last');
    const event = trace.events.find((one) => String(one.seq) === operands[0]);
    if (event === undefined) {
      throw new LabError(
        'usage',
        `tlab why "${operands[0]}": expected an event from 1 to ${trace.events.at(-1)?.seq ?? 0}`,
        {
          hint: 'tlab trace show --level 2',
        },
      );
    }
    for (const line of explainEvent(trace, event, terminalColumns())) print(line);
    return 0;
  },
});
