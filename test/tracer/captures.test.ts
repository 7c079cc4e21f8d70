// captures.h is made from the rows: it is current, and it keeps to what the native side can hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { captureKinds, capturesHeader, headerPath } from '../../src/tracer/captures.ts';

test('native/tracer/captures.h is what the rows say', () => {
  assert.equal(readFileSync(headerPath, 'utf8'), capturesHeader(), 'run `node src/tracer/captures.ts`');
});

test('kinds of captures have the order of the native side', () => {
  const header = readFileSync(new URL('../../native/tracer/capture-rule.h', import.meta.url), 'utf8');
  const native = [...header.matchAll(/^\tCAPTURE_(\w+)/gm)].map((match) => match[1]?.toLowerCase().replace('_', '-'));
  assert.deepEqual(native, [...captureKinds]);
});
