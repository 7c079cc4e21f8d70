// tlab cp: files between a container and this machine. How ends are named and placed is in ../copy/.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { copy } from '../copy/copy.ts';
import { boolean } from '../flags/spec.ts';

export default defineCommand({
  operands: 'SOURCE|- DESTINATION|-',
  count: { min: 2, max: 2 },
  says: 'One of the two is CONTAINER:PATH, the other a path of this machine. The container may run or not. A directory is copied whole; `dir/.` is what is in it. With - an archive goes to the standard output, or comes from the standard input into a directory. Volumes are seen, memory file systems are not.',
  flags: {
    archive: boolean("Files that go in belong to the container's user", { short: 'a' }),
    'follow-link': boolean('Follow a symlink in SRC_PATH', { short: 'L' }),
    quiet: boolean('Do not say how much was copied; so without a terminal', { short: 'q' }),
  },
  examples: [
    { says: 'a file out of a container', line: 'tlab cp web:/etc/nginx/nginx.conf .' },
    { says: 'what a directory holds, into a container', line: 'tlab cp site/. web:/usr/share/nginx/html' },
    { says: 'from one container to another', line: 'tlab cp a:/data - | tlab cp - b:/' },
  ],
  async run({ operands: [from = '', to = ''], flags, given }) {
    const quiet = given.has('quiet') ? flags.quiet : !process.stdout.isTTY;
    await copy(connect(), [from, to], { archive: flags.archive, follow: flags['follow-link'], quiet });
    return 0;
  },
});
