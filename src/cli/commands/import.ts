// tlab import: an archive of a root filesystem becomes an image of one layer.
import { jsonLines } from '../../daemon/client.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { many, text } from '../flags/spec.ts';
import { archiveFrom, nameQuery, type ProgressLine, throwIfFailed } from '../run/archive.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'FILE|URL|- [REPOSITORY[:TAG]]',
  count: { min: 1, max: 2 },
  flags: {
    change: many('A Dockerfile instruction for the configuration', (line) => line, { short: 'c' }),
    message: text('What the history says of it', { short: 'm' }),
    platform: text('Platform of the image, such as linux/arm64'),
  },
  async run({ operands: [file = '', name], flags }) {
    const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(file);
    const upload = isUrl
      ? {}
      : { upload: { stream: archiveFrom(file === '-' ? undefined : file), type: 'application/x-tar' } };
    const answer = await connect().stream({
      method: 'POST',
      path: '/images/create',
      query: {
        fromSrc: isUrl ? file : '-',
        ...nameQuery(name),
        changes: flags.change,
        message: flags.message,
        platform: flags.platform,
      },
      ...upload,
    });
    for await (const line of jsonLines<ProgressLine>(answer)) {
      throwIfFailed(line);
      if (line.status !== undefined) print(line.status);
    }
    return 0;
  },
});
