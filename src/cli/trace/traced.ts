// `tlab trace VERB`: exactly `tlab VERB`, and every step of it recorded and told.
import type { Level } from '../../trace/row.ts';
import type { CommandClass, Example } from '../command.ts';
import { between } from '../flags/readers.ts';
import { boolean, one } from '../flags/spec.ts';
import { record } from './record.ts';

export const traceFlags = {
  level: one(
    'What is told: 0 the story, 1 and the messages, 2 and kernel operations, 3 and system calls',
    between(0, 3),
    { value: 'level' },
  ),
  'no-syscalls': boolean('Record no system calls: levels 0 to 2 only'),
};

interface Recording {
  level: number | undefined;
  'no-syscalls': boolean;
}

/** Words behind `tlab trace`, and what the flags of above ask for. */
export const recordingOf = (flags: Recording) => ({
  argv: process.argv.slice(process.argv.indexOf('trace') + 1),
  level: (flags.level ?? 0) as Level,
  syscalls: !flags['no-syscalls'],
});

/** A command's description, with the flags of above, recorded while it runs. */
export const traced = ({ spec }: CommandClass, words: { says: string; examples: Example[] }) => ({
  ...spec,
  ...words,
  flags: { ...spec.flags, ...traceFlags },
  run: (line: Parameters<typeof spec.run>[0]) =>
    record(
      { ...recordingOf(line.flags as unknown as Recording), live: false },
      async () => (await spec.run(line)) ?? 0,
    ),
});
