import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withEngine } from '../../src/cli/dispatch.ts';

const words = (line: string): string[] => line.split(' ');

test('a line with an engine goes to the X-ray, whichever side of run the flag stands on', () => {
  const expected = words('trace xray --engine=docker run -d --engine x nginx');
  assert.deepEqual(withEngine(words('trace --engine docker run -d --engine x nginx')), expected);
  assert.deepEqual(withEngine(words('trace --engine=docker run -d --engine x nginx')), expected);
  assert.deepEqual(withEngine(words('trace run --engine docker -d --engine x nginx')), expected);
});

test('a line without one, or with one that belongs to the container, stays as it is', () => {
  for (const line of [
    'trace run -d nginx',
    'trace run nginx --engine docker',
    'run --engine docker',
    'trace',
    'trace show --engine x',
  ]) {
    assert.deepEqual(withEngine(words(line)), words(line));
  }
});

test('an engine without a name is left for the command to refuse', () => {
  assert.deepEqual(withEngine(['trace', '--engine']), ['trace', 'xray', '--engine=']);
});
