// tlab build: an image from a Dockerfile. What is sent, what is shown and what becomes of the result is in ../build/.
import { type BuildFlags, build, buildFlags } from '../build/build.ts';
import { defineCommand } from '../command.ts';

export default defineCommand({
  operands: 'PATH | -',
  count: { min: 1, max: 1 },
  says: 'Builds an image from the Dockerfile in PATH. Only what the Dockerfile uses is sent to the daemon. With - the standard input is the Dockerfile, or a tar with one. What was built before is taken from the cache; --why says for each step what it was compared with.',
  flags: buildFlags,
  examples: [
    { says: 'an image named web, from this folder', line: 'tlab build -t web .' },
    { says: 'why a step was built again', line: 'tlab build --why -t web .' },
    { says: 'only the files, into a folder', line: 'tlab build --output out .' },
    { says: 'the same, and see every step of it', line: 'tlab trace build -t web .' },
  ],
  run: ({ operands: [context = ''], flags }) => build(context, flags as BuildFlags),
});
