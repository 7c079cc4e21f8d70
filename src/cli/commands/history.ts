// tlab history: how an image was made, newest step first. @source docker-history(1)
import type { ImageHistory } from '../../daemon/image-protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean } from '../flags/spec.ts';
import { type Fields, listingFlags, printListing } from '../format/listing.ts';
import { ellipsis, goRfc3339, humanAge, humanSize } from '../format/words.ts';

/** @source docker cli formatter/history.go */
const longestStep = 45;

export default defineCommand({
  operands: 'IMAGE',
  count: { min: 1, max: 1 },
  flags: {
    ...listingFlags,
    human: boolean('Sizes and dates as people read them', { short: 'H', initial: true }),
  },
  async run({ operands: [name = ''], flags }) {
    const steps = await connect().json<ImageHistory[]>({ method: 'GET', path: `/images/${name}/history` });
    const fields = fieldsOf(flags['no-trunc'], flags.human);
    const shown = ['ID', flags.human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'];
    const headings = { ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY' };
    printListing({ rows: steps, fields, shown, headings, id: (step) => String(fields.ID?.(step)) }, flags);
    return 0;
  },
});

const fieldsOf = (noTrunc: boolean, human: boolean): Fields<ImageHistory> => ({
  ID: ({ Id }) => (noTrunc ? Id : Id.replace(/^sha256:/, '').slice(0, 12)),
  CreatedAt: ({ Created }) => goRfc3339(Created),
  CreatedSince: ({ Created }) => (human ? humanAge(Created) : goRfc3339(Created)),
  CreatedBy: ({ CreatedBy }) => {
    const step = CreatedBy.replaceAll('\t', ' ');
    return noTrunc ? step : ellipsis(step, longestStep);
  },
  Size: ({ Size }) => (human ? humanSize(Size, 3) : `${Size}`),
  Comment: ({ Comment }) => Comment,
});
