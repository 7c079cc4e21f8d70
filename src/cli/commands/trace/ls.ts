// `tlab trace ls`: the traces of this host, newest first.
import { shortId } from '../../../base/ids.ts';
import { printable } from '../../../base/text.ts';
import { listTraces } from '../../../engine/traces.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { fitWidth, tableLines } from '../../format/table.ts';
import { humanAge } from '../../format/words.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
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
        printable(trace.command.join(' ')),
      ]);
      for (const line of tableLines([['TRACE ID', 'RECORDED', 'STATUS', 'COMMAND'], ...rows], fitWidth())) print(line);
    }
    return 0;
  },
});
