// tlab library rm: removes offline images; those in the daemon's store stay.
import { remove } from '../../../library/library.ts';
import { defineCommand } from '../../command.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: 'NAME [NAME...]',
  count: { min: 1 },
  flags: {},
  async run({ operands }) {
    await remove(operands);
    for (const name of operands) print(name);
    return 0;
  },
});
