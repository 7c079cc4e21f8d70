// tlab search: there is no search in the protocol of registries; only Docker Hub has one, as a service of its own. Refused by name.
import { LabError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';

export default defineCommand({
  operands: 'TERM',
  count: { min: 0 },
  says: 'Not there: registries have no search.',
  flags: {},
  run() {
    throw new LabError(
      'notImplemented',
      'search: registries have no search, and tlab does not ask Docker Hub for its own',
      {
        hint: 'look at https://hub.docker.com; a registry of your own lists its names: curl http://HOST/v2/_catalog',
      },
    );
  },
});
