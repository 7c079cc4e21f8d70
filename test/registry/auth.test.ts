import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { parseChallenge } from '../../src/registry/challenge.ts';
import { RegistryConnection } from '../../src/registry/connection.ts';
import { readCredentials } from '../../src/registry/credentials.ts';
import { login } from '../../src/registry/login.ts';
import { fakeImage, startFakeRegistry } from './fake-registry.ts';

test('challenges are read as registries write them', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/token",service="a, b",scope="repository:x:pull"'), {
    scheme: 'bearer',
    parameters: { realm: 'https://a/token', service: 'a, b', scope: 'repository:x:pull' },
  });
  assert.deepEqual(parseChallenge('basic realm=plain'), { scheme: 'basic', parameters: { realm: 'plain' } });
  assert.equal(parseChallenge('Negotiate'), undefined);
  assert.equal(parseChallenge(undefined), undefined);
});

test('of several challenges in one header the token is taken, and each keeps its own parameters', () => {
  const bearer = { scheme: 'bearer', parameters: { realm: 'https://a/token', service: 'z' } };
  const asked = 'Bearer realm="https://a/token",service="z"';
  for (const header of [
    `Basic realm="x", ${asked}`,
    `${asked}, Basic realm="x"`,
    `Basic realm="x, Bearer realm=\\"y\\", service=w" ,, ${asked}`,
    `Negotiate dG9rZW4=, Basic realm = "x" , ${asked}`,
    `NTLM, ${asked}, Digest realm="d", nonce="Basic", qop=auth`,
    `Basic realm="x", Bearer service="none", ${asked}`,
  ])
    assert.deepEqual(parseChallenge(header), bearer, header);
  const basic = { scheme: 'basic', parameters: { realm: 'x' } };
  for (const header of [
    'Basic realm="x"',
    'basic   Realm=x',
    'Digest realm="d", nonce="Bearer realm=e", Basic realm="x"',
    'Negotiate, Basic realm="x"',
    'Basic realm="x", Bearer service="nowhere to ask"',
  ])
    assert.deepEqual(parseChallenge(header), basic, header);
  assert.deepEqual(parseChallenge('Basic'), { scheme: 'basic', parameters: {} });
  // What can still be read of a header that ends in the middle, or is none.
  assert.deepEqual(parseChallenge(`${asked}, Basic realm="x`), bearer);
  for (const header of ['', ',', '="x"', 'realm="https://a/token"', 'Digest Basic="x"'])
    assert.equal(parseChallenge(header), undefined, header);
});

test('a header of any length is read at once', () => {
  for (const part of ['Basic ', 'a=b,', '"', '\\', 'Basic a="\\', ' ', ',', '=']) {
    const startMs = performance.now();
    parseChallenge(`Bearer ${part.repeat(200_000 / part.length)}`);
    assert.ok(performance.now() - startMs < 5_000, part);
  }
});

test('a registry that offers both gets a token from the realm of Bearer, for a pull and for a login', async () => {
  let host = '';
  await using registry = await startFakeRegistry(fakeImage(), (request, response) => {
    if (request.headers.authorization === 'Bearer good' || request.url?.startsWith('/token'))
      response.end(JSON.stringify({ token: 'good' }));
    else
      response
        .writeHead(401, { 'www-authenticate': `Basic realm="x", Bearer realm="http://${host}/token",service="s"` })
        .end();
    return true;
  });
  host = registry.host;
  const origin = new URL(`http://${host}`);
  const credentials = async () => ({ username: 'u', password: 'p' });
  const connection = new RegistryConnection(
    { origin, verify: false, isMirror: false, credentialsOf: host },
    { credentials },
  );
  const answer = await connection.send({ repository: 'app', path: 'tags/list', expects: [200], why: 'tags' });
  answer.body.resume();
  connection.close();
  await login(host, { client: { credentials } });
  const asked = registry.asked.map(({ url, headers }) => [
    url.replace(/\?.*/, ''),
    headers.authorization?.split(' ')[0],
  ]);
  const thrice = (path: string) => [
    [path, undefined],
    ['/token', 'Basic'],
    [path, 'Bearer'],
  ];
  assert.deepEqual(asked, [...thrice('/v2/app/tags/list'), ...thrice('/v2/')]);
  assert.match(registry.asked[1]?.url ?? '', /service=s/);
});

test('credentials are those of exactly this registry', async () => {
  const directory = mkdtempSync(`${tmpdir()}/tlab-auth-`);
  const file = `${directory}/config.json`;
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
  try {
    const auths = {
      'https://index.docker.io/v1/': auth('hub:a'),
      'reg.example:5000': auth('own:b:c'),
      'https://old.example/v1/': auth('old:d'),
    };
    writeFileSync(file, JSON.stringify({ auths, other: 'x' }));
    assert.deepEqual(await readCredentials('docker.io', file), { username: 'hub', password: 'a' });
    assert.deepEqual(await readCredentials('reg.example:5000', file), { username: 'own', password: 'b:c' });
    assert.deepEqual(await readCredentials('old.example', file), { username: 'old', password: 'd' });
    assert.equal(await readCredentials('reg.example', file), undefined);
    assert.equal(await readCredentials('evil-reg.example:5000', file), undefined);
    assert.equal(await readCredentials('docker.io', `${directory}/none`), undefined);
    writeFileSync(file, '{');
    await assert.rejects(readCredentials('docker.io', file), /no configuration of the docker command line/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
