// tlab kill: one signal to the first process of each container.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';
import { text } from '../flags/spec.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: { signal: text('Signal to send (KILL by default)', { short: 's' }) },
  examples: [{ says: 'let nginx read its configuration again', line: 'tlab kill -s HUP web' }],
  run({ operands, flags }) {
    const client = connect();
    const query = { signal: flags.signal };
    return forEach(operands, (name) => client.json({ method: 'POST', path: `${containerPath(name)}/kill`, query }));
  },
});
