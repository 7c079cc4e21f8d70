// tlab ps: lists containers. @source docker-ps(1)
import type { ContainerSummary } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { integer } from '../flags/readers.ts';
import { boolean, one } from '../flags/spec.ts';
import { filterFlag, filterQuery } from '../format/filters.ts';
import { type Fields, listingFlags, printListing } from '../format/listing.ts';
import { portsText } from '../format/ports.ts';
import { ellipsis, goTime, humanAge, humanSize } from '../format/words.ts';

const headings = {
  ID: 'CONTAINER ID',
  RunningFor: 'CREATED',
  CreatedAt: 'CREATED AT',
  LocalVolumes: 'LOCAL VOLUMES',
};

export default defineCommand({
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
    const fields = fieldsOf(flags['no-trunc']);
    const shown = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(flags.size ? ['Size'] : [])];
    printListing({ rows, fields, shown, headings, id: (row) => String(fields.ID?.(row)) }, flags);
    return 0;
  },
});

function fieldsOf(noTrunc: boolean): Fields<ContainerSummary> {
  const names = (row: ContainerSummary): string[] => row.Names.map((name) => name.replace(/^\//, ''));
  return {
    ID: (row) => (noTrunc ? row.Id : row.Id.slice(0, 12)),
    Image: (row) => (noTrunc ? row.Image : shortImage(row.Image)) || '<no image>',
    Command: (row) => JSON.stringify(noTrunc ? row.Command : ellipsis(row.Command, 20)),
    CreatedAt: (row) => goTime(row.Created),
    RunningFor: (row) => humanAge(row.Created),
    Ports: (row) => portsText(row.Ports ?? []),
    State: (row) => row.State,
    Status: (row) => row.Status,
    Size: (row) => sizeText(row),
    // A name with a second slash is a link of another container.
    Names: (row) => (noTrunc ? names(row) : names(row).filter((name) => !name.includes('/'))).join(','),
    Labels: (row) => pairs(row.Labels),
    Mounts: (row) => (row.Mounts ?? []).map((mount) => mount.Name ?? mount.Source).join(','),
    Networks: (row) => Object.keys(row.NetworkSettings?.Networks ?? {}).join(','),
    LocalVolumes: (row) => `${(row.Mounts ?? []).filter((mount) => mount.Driver === 'local').length}`,
  };
}

const pairs = (labels: Record<string, string> | null | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** An image that lost its name shows by its id, short. */
const shortImage = (image: string): string =>
  /^sha256:[0-9a-f]{64}$/.test(image) ? image.slice(7, 19) : image.replace(/@sha256:[0-9a-f]{64}$/, '');

function sizeText(row: ContainerSummary): string {
  const own = humanSize(row.SizeRw ?? 0, 3);
  const whole = row.SizeRootFs ?? 0;
  return whole > 0 ? `${own} (virtual ${humanSize(whole, 3)})` : own;
}
