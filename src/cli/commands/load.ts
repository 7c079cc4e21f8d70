// tlab load: images out of an archive of docker save, tlab save or any OCI layout.
import { jsonLines } from '../../daemon/client.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text } from '../flags/spec.ts';
import { archiveFrom, type ProgressLine, throwIfFailed } from '../run/archive.ts';

export default defineCommand({
  flags: {
    input: text('Read this file, not standard input', { short: 'i' }),
    platform: text('Load only this platform of an image for several, such as linux/arm64'),
    quiet: boolean('Say only what was loaded', { short: 'q' }),
  },
  async run({ flags }) {
    const answer = await connect().stream({
      method: 'POST',
      path: '/images/load',
      query: { quiet: flags.quiet, platform: flags.platform },
      upload: { stream: archiveFrom(flags.input), type: 'application/x-tar' },
    });
    for await (const line of jsonLines<ProgressLine>(answer)) {
      throwIfFailed(line);
      process.stdout.write(line.stream ?? '');
    }
    return 0;
  },
});
