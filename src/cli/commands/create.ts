// tlab create: all of run but the start.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { createFlags } from '../create/flags.ts';
import { prepareCreate } from '../create/request.ts';
import { createContainer } from '../run/create.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'IMAGE [COMMAND] [ARG...]',
  count: { min: 1 },
  flags: createFlags,
  untilOperand: true,
  examples: [{ says: 'make it now, start it later', line: 'tlab create --name web nginx && tlab start web' }],
  async run(line) {
    const client = connect();
    print(await createContainer(client, line, prepareCreate(line, false)));
    return 0;
  },
});
