import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildFlags } from '../../src/cli/build/build.ts';
import { parseLine } from '../../src/cli/flags/parse.ts';
import { goDurationNs, keySequence, sizeBytes, timestamp } from '../../src/cli/flags/readers.ts';
import { boolean, list, text } from '../../src/cli/flags/spec.ts';

const table = {
  all: boolean('all', { short: 'a' }),
  quiet: boolean('quiet', { short: 'q' }),
  name: text('name', { short: 'n', aliases: ['called'] }),
  env: list('env', { short: 'e' }),
};

test('short flags stand together, and the last may carry its value', () => {
  assert.deepEqual(parseLine(table, ['-aqn', 'x']).flags, { all: true, quiet: true, name: 'x', env: [] });
  assert.equal(parseLine(table, ['-nx']).flags.name, 'x');
  assert.equal(parseLine(table, ['-n=x']).flags.name, 'x');
});

test('a long flag takes its value after = or as the next word, also under an alias', () => {
  assert.equal(parseLine(table, ['--name=x=y']).flags.name, 'x=y');
  assert.equal(parseLine(table, ['--called', 'x']).flags.name, 'x');
});

test('a boolean is switched off with =false', () => {
  assert.equal(parseLine(table, ['-a', '--all=false']).flags.all, false);
});

test('flags and operands mix, and -- ends the flags', () => {
  const line = parseLine(table, ['one', '-a', 'two', '--', '-q']);
  assert.deepEqual(line.operands, ['one', 'two', '-q']);
  assert.equal(line.flags.quiet, false);
});

test('a flag without its value is refused', () => {
  assert.throws(() => parseLine(table, ['--name']), { message: '--name: expected a value (string)' });
});

test('an unknown flag names its nearest neighbour', () => {
  assert.throws(() => parseLine(table, ['--quite']), { message: 'unknown flag: --quite', hint: '--quiet' });
});

test('a flag that is not there is refused by its name, with what to do instead', () => {
  for (const words of [['--cache-from', 'web'], ['--cache-from=web']])
    assert.throws(() => parseLine(buildFlags, words), {
      message: '--cache-from: tlab does not support it',
      hint: /--why/,
    });
  assert.throws(() => parseLine(buildFlags, ['--squash', '.']), { kind: 'notImplemented', hint: /COPY --from=STAGE/ });
  assert.deepEqual(parseLine(buildFlags, ['--rm', '--force-rm', '.']).operands, ['.']);
});

test('a list keeps the order in which it was given', () => {
  assert.deepEqual(parseLine(table, ['-e', 'a', '--env', 'b', '-ec']).flags.env, ['a', 'b', 'c']);
});

test('sizes are binary whatever their spelling', () => {
  assert.deepEqual(['512', '1k', '1K', '2m', '1.5g', '64MiB', '3b', '1gb'].map(sizeBytes), [
    512,
    1024,
    1024,
    2 ** 21,
    1.5 * 2 ** 30,
    2 ** 26,
    3,
    2 ** 30,
  ]);
});

test('durations are Go durations', () => {
  assert.equal(goDurationNs('1m30s'), 90e9);
  assert.equal(goDurationNs('250ms'), 250e6);
  assert.equal(goDurationNs('1 day'), undefined);
});

test('a time is a duration before now, an RFC 3339 time or seconds', () => {
  assert.equal(timestamp('10s', 100_000), '90');
  assert.equal(timestamp('2026-11-20T12:00:00Z'), '1795176000');
  assert.equal(timestamp('12.5'), '12.5');
});

test('detach keys are the bytes that a terminal sends', () => {
  assert.deepEqual([...keySequence('ctrl-p,ctrl-q')], [16, 17]);
  assert.deepEqual([...keySequence('ctrl-@,x')], [0, 120]);
});
