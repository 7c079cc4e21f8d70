// Where logins are kept: docker's file, credential helpers; proxies of the environment; certificates of our own.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { clientCertificate, trustedCertificates } from '../../src/registry/certificates.ts';
import { callHelper } from '../../src/registry/credential-helper.ts';
import { readCredentials, removeCredentials, storeCredentials } from '../../src/registry/credentials.ts';
import { HttpTransport } from '../../src/registry/http.ts';
import { domainOf } from '../../src/registry/login.ts';
import { must } from '../helpers/shell.ts';

let root = '';
const path = process.env.PATH;
before(() => {
  root = mkdtempSync(`${tmpdir()}/tlab-logins-`);
  mkdirSync(`${root}/bin`);
  process.env.PATH = `${root}/bin:${path}`;
  // Keeps what it is given in a file named after the server, as a real one does in a key ring.
  helper(
    'file',
    `dir=${root}/ring; mkdir -p $dir; read -r line; key() { printf %s "$1" | md5sum | cut -c1-32; }
case $1 in
  store) url=$(printf %s "$line" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf %s "$line" > "$dir/$(key "$url")";;
  get) cat "$dir/$(key "$line")" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; };;
  erase) rm -f "$dir/$(key "$line")";;
esac`,
  );
  helper('hang', 'exec sleep 60');
  helper('garbage', 'echo not json');
  helper('fails', 'echo the secret is p4ssw0rd; exit 3');
});
after(() => {
  process.env.PATH = path;
  rmSync(root, { recursive: true, force: true });
});

function helper(name: string, script: string): void {
  writeFileSync(`${root}/bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${root}/bin/docker-credential-${name}`, 0o755);
}
const user = { username: 'somebody', password: 'p4ss:w0rd' };

test('a login is kept in the file as docker keeps it, for the owner alone, and what else is there stays', async () => {
  const file = `${root}/plain/config.json`;
  mkdirSync(`${root}/plain`);
  writeFileSync(file, JSON.stringify({ detachKeys: 'ctrl-a', auths: { 'other:1': { auth: 'eDp5' } } }));
  assert.deepEqual(await storeCredentials('reg.example:5000', user, file), { file });
  await storeCredentials('docker.io', { ...user, identityToken: 'id' }, file);
  const { detachKeys, auths } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(detachKeys, 'ctrl-a');
  assert.deepEqual(auths['reg.example:5000'], { auth: Buffer.from('somebody:p4ss:w0rd').toString('base64') });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await readCredentials('reg.example:5000', file), user);
  assert.deepEqual(await readCredentials('docker.io', file), {
    username: 'somebody',
    password: '',
    identityToken: 'id',
  });
  assert.equal(await removeCredentials('reg.example:5000', file), true);
  assert.equal(await removeCredentials('reg.example:5000', file), false);
  assert.deepEqual(await readCredentials('other:1', file), { username: 'x', password: 'y' });
});

test('a credential helper keeps, gives and forgets; the file then holds no password', async () => {
  const file = `${root}/helped.json`;
  writeFileSync(
    file,
    JSON.stringify({
      credsStore: 'fails',
      credHelpers: { 'reg.example': 'file', 'https://index.docker.io/v1/': 'file' },
    }),
  );
  assert.equal(await readCredentials('reg.example', file), undefined);
  assert.deepEqual(await storeCredentials('reg.example', user, file), { helper: 'file' });
  assert.doesNotMatch(readFileSync(file, 'utf8'), /p4ss|somebody/);
  assert.deepEqual(await readCredentials('reg.example', file), user);
  await storeCredentials('docker.io', { ...user, identityToken: 'id' }, file);
  assert.deepEqual(await readCredentials('docker.io', file), { username: '', password: '', identityToken: 'id' });
  assert.equal(await removeCredentials('reg.example', file), true);
  assert.equal(await readCredentials('reg.example', file), undefined);
  await assert.rejects(readCredentials('unnamed.example', file), (error: Error) => {
    assert.match(error.message, /docker-credential-fails get unnamed.example: status 3/);
    assert.doesNotMatch(error.message, /p4ssw0rd/);
    return true;
  });
});

