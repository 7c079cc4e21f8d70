// tlab login: asks the registry whether name and password are good, and keeps them where docker keeps them.

import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text, usageError } from '../flags/spec.ts';
import { print, say } from '../terminal.ts';

export default defineCommand({
  operands: '[SERVER]',
  count: { min: 0, max: 1 },
  says: 'Without SERVER, Docker Hub. The login is kept in ~/.docker/config.json, or by the credential helper that it names.',
  flags: {
    username: text('User name', { short: 'u' }),
    password: text('Password; other users of this machine can see it there', { short: 'p' }),
    'password-stdin': boolean('Read the password from standard input'),
  },
  async run({ operands: [server = ''], flags }) {
    const { domainOf } = await import('../../registry/login.ts');
    const { serverKey, storeCredentials } = await import('../../registry/credentials.ts');
    const domain = domainOf(server);
    const { username, password } = await answersOf(flags);
    if (username === '' || password === '')
      throw usageError('login: expected a user name and a password, one is empty');
    const body = { username, password, serveraddress: serverKey(domain) };
    const answer = await connect().json<{ Status: string; IdentityToken?: string }>({
      method: 'POST',
      path: '/auth',
      body,
    });
    const token = answer.IdentityToken ? { identityToken: answer.IdentityToken } : {};
    const kept = await storeCredentials(domain, { username, password, ...token });
    if (kept.file !== undefined) {
      say(`the password is kept unencrypted in ${kept.file}; a credential helper avoids that: "credsStore" there`);
    }
    print(answer.Status);
    return 0;
  },
});

interface Flags {
  username: string | undefined;
  password: string | undefined;
  'password-stdin': boolean;
}

async function answersOf(flags: Flags): Promise<{ username: string; password: string }> {
  if (flags['password-stdin'] && flags.password !== undefined) {
    throw usageError('--password and --password-stdin are mutually exclusive');
  }
  if (flags['password-stdin'] && flags.username === undefined) {
    throw usageError('Must provide --username with --password-stdin');
  }
  const { askLine, askSecret, readSecret } = await import('../registry/ask.ts');
  if (flags.password !== undefined) say('a password on the command line is seen by other users: use --password-stdin');
  const username = flags.username ?? (await askLine('Username: '));
  if (flags['password-stdin']) return { username, password: await readSecret() };
  return { username, password: flags.password ?? (await askSecret('Password: ')) };
}
