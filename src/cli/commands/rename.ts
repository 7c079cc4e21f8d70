// tlab rename: gives a container another name.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';

export default defineCommand({
  operands: 'CONTAINER NEW_NAME',
  count: { min: 2, max: 2 },
  flags: {},
  async run({ operands }) {
    const [container = '', name] = operands;
    await connect().json({ method: 'POST', path: `${containerPath(container)}/rename`, query: { name } });
    return 0;
  },
});
