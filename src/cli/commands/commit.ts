// tlab commit: a container's own files become a layer of a new image.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, many, text } from '../flags/spec.ts';
import { nameQuery } from '../run/archive.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'CONTAINER [REPOSITORY[:TAG]]',
  count: { min: 1, max: 2 },
  flags: {
    author: text('Who made it', { short: 'a' }),
    change: many('A Dockerfile instruction for the configuration', (line) => line, { short: 'c' }),
    message: text('What the history says of it', { short: 'm' }),
    pause: boolean('Let its processes stand still meanwhile', { short: 'p', initial: true }),
  },
  async run({ operands: [container, name], flags }) {
    const { Id } = await connect().json<{ Id: string }>({
      method: 'POST',
      path: '/commit',
      query: {
        container,
        ...nameQuery(name),
        changes: flags.change,
        author: flags.author,
        comment: flags.message,
        pause: flags.pause,
      },
    });
    print(Id);
    return 0;
  },
});
