// `tlab trace build`: exactly `tlab build`, and every step of it recorded and told.
import { type BuildFlags, buildFlags } from '../../build/build.ts';
import { defineCommand } from '../../command.ts';
import { record } from '../../trace/record.ts';
import { recordingOf, traceFlags } from '../../trace/traced.ts';

export default defineCommand({
  operands: 'PATH | -',
  count: { min: 1, max: 1 },
  says: 'Builds as `tlab build` does and records each step: the context, every look-up in the cache with the parts of its key, the containers of RUN, copies, layers, the image.',
  flags: {
    ...buildFlags,
    ...traceFlags,
  },
  examples: [
    { says: 'every step of a build', line: 'tlab trace build -t web .' },
    {
      says: 'the parts of each key of the cache',
      line: "tlab trace show --filter 'type=daemon.build-cache-looked-up' --json",
    },
  ],
  run: ({ operands: [context = ''], flags }) =>
    record({ ...recordingOf(flags), live: false }, async () => {
      const { build } = await import('../../build/build.ts');
      return await build(context, flags as unknown as BuildFlags);
    }),
});
