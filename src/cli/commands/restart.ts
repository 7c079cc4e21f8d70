// tlab restart: stop, then start.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';
import { integer } from '../flags/readers.ts';
import { one, text } from '../flags/spec.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: {
    signal: text('Signal to send in place of the stop signal', { short: 's' }),
    timeout: one('Seconds to wait before the kill (10 by default)', integer, {
      short: 't',
      aliases: ['time'],
      value: 'int',
    }),
  },
  run({ operands, flags }) {
    const client = connect();
    const query = { t: flags.timeout, signal: flags.signal };
    return forEach(operands, (name) => client.json({ method: 'POST', path: `${containerPath(name)}/restart`, query }));
  },
});
