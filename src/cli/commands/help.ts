// tlab help [COMMAND]: the same as --help after the command.
import { defineCommand } from '../command.ts';
import { help } from '../help.ts';

export default defineCommand({
  operands: '[COMMAND]',
  count: { min: 0 },
  flags: {},
  run: ({ operands }) => help(operands.length === 0 ? undefined : operands.join(' ')),
});
