// `tlab trace show`: a trace as text, from story to system call.
import { LabError } from '../../../base/errors.ts';
import { loadTrace } from '../../../engine/traces.ts';
import type { Level } from '../../../trace/row.ts';
import { parseFilter } from '../../../viewer/filter.ts';
import { storyLines } from '../../../viewer/story.ts';
import { explainEvent, headLines, listEvents, selectEvents } from '../../../viewer/text.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one, text } from '../../flags/spec.ts';
import { print, terminalColumns } from '../../terminal.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    level: one('0 story, 1 doors and messages, 2 kernel operations, layers, rules', between(0, 3), {
      short: 'l',
      value: 'level',
    }),
    filter: text("Only events that match, such as 'stage=kernel and type=*mount*'", {
      short: 'f',
      value: 'expression',
    }),
    around: one('Only the events near this one', between(1, 1e9), { value: 'event' }),
    why: one('Everything about one event: its causes, its data, how to do it by hand', between(1, 1e9), {
      value: 'event',
    }),
    json: boolean('The events as JSON Lines'),
  },
  says: 'Shows the last trace, one of this host by its id, or a trace file (which needs neither root nor Linux).',
  examples: [
    { says: 'the story of the last trace', line: 'tlab trace show' },
    { says: 'every mount, with its number', line: "tlab trace show --level 2 --filter 'type=kernel.mount-attached'" },
    { says: 'why event 120 happened', line: 'tlab trace show --why 120' },
    { says: 'a recorded trace, on any machine', line: 'tlab trace show traces/run-nginx.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const trace = await loadTrace(operands[0] ?? 'last');
    const isListing = flags.level !== undefined || flags.filter !== undefined || flags.around !== undefined;
    const level = (flags.level ?? (isListing || flags.json ? 2 : 0)) as Level;
    const filter = flags.filter === undefined ? undefined : parseFilter(flags.filter);
    const selection = { level, ...(filter && { filter }), ...(flags.around !== undefined && { around: flags.around }) };
    if (flags.why !== undefined) {
      const event = trace.events.find((one) => one.seq === flags.why);
      if (event === undefined) {
        throw new LabError('usage', `--why ${flags.why}: this trace has events 1 to ${trace.events.at(-1)?.seq ?? 0}`);
      }
      for (const line of explainEvent(trace, event, terminalColumns())) print(line);
      return 0;
    }
    if (flags.json) for (const event of selectEvents(trace, selection)) print(JSON.stringify(event));
    else {
      for (const line of headLines(trace, terminalColumns())) print(line);
      print('');
      const width = process.stdout.isTTY ? terminalColumns() : Number.POSITIVE_INFINITY;
      const lines =
        level === 0 && !filter && flags.around === undefined
          ? storyLines(trace, terminalColumns())
          : listEvents(trace, { ...selection, width });
      for (const line of lines.length === 0 ? ['no event matches'] : lines) print(line);
    }
    return 0;
  },
});
