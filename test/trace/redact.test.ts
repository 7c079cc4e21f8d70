import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact, redactedMark } from '../../src/trace/redact.ts';

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
