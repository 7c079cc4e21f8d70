// tlab ps: lists containers. @source docker-ps(1)
import type { ContainerSummary } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { integer } from '../flags/readers.ts';
import { boolean, one } from '../flags/spec.ts';
import { containerFields, containerHeadings } from '../format/containers.ts';
import { filterFlag, filterQuery } from '../format/filters.ts';
import { listingFlags, printListing } from '../format/listing.ts';

export default defineCommand({
  says: 'On a terminal too narrow for all columns COMMAND and CREATED are left out; a pipe gets all of them.',
  flags: {
    all: boolean('Show those that do not run too', { short: 'a' }),
    filter: filterFlag,
    ...listingFlags,
    last: one('Show the newest of them, whatever their state', integer, { short: 'n', value: 'int' }),
    latest: boolean('Show the newest one, whatever its state', { short: 'l' }),
    size: boolean('Show sizes on disk', { short: 's' }),
  },
  examples: [
    { says: 'ids of all that have ended', line: 'tlab ps -aq --filter status=exited' },
    { says: 'names and ports', line: "tlab ps --format 'table {{.Names}}\\t{{.Ports}}'" },
  ],
  async run({ flags }) {
    const limit = flags.latest ? 1 : flags.last;
    const wantsSize = flags.size || /\.Size/.test(flags.format ?? '');
    const rows = await connect().json<ContainerSummary[]>({
      method: 'GET',
      path: '/containers/json',
      query: {
        all: flags.all || undefined,
        limit: limit !== undefined && limit > 0 ? limit : undefined,
        size: wantsSize || undefined,
        filters: filterQuery(flags.filter),
      },
    });
    const fields = containerFields(flags['no-trunc']);
    const shown = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(flags.size ? ['Size'] : [])];
    const id = (row: ContainerSummary): string => String(fields.ID?.(row));
    const expendable = ['Command', 'RunningFor'];
    printListing({ rows, fields, shown, expendable, headings: containerHeadings, id }, flags);
    return 0;
  },
});
