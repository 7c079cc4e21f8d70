// tlab library ls: the offline images that are built.
import { type LibraryImage, list, recipeNames } from '../../../library/library.ts';
import { defineCommand } from '../../command.ts';
import { type Fields, listingFlags, printListing } from '../../format/listing.ts';
import { humanSize } from '../../format/words.ts';
import { say } from '../../terminal.ts';

const fields: Fields<LibraryImage> = {
  Name: (row) => row.name,
  References: (row) => row.references.join(','),
  Digest: (row) => row.digest,
  ID: (row) => row.digest.slice('sha256:'.length, 19),
  Size: (row) => humanSize(row.sizeBytes, 3),
  Layers: (row) => row.layers.length,
  Says: (row) => row.says,
};

export default defineCommand({
  flags: listingFlags,
  async run({ flags }) {
    const rows = await list();
    const shown = ['Name', flags['no-trunc'] ? 'Digest' : 'ID', 'Size', 'Layers', 'References'];
    printListing({ rows, fields, shown, headings: { ID: 'DIGEST' }, id: (row) => row.name }, flags);
    if (rows.length === 0 && !flags.quiet && !flags.json) {
      say(`nothing is built yet; there are recipes for ${recipeNames().join(', ')}: sudo tlab library build`);
    }
    return 0;
  },
});
