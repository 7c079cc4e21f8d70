import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { parseChallenge } from '../../src/registry/auth.ts';
import { readCredentials } from '../../src/registry/credentials.ts';

test('challenges are read as registries write them', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/token",service="a, b",scope="repository:x:pull"'), {
    scheme: 'bearer',
    parameters: { realm: 'https://a/token', service: 'a, b', scope: 'repository:x:pull' },
  });
  assert.deepEqual(parseChallenge('basic realm=plain'), { scheme: 'basic', parameters: { realm: 'plain' } });
  assert.equal(parseChallenge('Negotiate'), undefined);
  assert.equal(parseChallenge(undefined), undefined);
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
