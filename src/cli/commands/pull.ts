// tlab pull: fetches an image, from its registry or from the offline library.

import { LabError } from '../../base/errors.ts';
import { formatReference, parseName, parseReference, repositoryOf } from '../../oci/reference.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text } from '../flags/spec.ts';
import { pull } from '../run/pull.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'NAME[:TAG|@DIGEST]',
  count: { min: 1, max: 1 },
  flags: {
    'all-tags': boolean('Pull every tag of the repository', { short: 'a' }),
    platform: text('Platform of the image, such as linux/arm64'),
    quiet: boolean('Print only the name', { short: 'q' }),
  },
  async run({ operands: [name = ''], flags }) {
    const { tag, digest, ...repository } = parseName(name);
    const allTags = flags['all-tags'];
    if (allTags && (tag !== undefined || digest !== undefined)) {
      throw new LabError('usage', "tag can't be used with --all-tags/-a");
    }
    await pull(connect(), name, { to: process.stdout, platform: flags.platform, quiet: flags.quiet, allTags });
    print(allTags ? repositoryOf({ ...repository, tag, digest }) : formatReference(parseReference(name)));
    return 0;
  },
});
