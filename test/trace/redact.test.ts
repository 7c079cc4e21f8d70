import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact, redactCommand, redactedMark, redactTarget } from '../../src/trace/redact.ts';

test('values of environment variables go, their names and the open ones stay', () => {
  assert.deepEqual(redact({ Env: ['PATH=/bin', 'DB_PASSWORD=hunter2', 'EMPTY'] }), {
    Env: ['PATH=/bin', `DB_PASSWORD=${redactedMark}`, 'EMPTY'],
  });
});

test('secrets go at any depth and in any spelling', () => {
  assert.deepEqual(redact({ a: [{ Authorization: 'Bearer x', 'X-Registry-Auth': 'e30=', name: 'web' }] }), {
    a: [{ Authorization: redactedMark, 'X-Registry-Auth': redactedMark, name: 'web' }],
  });
});

test('bytes, long strings and bigints become something short that JSON can hold', () => {
  const value = redact({ bytes: new Uint8Array(3), text: 'x'.repeat(5000), big: 2n ** 60n }) as Record<string, string>;
  assert.equal(value.bytes, '[3 bytes]');
  assert.match(value.text ?? '', /… \(5000 characters\)$/);
  assert.equal(value.big, '1152921504606846976');
});

test('a value nested without end is cut, not followed', () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  assert.doesNotThrow(() => JSON.stringify(redact(loop)));
});

test('a command line keeps the names of its variables and loses their values, however the flag is written', () => {
  const forms = [['-e', 'A=1'], ['--env', 'A=1'], ['-ite', 'A=1'], ['-eA=1'], ['-e=A=1'], ['-deA=1'], ['--env=A=1']];
  for (const words of forms) {
    const shown = redactCommand(['run', ...words, 'busybox', 'B=1']);
    assert.ok(!shown.slice(0, -1).join(' ').includes('=1'), shown.join(' '));
    assert.ok(shown.join(' ').includes(`A=${redactedMark}`), shown.join(' '));
    assert.equal(shown.at(-1), 'B=1');
  }
});

test('the address of a build keeps the names of its arguments and loses their values', () => {
  const query = (token: string) =>
    new URLSearchParams({ t: 'a', buildargs: JSON.stringify({ TOKEN: token, 'B:"': '' }) });
  const shown = redactTarget(`/v1.41/build?${query('hush=":')}`);
  assert.equal(shown.includes('hush'), false);
  const { buildargs } = Object.fromEntries(new URLSearchParams(shown.slice(shown.indexOf('?'))));
  assert.deepEqual(JSON.parse(buildargs ?? ''), { TOKEN: redactedMark, 'B:"': redactedMark });
  for (const same of ['/v1.41/build', '/v1.41/build?t=a%2Fb&q=1']) assert.equal(redactTarget(same), same);
});
