// tlab rmi: takes names off images, and removes those without a name. @source docker-rmi(1)
import type { ImageDelete } from '../../daemon/image-protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { forEach } from '../each.ts';
import { boolean } from '../flags/spec.ts';

export default defineCommand({
  operands: 'IMAGE [IMAGE...]',
  count: { min: 1 },
  says: 'A name goes; the image and the layers that no other image has go with its last name.',
  flags: {
    force: boolean('Remove it although a stopped container uses it, or all names of an id', { short: 'f' }),
    'no-prune': boolean('Keep parents that have no name'),
  },
  run({ operands, flags }) {
    const client = connect();
    const query = { force: flags.force || undefined, noprune: flags['no-prune'] || undefined };
    return forEach(operands, async (name) => {
      const done = await client.json<ImageDelete[]>({ method: 'DELETE', path: `/images/${name}`, query });
      return done.map((each) =>
        each.Deleted === undefined ? `Untagged: ${each.Untagged}` : `Deleted: ${each.Deleted}`,
      );
    });
  },
});
