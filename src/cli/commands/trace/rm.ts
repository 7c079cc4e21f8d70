// `tlab trace rm`: removes traces of this host.
import { LabError } from '../../../base/errors.ts';
import { shortId } from '../../../base/ids.ts';
import { listTraces, removeTrace } from '../../../engine/traces.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: 'TRACE [TRACE...]',
  count: { min: 0 },
  flags: { all: boolean('Every trace of this host', { short: 'a' }) },
  run: ({ flags, operands }) => {
    if (operands.length === 0 && !flags.all) {
      throw new LabError('usage', 'tlab trace rm: expected at least 1 trace, got 0', {
        hint: 'tlab trace rm last, or --all',
      });
    }
    const names = flags.all ? listTraces().map((trace) => trace.id) : operands;
    for (const name of names) print(shortId(removeTrace(name)));
    return 0;
  },
});
