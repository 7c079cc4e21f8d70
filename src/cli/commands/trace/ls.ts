// `tlab trace ls`: the traces of this host, newest first.
import { shortId } from '../../../base/ids.ts';
import { printable } from '../../../base/text.ts';
import { listTraces, type TraceSummary } from '../../../engine/traces.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { fitWidth, tableLines } from '../../format/table.ts';
import { humanAge } from '../../format/words.ts';
import { print, say } from '../../terminal.ts';

/** A loss is said wherever a trace is named. */
const callsWord = ({ calls, lost = 0 }: TraceSummary): string =>
  calls === undefined ? '-' : lost === 0 ? String(calls) : `${calls}, ${lost} LOST`;

export default defineCommand({
  says: "Newest first. CALLS: system calls that were recorded, with the engine's other work meanwhile.",
  flags: { json: boolean('One JSON object a line'), quiet: boolean('Only ids', { short: 'q' }) },
  run: ({ flags }) => {
    const traces = listTraces();
    if (flags.json) for (const trace of traces) print(JSON.stringify(trace));
    else if (flags.quiet) for (const trace of traces) print(shortId(trace.id));
    else if (traces.length === 0) say('No trace yet. Record one: sudo tlab trace run nginx');
    else {
      const rows = traces.map((trace) => [
        shortId(trace.id),
        humanAge(Date.parse(trace.startedAt) / 1000),
        trace.closed ? String(trace.status ?? '-') : 'open',
        callsWord(trace),
        printable(trace.command.join(' ').replace(/^tlab trace /, '')),
      ]);
      const head = ['TRACE ID', 'RECORDED', 'STATUS', 'CALLS', 'COMMAND'];
      for (const line of tableLines([head, ...rows], fitWidth())) print(line);
    }
    return 0;
  },
});
