// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of a Dockerfile
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { expandWord, splitWords } from '../../src/dockerfile/words.ts';

test('words are split at blanks outside of quotes, and keep their quotes', () => {
  assert.deepEqual(splitWords(`a "b c" d\\ e 'f  g'h`, '\\'), ['a', '"b c"', 'd\\ e', "'f  g'h"]);
  assert.deepEqual(splitWords('C:\\a ` b', '`'), ['C:\\a', '` b']);
  assert.deepEqual(splitWords('', '\\'), []);
});

const values: Record<string, string> = { a: 'one', empty: '', path: 'x/y/x.tar.gz' };
const lookup = (name: string): string | undefined => values[name];

/** Dockerfile and bash agree on all of these. */
const expansions: ReadonlyArray<readonly [string, string]> = [
  ['$a-${a}', 'one-one'],
  ['\\$a', '$a'],
  [`'$a'`, '$a'],
  [`"$a 'b'"`, "one 'b'"],
  ['"\\"$a\\""', '"one"'],
  ['"a\\b"', 'a\\b'],
  ['a\\b', 'ab'],
  ['${none:-b}', 'b'],
  ['${empty:-b}', 'b'],
  ['${empty-b}', ''],
  ['${a:+b}', 'b'],
  ['${none:+b}', ''],
  ['${empty+b}', 'b'],
  ['${none:-${a}}', 'one'],
  ['${path#*/}', 'y/x.tar.gz'],
  ['${path##*/}', 'x.tar.gz'],
  ['${path%.*}', 'x/y/x.tar'],
  ['${path%%.*}', 'x/y/x'],
  ['${path/x/z}', 'z/y/x.tar.gz'],
  ['${path//x/z}', 'z/y/z.tar.gz'],
  ['${path//\\//-}', 'x-y-x.tar.gz'],
  ['$none', ''],
  ['a$', 'a$'],
  ['$1a', 'a'],
];

for (const [text, value] of expansions)
  test(`${text} becomes ${JSON.stringify(value)}`, () => assert.equal(expandWord(text, lookup).value, value));

test('bash says the same of each', () => {
  for (const [text, value] of expansions)
    assert.equal(execFileSync('bash', ['-c', `printf %s ${text}`], { env: values, encoding: 'utf8' }), value, text);
});

test('names without a value and without a default are told', () => {
  assert.deepEqual(expandWord('$a$b${c:-x}${b}', lookup).unset, ['b']);
  assert.deepEqual(expandWord('$a$b${c:-x}', lookup).used, ['a', 'b', 'c']);
});

const refused: ReadonlyArray<readonly [string, RegExp]> = [
  ['"a', /"a": expected a closing "/],
  [`'a`, /expected a closing '/],
  ['${', /expected a name behind/],
  ['${a', /expected a } behind \$\{a/],
  ['${a!b}', /expected a }/],
  ['${none:?must be given}', /\$\{none\}: must be given/],
  ['${a#******a*a*a*a}', /at most 4 times \*/],
];

for (const [text, words] of refused)
  test(`${text} is refused`, () => assert.throws(() => expandWord(text, lookup), { message: words }));
