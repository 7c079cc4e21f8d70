// tlab tag: gives an image another name. @source docker-tag(1)
import { parseReference } from '../../oci/reference.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { splitReference } from '../run/pull.ts';

export default defineCommand({
  operands: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  count: { min: 2, max: 2 },
  flags: {},
  examples: [{ says: 'a name for a registry of your own', line: 'tlab tag nginx localhost:5000/nginx:1' }],
  async run({ operands: [source = '', target = ''] }) {
    parseReference(target);
    const { fromImage: repo, tag } = splitReference(target);
    await connect().json({ method: 'POST', path: `/images/${source}/tag`, query: { repo, tag } });
    return 0;
  },
});
