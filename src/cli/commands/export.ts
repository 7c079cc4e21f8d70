// tlab export: all files of a container as one archive.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { text } from '../flags/spec.ts';
import { archiveTo } from '../run/archive.ts';

export default defineCommand({
  operands: 'CONTAINER',
  count: { min: 1, max: 1 },
  flags: { output: text('Write to this file, not to standard output', { short: 'o' }) },
  async run({ operands: [container = ''], flags }) {
    await archiveTo(flags.output, () =>
      connect().stream({ method: 'GET', path: `${containerPath(container)}/export` }),
    );
    return 0;
  },
});
