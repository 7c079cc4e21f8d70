import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, fit, fitMiddle, printable, wrap } from '../../src/base/text.ts';

test('escape sequences and direction overrides become visible text', () => {
  assert.equal(printable('a\x1b[2Jb\u202ec\nd'), 'a\\x1b[2Jb\\u202ec\\nd');
});

test('wide characters count two columns', () => {
  assert.equal(columns('日本x'), 5);
});

test('a cut text ends in a mark and keeps within its columns', () => {
  assert.equal(fit('abcdef', 4), 'abc…');
  assert.equal(fit('日本語', 4), '日…');
  assert.equal(fit('abcd', 4), 'abcd');
});

test('text wraps at spaces', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
});

test('a text cut in its middle keeps both ends and its width', () => {
  assert.equal(fitMiddle('write 1 to /sys/fs/cgroup/memory/limit', 20), 'write 1 to …ry/limit');
  assert.equal(fitMiddle('short', 20), 'short');
  for (const width of [4, 5, 9, 10]) assert.ok(columns(fitMiddle('日本語日本語日本語', width)) <= width, `${width}`);
});
