// tlab images: lists images, one line a name; with --tree what each is made of. @source docker-images(1)
import type { ImageSummary } from '../../daemon/image-protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean } from '../flags/spec.ts';
import { filterFlag, filterQuery } from '../format/filters.ts';
import { imageFields, imageHeadings, imageRows } from '../format/images.ts';
import { listingFlags, printListing } from '../format/listing.ts';

export default defineCommand({
  operands: '[REPOSITORY[:TAG]]',
  count: { min: 0, max: 1 },
  flags: {
    all: boolean('Show intermediate images too', { short: 'a' }),
    digests: boolean('Show digests'),
    filter: { ...filterFlag, says: 'Only what fits: dangling=true, before=, since=, until=, label=, reference=' },
    ...listingFlags,
    tree: boolean('Show the platforms and layers of each image, and which images share them'),
  },
  examples: [
    { says: 'names that lost their image', line: 'tlab images --filter dangling=true' },
    { says: 'platforms, layers, and who shares them', line: 'tlab images --tree' },
  ],
  async run({ operands: [reference], flags }) {
    const filters = [
      ...flags.filter,
      ...(reference === undefined ? [] : [['reference', reference] as [string, string]]),
    ];
    const client = connect();
    // Only the fields that docker asks for so, because they take all images to compute.
    const shared = flags.tree || /\.(SharedSize|UniqueSize)/.test(flags.format ?? '') || undefined;
    const images = await client.json<ImageSummary[]>({
      method: 'GET',
      path: '/images/json',
      query: {
        all: flags.all || undefined,
        filters: filterQuery(filters),
        'shared-size': shared,
        manifests: flags.tree || undefined,
      },
    });
    if (flags.tree) {
      const { printTree } = await import('../format/image-tree.ts');
      return await printTree(client, images, { json: flags.json });
    }
    const rows = images.flatMap((image) => imageRows(image, flags.digests));
    const fields = imageFields(flags['no-trunc']);
    const shown = ['Repository', 'Tag', ...(flags.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
    printListing({ rows, fields, shown, headings: imageHeadings, id: (row) => String(fields.ID?.(row)) }, flags);
    return 0;
  },
});
