// A registry in a process of its own, to be killed: storage as its argument, its port on standard output.
import { startRegistry } from '../../../src/registry/server/server.ts';

const server = await startRegistry({
  address: '127.0.0.1',
  port: 0,
  storage: process.argv[2] ?? '',
  access: {
    users: undefined,
    scheme: 'basic',
    anonymous: ['pull', 'push', 'delete'],
    isOpenHere: false,
    isReadOnly: false,
  },
});
process.stdout.write(`${server.port}\n`);
