// tlab push: sends an image to its registry.
import { LabError } from '../../base/errors.ts';
import { formatReference, parseName, parseReference } from '../../oci/reference.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text } from '../flags/spec.ts';
import { push } from '../run/pull.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'NAME[:TAG]',
  count: { min: 1, max: 1 },
  flags: {
    'all-tags': boolean('Push every tag of the repository', { short: 'a' }),
    platform: text('Push only the manifest of this platform, such as linux/arm64'),
    quiet: boolean('Print only the name', { short: 'q' }),
    'disable-content-trust': boolean('Accepted for docker: images are not signed here', {
      initial: true,
      hidden: true,
    }),
  },
  async run({ operands: [name = ''], flags }) {
    const { tag } = parseName(name);
    if (flags['all-tags'] && tag !== undefined) {
      throw new LabError('usage', "tag can't be used with --all-tags/-a");
    }
    const options = { to: process.stdout, platform: flags.platform, quiet: flags.quiet };
    await push(connect(), name, { ...options, allTags: flags['all-tags'] });
    if (flags.quiet) print(formatReference(parseReference(name)));
    return 0;
  },
});
