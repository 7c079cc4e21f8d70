// tlab logout: forgets a login; nothing is asked of the registry or the daemon.
import { defineCommand } from '../command.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[SERVER]',
  count: { min: 0, max: 1 },
  says: 'Without SERVER, Docker Hub.',
  flags: {},
  async run({ operands: [server = ''] }) {
    const { domainOf } = await import('../../registry/login.ts');
    const { removeCredentials, serverKey } = await import('../../registry/credentials.ts');
    const domain = domainOf(server);
    const had = await removeCredentials(domain);
    print(had ? `Removing login credentials for ${serverKey(domain)}` : `Not logged in to ${serverKey(domain)}`);
    return 0;
  },
});
