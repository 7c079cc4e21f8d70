import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { catalogue, topics } from '../../src/cli/catalogue.ts';
import { createFlags } from '../../src/cli/create/flags.ts';
import { loadCommand } from '../../src/cli/dispatch.ts';
import { errorLines } from '../../src/cli/errors.ts';
import { helpLines } from '../../src/cli/help.ts';

for (const name of [undefined, ...Object.keys(topics), ...Object.keys(catalogue)]) {
  test(`the help of ${name ?? 'tlab'} fits into 80 columns and begins with its usage`, async () => {
    const lines = await helpLines(name, 80);
    assert.match(lines[0] ?? '', /^Usage: {2}tlab/);
    for (const line of lines) assert.ok([...line].length <= 80, line);
  });
}

for (const name of Object.keys(catalogue)) {
  test(`tlab ${name}: no two flags share a letter or a name`, async () => {
    const flags = Object.entries((await loadCommand(name)).spec.flags);
    const letters = flags.flatMap(([, flag]) => flag.short ?? []);
    const names = flags.flatMap(([long, flag]) => [long, ...(flag.aliases ?? [])]);
    assert.equal(new Set(letters).size, letters.length);
    assert.equal(new Set(names).size, names.length);
  });
}

test('every flag of create either writes into the request or is known to act elsewhere', () => {
  const elsewhere = ['attach', 'cidfile', 'interactive', 'name', 'platform', 'pull'];
  const silent = Object.entries(createFlags).flatMap(([name, flag]) => ('apply' in flag ? [] : [name]));
  assert.deepEqual(silent.sort(), elsewhere);
});

test('an error is one line, then why and try', () => {
  const cause = new Error('the disk is full');
  const error = new LabError('resourceExhausted', 'writing "x"', { cause, hint: 'make room' });
  assert.deepEqual(errorLines(error), ['error: writing "x"', 'why: the disk is full', 'try: make room']);
});
