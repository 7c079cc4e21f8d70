// tlab pull: fetches an image, from its registry or from the offline library.

import { formatReference, parseReference } from '../../oci/reference.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text } from '../flags/spec.ts';
import { pull } from '../run/pull.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'NAME[:TAG|@DIGEST]',
  count: { min: 1, max: 1 },
  flags: {
    platform: text('Platform of the image, such as linux/arm64'),
    quiet: boolean('Print only the name', { short: 'q' }),
  },
  async run({ operands: [name = ''], flags }) {
    await pull(connect(), name, { to: process.stdout, platform: flags.platform, quiet: flags.quiet });
    print(formatReference(parseReference(name)));
    return 0;
  },
});
