// tlab top: the processes of a container, as ps on the host sees them.
import type { TopResponse } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { boolean } from '../flags/spec.ts';
import { fitWidth, tableLines } from '../format/table.ts';
import { print } from '../terminal.ts';

/** @source docker top: tabwriter with minimum width 20 */
const columnWidth = 20;

export default defineCommand({
  operands: 'CONTAINER [ps OPTIONS]',
  count: { min: 1 },
  flags: { json: boolean('Print one JSON document') },
  untilOperand: true,
  async run({ operands: [name = '', ...options], flags }) {
    const answer = await connect().json<TopResponse>({
      method: 'GET',
      path: `${containerPath(name)}/top`,
      query: { ps_args: options.length === 0 ? undefined : options.join(' ') },
    });
    if (flags.json) print(JSON.stringify(answer, undefined, 2));
    else for (const line of tableLines([answer.Titles, ...answer.Processes], fitWidth(), columnWidth)) print(line);
    return 0;
  },
});
