// tlab container prune: removes all containers that do not run. @source docker-container-prune(1)
import { defineCommand } from '../../command.ts';
import { confirmed } from '../../confirm.ts';
import { connect } from '../../connection.ts';
import { boolean } from '../../flags/spec.ts';
import { pruneFilterFlag } from '../../format/filters.ts';
import { type Pruned, printPruned, pruneContainers } from '../../prune.ts';

export default defineCommand({
  flags: {
    filter: pruneFilterFlag,
    force: boolean('Do not ask', { short: 'f' }),
  },
  async run({ flags }) {
    const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue?';
    const pruned: Pruned[] = [];
    if (flags.force || (await confirmed(question))) pruned.push(await pruneContainers(connect(), flags.filter));
    printPruned(pruned);
    return 0;
  },
});
