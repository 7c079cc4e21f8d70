// `tlab trace script`: several commands under one trace.
import type { Level } from '../../../trace/row.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one } from '../../flags/spec.ts';
import { record } from '../../trace/record.ts';
import { readSteps, runSteps } from '../../trace/script.ts';

export default defineCommand({
  operands: 'FILE | -',
  count: { min: 1, max: 1 },
  flags: {
    level: one(
      'What is told: 0 the story, 1 and the messages, 2 and kernel operations, 3 and system calls',
      between(0, 3),
      { value: 'level' },
    ),
    'no-syscalls': boolean('Record no system calls: levels 0 to 2 only'),
  },
  says: 'Runs the lines of a script one after the other, each by /bin/sh in the current folder, under one trace: what every `tlab` in them does is recorded, and of each line its text, its status and the first 2,000 characters that it printed. A line that fails does not end the script. The status is that of the last line.',
  examples: [
    { says: 'stop and kill, side by side', line: 'tlab trace script traces/stop-and-kill.sh' },
    { says: 'what a second pull does', line: "printf 'tlab pull redis\\ntlab pull redis\\n' | tlab trace script -" },
  ],
  run: ({ operands: [file = '-'], flags }) => {
    const steps = readSteps(file);
    const argv = process.argv.slice(process.argv.indexOf('trace') + 1);
    const level = (flags.level ?? 0) as Level;
    return record({ argv, live: false, syscalls: !flags['no-syscalls'], level }, () => runSteps(steps));
  },
});
