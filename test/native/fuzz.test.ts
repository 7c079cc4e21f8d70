// Every reader of bytes from outside in the native code, fuzzed for a few seconds from real inputs, under address and undefined-behaviour
// sanitizers. Longer: npm run fuzz -- NAME SECONDS. Needs clang with libFuzzer.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { before, test } from 'node:test';
import { buildFuzzers, fuzz } from '../helpers/fuzz.ts';
import { seedsOf } from '../helpers/fuzz-seeds.ts';
import { root } from '../helpers/root.ts';

before(async () => {
  if (process.getuid?.() === 0) await buildFuzzers();
});

test('every harness has seeds', () => {
  const harnesses = globSync('native/fuzz/*.c').map((path) => basename(path, '.c'));
  assert.deepEqual(harnesses.sort(), Object.keys(seedsOf).sort());
});

for (const name of Object.keys(seedsOf)) {
  test(`${name}: no input crashes it, reads beyond its bytes or runs without end`, root(), async (context) => {
    const { status, executions, found, stderr } = await fuzz(name, 2);
    assert.equal(status, 0, `${found.join(' ')}\n${stderr.split('\n').slice(-60).join('\n')}`);
    assert.ok(executions > 100, `${executions} executions: ${stderr.slice(-2000)}`);
    context.diagnostic(`${executions} executions`);
  });
}
