// Bookmarks and filters in a person's own files: kept by trace and by name, and never written over when they cannot be read.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Kept } from '../../src/viewer/kept.ts';

const folder = mkdtempSync(join(tmpdir(), 'kept-'));
after(() => rmSync(folder, { recursive: true }));
const env = { XDG_STATE_HOME: join(folder, 'state'), XDG_CONFIG_HOME: join(folder, 'config') };

test('bookmarks are kept by trace, in order, and a trace without any is forgotten', () => {
  const kept = new Kept(env);
  assert.deepEqual([...kept.marksOf('one')], []);
  kept.saveMarks(
    'one',
    new Map([
      [12, 'later'],
      [3, ''],
    ]),
  );
  kept.saveMarks('two', new Map([[7, 'other']]));
  assert.deepEqual(
    [...new Kept(env).marksOf('one')],
    [
      [3, ''],
      [12, 'later'],
    ],
  );
  kept.saveMarks('one', new Map());
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(env.XDG_STATE_HOME, 'tlab/bookmarks.json'), 'utf8'))), [
    'two',
  ]);
});

test('filters are kept by name and forgotten by name', () => {
  const kept = new Kept(env);
  kept.saveFilter('a', 'x');
  kept.saveFilter('b', 'y');
  assert.deepEqual([kept.removeFilter('a'), kept.removeFilter('a')], [true, false]);
  assert.deepEqual(new Kept(env).filters(), { b: 'y' });
});

test('a file that is none is told with what to do, and stays as it is', () => {
  const kept = new Kept(env);
  const file = join(env.XDG_CONFIG_HOME, 'tlab/filters.json');
  for (const [text, error] of [
    ['{"b": ', /cannot be read as JSON/],
    ['{"b": 1}', /expected texts by name/],
  ] as const) {
    writeFileSync(file, text);
    assert.throws(() => kept.saveFilter('c', 'z'), error);
    assert.equal(readFileSync(file, 'utf8'), text);
  }
});
