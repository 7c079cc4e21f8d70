// tlab save: images as one archive, which is an OCI layout and what docker load reads.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { text } from '../flags/spec.ts';
import { archiveTo } from '../run/archive.ts';

export default defineCommand({
  operands: 'IMAGE [IMAGE...]',
  count: { min: 1 },
  flags: {
    output: text('Write to this file, not to standard output', { short: 'o' }),
    platform: text('Write only this platform of an image for several, such as linux/arm64'),
  },
  examples: [{ says: 'an image and what it is made of, in one file', line: 'tlab save -o web.tar web' }],
  async run({ operands, flags }) {
    await archiveTo(flags.output, () =>
      connect().stream({ method: 'GET', path: '/images/get', query: { names: operands, platform: flags.platform } }),
    );
    return 0;
  },
});
