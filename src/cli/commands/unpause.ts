// tlab unpause: lets frozen containers go on.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: {},
  run({ operands }) {
    const client = connect();
    return forEach(operands, (name) => client.json({ method: 'POST', path: `${containerPath(name)}/unpause` }));
  },
});
