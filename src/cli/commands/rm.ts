// tlab rm: removes containers; a running one only with --force.
import { LabError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';
import { printError } from '../errors.ts';
import { boolean } from '../flags/spec.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: {
    force: boolean('Kill it first when it runs', { short: 'f' }),
    volumes: boolean('Remove its anonymous volumes too', { short: 'v' }),
  },
  examples: [{ says: 'every container that has ended', line: 'tlab rm $(tlab ps -aq -f status=exited)' }],
  run({ operands, flags }) {
    const client = connect();
    const query = { force: flags.force || undefined, v: flags.volumes || undefined };
    return forEach(operands, async (name) => {
      try {
        return await client.json({ method: 'DELETE', path: containerPath(name), query });
      } catch (error) {
        if (flags.force && error instanceof LabError && error.kind === 'notFound') {
          printError(error, false);
          return [];
        }
        throw error;
      }
    });
  },
});
