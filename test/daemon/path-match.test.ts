import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathMatch } from '../../src/daemon/image/path-match.ts';

/** Rows of the tests of Go's path.Match, and names of images. @source go path/match_test.go */
const rows: ReadonlyArray<[pattern: string, name: string, fits: boolean | 'malformed']> = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[x\\-]', '-', true],
  ['[]a]', ']', 'malformed'],
  ['[-]', '-', 'malformed'],
  ['[a-b-c]', 'a', 'malformed'],
  ['[', 'a', 'malformed'],
  ['[^', 'a', 'malformed'],
  ['a\\', 'a', 'malformed'],
  ['nginx', 'nginx:latest', false],
  ['nginx:*', 'nginx:latest', true],
  ['*/*:1*', 'user/app:1.2', true],
  ['', '', true],
  ['', 'a', false],
];

for (const [pattern, name, fits] of rows) {
  test(`the pattern "${pattern}" on "${name}": ${fits}`, () => {
    if (fits === 'malformed') assert.throws(() => pathMatch(pattern, name), { kind: 'invalidArgument' });
    else assert.equal(pathMatch(pattern, name), fits);
  });
}

test('a pattern of many stars is answered at once', () => {
  const began = performance.now();
  assert.equal(pathMatch(`${'*a'.repeat(100)}b`, 'a'.repeat(20_000)), false);
  assert.ok(performance.now() - began < 5_000);
});
