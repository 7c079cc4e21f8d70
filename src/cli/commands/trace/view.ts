// `tlab trace view`: a trace on a screen of its own, to walk through.
import { LabError } from '../../../base/errors.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import type { Level } from '../../../trace/row.ts';
import { parseFilter } from '../../../viewer/filter.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one, text } from '../../flags/spec.ts';
import { terminalColumns } from '../../terminal.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    level: one('0 story, 1 doors and messages, 2 kernel operations, layers, rules, 3 system calls', between(0, 3), {
      short: 'l',
      value: 'level',
    }),
    filter: text('Only events that match, as of trace show', { short: 'f', value: 'expression' }),
    at: one('The event to begin at', between(1, 1e9), { value: 'event' }),
    accessible: boolean(
      'Plain lines and typed commands: nothing moves, for screen readers. ACCESSIBLE=1 does the same',
    ),
  },
  says: 'Shows the last trace, one of this host by its id, or a trace file, on the whole screen: n and p step, + and - change the level, x explains, m c r l t show mounts, control groups, rules and routes, layers and processes as of the cursor, h shows every key. On a dumb terminal or without one: plain lines and typed commands. As text for pipes: trace show, with --state and --at.',
  examples: [
    { says: 'walk through the last trace', line: 'tlab trace view' },
    {
      says: 'a recorded trace, on any machine, at its first mount',
      line: 'tlab trace view traces/run-nginx.jsonl --level 2',
    },
    { says: 'with a screen reader', line: 'tlab trace view --accessible traces/exec.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const filter = flags.filter === undefined ? undefined : { text: flags.filter, filter: parseFilter(flags.filter) };
    const trace = await loadTrace(operands[0] ?? 'last');
    const level = (flags.level ?? 0) as Level;
    if (level === 3 && trace.calls === undefined) {
      throw new LabError('usage', 'this trace has no system calls, expected --level 0 to 2');
    }
    const { Events } = await import('../../../viewer/screen/events.ts');
    const { begin } = await import('../../../viewer/screen/model.ts');
    const { stdin, stdout, env } = process;
    const events = new Events(trace);
    const size = { columns: stdout.columns ?? terminalColumns(), rows: stdout.rows ?? 24 };
    const model = begin(events, { level, at: flags.at, filter, ...size });
    const isPlain = flags.accessible || (env.ACCESSIBLE ?? '') !== '' || env.TERM === 'dumb';
    if (isPlain || !stdin.isTTY || !stdout.isTTY) {
      const { viewPlain } = await import('../../trace/view-plain.ts');
      return await viewPlain(events, { ...model, columns: terminalColumns() });
    }
    const { view } = await import('../../trace/view.ts');
    return await view(events, model);
  },
});
