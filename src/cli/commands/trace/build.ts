// `tlab trace build`: exactly `tlab build`, and every step of it recorded and told.
import type { Level } from '../../../trace/row.ts';
import { type BuildFlags, buildFlags } from '../../build/build.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one } from '../../flags/spec.ts';
import { record } from '../../trace/record.ts';

export default defineCommand({
  operands: 'PATH | -',
  count: { min: 1, max: 1 },
  says: 'Builds as `tlab build` does and records each step: the context, every look-up in the cache with the parts of its key, the containers of RUN, copies, layers, the image.',
  flags: {
    ...buildFlags,
    level: one(
      'What is told: 0 the story, 1 and the messages, 2 and kernel operations, 3 and system calls',
      between(0, 3),
      {
        value: 'level',
      },
    ),
    'no-syscalls': boolean('Record no system calls: levels 0 to 2 only'),
  },
  examples: [
    { says: 'every step of a build', line: 'tlab trace build -t web .' },
    {
      says: 'the parts of each key of the cache',
      line: "tlab trace show --filter 'type=daemon.build-cache-looked-up' --json",
    },
  ],
  run: ({ operands: [context = ''], flags }) => {
    const argv = process.argv.slice(process.argv.indexOf('trace') + 1);
    const level = (flags.level ?? 0) as Level;
    return record({ argv, live: false, syscalls: !flags['no-syscalls'], level }, async () => {
      const { build } = await import('../../build/build.ts');
      return await build(context, flags as unknown as BuildFlags);
    });
  },
});
