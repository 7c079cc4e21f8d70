// `tlab trace view`: a trace on a screen of its own, to walk through.
import { asLabError, LabError } from '../../../base/errors.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import type { Level } from '../../../trace/row.ts';
import { Kept } from '../../../viewer/kept.ts';
import type { Model } from '../../../viewer/screen/model.ts';
import { defineCommand } from '../../command.ts';
import { boolean, one } from '../../flags/spec.ts';
import { terminalColumns } from '../../terminal.ts';
import type { Save } from '../../trace/view.ts';
import { eventNumber, filterOf, viewFlags } from '../../trace/view-flags.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    ...viewFlags,
    at: one('The event to begin at', eventNumber, { value: 'event' }),
    accessible: boolean(
      'Plain lines and typed commands: nothing moves, for screen readers. ACCESSIBLE=1 does the same',
    ),
  },
  says: 'Shows the last trace, one of this host by its id, or a trace file, on the whole screen: n and p step, + and - change the level, x explains, m c r l t show mounts, control groups, rules and routes, layers and processes as of the cursor, b bookmarks, y copies, h shows every key. Bookmarks and named filters are kept in files of yours; the trace is not written to. On a dumb terminal or without one: plain lines and typed commands. As text for pipes: trace show, with --state and --at.',
  examples: [
    { says: 'walk through the last trace', line: 'tlab trace view' },
    {
      says: 'a recorded trace, on any machine, at its first mount',
      line: 'tlab trace view traces/run-nginx.jsonl --level 2',
    },
    { says: 'with a screen reader', line: 'tlab trace view --accessible traces/exec.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const filter = filterOf(flags.filter);
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
    const { kept, message } = keptOf(trace.header.id);
    const begun = begin(events, { level, at: flags.at, filter, name: operands[0] ?? 'last', ...kept?.begins, ...size });
    const model = message === undefined ? begun : { ...begun, message };
    const isPlain = flags.accessible || (env.ACCESSIBLE ?? '') !== '' || env.TERM === 'dumb';
    if (isPlain || !stdin.isTTY || !stdout.isTTY) {
      const { viewPlain } = await import('../../trace/view-plain.ts');
      return await viewPlain(events, { ...model, columns: terminalColumns() }, kept?.save);
    }
    const { view } = await import('../../trace/view.ts');
    return await view(events, model, kept?.save);
  },
});

interface KeptOfTrace {
  begins: Pick<Model, 'marks' | 'filters'>;
  save: Save;
}

/** Bookmarks and filters of this person. A file that cannot be read stops no view: nothing is kept then, which is said. */
function keptOf(trace: string): { kept?: KeptOfTrace; message?: string } {
  const kept = new Kept();
  try {
    const begins = { marks: kept.marksOf(trace), filters: kept.filters() };
    return { kept: { begins, save: saving(kept, trace) } };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { message: `bookmarks and filters are not kept: ${error.message}` };
  }
}

const saving =
  (kept: Kept, trace: string): Save =>
  (before, after) => {
    try {
      if (after.marks !== before.marks) kept.saveMarks(trace, after.marks);
      for (const [name, expression] of Object.entries(after.filters))
        if (before.filters[name] !== expression) kept.saveFilter(name, expression);
      return undefined;
    } catch (error) {
      return `not kept: ${asLabError(error).message}`;
    }
  };