test('a helper that is a path, missing, hangs or talks nonsense is an error that names it', async () => {
  await assert.rejects(callHelper('../../bin/sh', 'get', 'x'), /expected a name like/);
  await assert.rejects(callHelper('none', 'get', 'x'), /docker-credential-none: ENOENT/);
  await assert.rejects(
    callHelper('hang', 'get', 'x', { deadlineMs: 200 }),
    /docker-credential-hang get: no answer in 0.2 s/,
  );
  await assert.rejects(callHelper('garbage', 'get', 'x'), /its answer is not JSON/);
});

test('what people call a server is one registry', () => {
  for (const text of ['', 'docker.io', 'https://index.docker.io/v1/', 'index.docker.io'])
    assert.equal(domainOf(text), 'docker.io');
  assert.equal(domainOf('https://reg.example:5000/v2/'), 'reg.example:5000');
  for (const text of ['a b', '../x', 'user@host']) assert.throws(() => domainOf(text), /expected HOST/);
});

test('HTTP_PROXY is heeded, and NO_PROXY', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('by proxy');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const before = { ...process.env };
  Object.assign(process.env, { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1' });
  try {
    const transport = new HttpTransport({ verify: false });
    const answer = await transport.request({ url: new URL('http://registry.invalid/v2/') });
    answer.body.resume();
    assert.deepEqual([answer.status, asked], [200, ['http://registry.invalid/v2/']]);
    await transport.request({ url: new URL(`http://127.0.0.1:${port}/v2/`) }).then(({ body }) => body.resume());
    assert.equal(asked[1], '/v2/');
    transport.close();
  } finally {
    for (const name of ['HTTP_PROXY', 'NO_PROXY']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    proxy.closeAllConnections();
    proxy.close();
  }
});

test('a registry that asks for a certificate gets the one of its folder; another host that it sends us to does not', async () => {
  const make = (name: string) =>
    must('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${root}/${name}.key`,
      '-out',
      `${root}/${name}.cert`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ]);
  await Promise.all([make('server'), make('me')]);
  const seen: string[] = [];
  let redirect: string | undefined;
  const tls = {
    key: readFileSync(`${root}/server.key`),
    cert: readFileSync(`${root}/server.cert`),
    ca: readFileSync(`${root}/me.cert`),
  };
  const server = createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    seen.push(`${request.headers.host?.split(':')[0]} ${subject?.CN ?? 'nobody'}`);
    if (redirect !== undefined && request.headers.host?.startsWith('localhost'))
      response.writeHead(302, { location: redirect });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const host = `localhost:${port}`;
    mkdirSync(`${root}/certs/${host}`, { recursive: true });
    for (const [from, to] of [
      ['server.cert', 'ca.crt'],
      ['me.cert', 'me.cert'],
    ] as const)
      writeFileSync(`${root}/certs/${host}/${to}`, readFileSync(`${root}/${from}`));
    await assert.rejects(clientCertificate(host, `${root}/certs`), /expected .*me.key beside it/);
    writeFileSync(`${root}/certs/${host}/me.key`, readFileSync(`${root}/me.key`));
    const transport = new HttpTransport({
      verify: true,
      hostname: 'localhost',
      certificates: () => trustedCertificates(host, `${root}/certs`),
      clientCertificate: () => clientCertificate(host, `${root}/certs`),
    });
    await transport.request({ url: new URL(`https://${host}/`) }).then(({ body }) => body.resume());
    redirect = `https://127.0.0.1:${port}/`;
    await transport.request({ url: new URL(`https://${host}/`) }).then(({ body }) => body.resume());
    transport.close();
    assert.deepEqual(seen, ['localhost me', 'localhost me', '127.0.0.1 nobody']);
    assert.deepEqual(await clientCertificate('../escape', `${root}/certs`), undefined);
    assert.equal(existsSync(`${root}/certs/${host}`), true);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
