// tlab wait: blocks until containers stop, then prints their exit statuses.
import type { WaitResponse } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: {},
  run({ operands }) {
    const client = connect();
    return forEach(operands, async (name) => {
      const answer = await client.json<WaitResponse>({ method: 'POST', path: `${containerPath(name)}/wait` });
      return [`${answer.StatusCode}`];
    });
  },
});
