// `tlab trace diff`: what two traces did differently, and why.
import { printableJson } from '../../../base/text.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import { diffJson, diffTraces } from '../../../explain/diff/diff.ts';
import { diffScreen } from '../../../explain/diff/text.ts';
import { readCalls } from '../../../trace/calls.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { print, terminalColumns } from '../../terminal.ts';

export default defineCommand({
  operands: 'TRACE|FILE TRACE|FILE',
  count: { min: 2, max: 2 },
  exitStatus: () => 2,
  flags: {
    calls: boolean('Also how they did it: system calls counted by process and name'),
    all: boolean('Every difference in full, with the numbers of its events'),
    json: boolean('One JSON object'),
  },
  says: 'Compares what two traces changed in the kernel and prints only what differs, below its cause. What belongs to one run alone (ids, pids, times, addresses given out, the order of parallel work) is no difference. Exit status as of diff(1): 0 no difference, 1 a difference, 2 trouble.',
  examples: [
    { says: 'what --privileged takes away', line: 'tlab trace diff 3f2a 91bc' },
    { says: 'two exported traces, on any machine', line: 'tlab trace diff plain.jsonl read-only.jsonl' },
  ],
  run: async ({ flags, operands: [a = 'last', b = 'last'] }) => {
    const difference = diffTraces(await loadTrace(a), await loadTrace(b), {
      calls: flags.calls,
      callsOf: (trace) => (mayWant) => readCalls(trace, { mayWant }),
    });
    if (flags.json) print(printableJson(diffJson(difference)));
    else for (const line of diffScreen(difference, { width: terminalColumns(), all: flags.all })) print(line);
    return difference.groups.length === 0 ? 0 : 1;
  },
});
