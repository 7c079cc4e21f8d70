// tlab images: lists images, one line a name. @source docker-images(1)
import type { ImageSummary } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean } from '../flags/spec.ts';
import { filterFlag, filterQuery } from '../format/filters.ts';
import { type Fields, listingFlags, printListing } from '../format/listing.ts';
import { goTime, humanAge, humanSize } from '../format/words.ts';

interface Row {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

const none = '<none>';

export default defineCommand({
  operands: '[REPOSITORY[:TAG]]',
  count: { min: 0, max: 1 },
  flags: {
    all: boolean('Show intermediate images too', { short: 'a' }),
    digests: boolean('Show digests'),
    filter: filterFlag,
    ...listingFlags,
  },
  async run({ operands: [reference], flags }) {
    const filters = [
      ...flags.filter,
      ...(reference === undefined ? [] : [['reference', reference] as [string, string]]),
    ];
    const images = await connect().json<ImageSummary[]>({
      method: 'GET',
      path: '/images/json',
      query: { all: flags.all || undefined, filters: filterQuery(filters) },
    });
    const rows = images.flatMap((image) => rowsOf(image, flags.digests));
    const fields = fieldsOf(flags['no-trunc']);
    const shown = ['Repository', 'Tag', ...(flags.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
    const headings = { ID: 'IMAGE ID', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT' };
    printListing({ rows, fields, shown, headings, id: (row) => String(fields.ID?.(row)) }, flags);
    return 0;
  },
});

function rowsOf(image: ImageSummary, withDigests: boolean): Row[] {
  const digests = (image.RepoDigests ?? []).map((text) => {
    const at = text.lastIndexOf('@');
    return { repository: text.slice(0, at), digest: text.slice(at + 1) };
  });
  const tags = (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>');
  const rows = tags.map((name): Row => {
    const colon = name.lastIndexOf(':');
    const repository = name.slice(0, colon);
    const digest = withDigests ? digests.find((each) => each.repository === repository)?.digest : undefined;
    return { image, repository, tag: name.slice(colon + 1), digest: digest ?? none };
  });
  if (rows.length > 0) return rows;
  return [{ image, repository: digests[0]?.repository ?? none, tag: none, digest: digests[0]?.digest ?? none }];
}

const fieldsOf = (noTrunc: boolean): Fields<Row> => ({
  ID: ({ image }) => (noTrunc ? image.Id : image.Id.replace(/^sha256:/, '').slice(0, 12)),
  Repository: (row) => row.repository,
  Tag: (row) => row.tag,
  Digest: (row) => row.digest,
  CreatedSince: ({ image }) => (image.Created > 0 ? humanAge(image.Created) : 'N/A'),
  CreatedAt: ({ image }) => goTime(image.Created),
  Size: ({ image }) => humanSize(image.Size, 3),
  SharedSize: ({ image }) => (image.SharedSize < 0 ? 'N/A' : humanSize(image.SharedSize, 3)),
  UniqueSize: ({ image }) => (image.SharedSize < 0 ? 'N/A' : humanSize(image.Size - image.SharedSize, 3)),
  VirtualSize: ({ image }) => humanSize(image.VirtualSize ?? image.Size, 3),
  Containers: ({ image }) => (image.Containers < 0 ? 'N/A' : `${image.Containers}`),
});
