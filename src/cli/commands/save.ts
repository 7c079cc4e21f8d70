// tlab save: images as one archive, which is an OCI layout and what docker load reads.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { text } from '../flags/spec.ts';
import { archiveTo } from '../run/archive.ts';

export default defineCommand({
  operands: 'IMAGE [IMAGE...]',
  count: { min: 1 },
  flags: { output: text('Write to this file, not to standard output', { short: 'o' }) },
  async run({ operands, flags }) {
    await archiveTo(flags.output, () =>
      connect().stream({ method: 'GET', path: '/images/get', query: { names: operands } }),
    );
    return 0;
  },
});
