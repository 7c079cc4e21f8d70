// tlab image prune: removes images without a name, or all that no container was made from. @source docker-image-prune(1)
import { defineCommand } from '../../command.ts';
import { confirmed } from '../../confirm.ts';
import { connect } from '../../connection.ts';
import { boolean } from '../../flags/spec.ts';
import { pruneFilterFlag } from '../../format/filters.ts';
import { type Pruned, printPruned, pruneImages } from '../../prune.ts';

export default defineCommand({
  flags: {
    all: boolean('Also those that have a name, if no container was made from them', { short: 'a' }),
    filter: pruneFilterFlag,
    force: boolean('Do not ask', { short: 'f' }),
  },
  async run({ flags }) {
    const what = flags.all ? 'images without at least one container associated to them' : 'dangling images';
    const question = `WARNING! This will remove all ${what}.\nAre you sure you want to continue?`;
    const pruned: Pruned[] = [];
    if (flags.force || (await confirmed(question))) {
      pruned.push(await pruneImages(connect(), { all: flags.all, filters: flags.filter }));
    }
    printPruned(pruned);
    return 0;
  },
});
