import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf } from '../../src/layers/changes.ts';
import { followFile } from '../../src/layers/follow.ts';
import { sharedBetween } from '../../src/layers/shared.ts';
import type { LayerEntry } from '../../src/layers/tar-reader.ts';

const entry = (name: string, more: Partial<LayerEntry> = {}): LayerEntry => ({
  name,
  type: name.endsWith('/') ? 'directory' : 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: name.endsWith('/') ? 0 : 10,
  mtime: 1,
  link: '',
  content: name.endsWith('/') ? '' : 'c1',
  attributes: '',
  ...more,
});

const words = (layers: LayerEntry[][]): string[][] =>
  changesOf(layers).layers.map(({ changes }) =>
    changes
      .map((change) => `${change.kind} ${change.path}${change.kind === 'changed' ? `: ${change.what}` : ''}`)
      .sort(),
  );

const base = [entry('./'), entry('./etc/'), entry('./etc/a'), entry('./etc/b', { size: 20 }), entry('./bin/x')];

test('a layer adds, changes and removes; folders that only hold files are no change', () => {
  const top = [
    entry('etc/', { mtime: 2 }),
    entry('etc/a', { content: 'c2', mode: 0o600 }),
    entry('etc/.wh.b', { size: 0 }),
    entry('new'),
  ];
  assert.deepEqual(words([base, top])[1], ['added new', 'changed etc/a: content,mode', 'removed etc/b']);
});

test('each thing that can differ has its word', () => {
  const top = (more: Partial<LayerEntry>) => words([base, [entry('etc/a', more)]])[1];
  assert.deepEqual(top({ uid: 5 }), ['changed etc/a: owner']);
  assert.deepEqual(top({ attributes: 'security.capability=AA' }), ['changed etc/a: attributes']);
  assert.deepEqual(top({ mtime: 9 }), ['changed etc/a: time']);
  assert.deepEqual(top({}), ['changed etc/a: nothing']);
  assert.deepEqual(top({ type: 'symlink', link: 'b', content: '', size: 0 }), ['changed etc/a: type']);
  assert.deepEqual(words([base, [entry('etc/', { mode: 0o700 })]])[1], ['changed etc: mode']);
});

test('an opaque folder hides what lies below, wherever the mark stands, and not what its own layer brings', () => {
  const top = [entry('etc/'), entry('etc/a', { content: 'c2' }), entry('etc/.wh..wh..opq', { size: 0 })];
  assert.deepEqual(words([base, top])[1], ['changed etc/a: content', 'removed etc/b']);
});

test('a whiteout of a folder removes all that is in it; one of nothing removes nothing', () => {
  assert.deepEqual(words([base, [entry('.wh.etc', { size: 0 }), entry('.wh.none', { size: 0 })]])[1], [
    'removed etc',
    'removed etc/a',
    'removed etc/b',
  ]);
});

test('a file in the place of a folder, and a folder in the place of a file, remove what was there', () => {
  assert.deepEqual(words([base, [entry('etc')]])[1], ['changed etc: type', 'removed etc/a', 'removed etc/b']);
  assert.deepEqual(words([base, [entry('bin/x/y')]])[1], ['added bin/x/y', 'removed bin/x']);
});

test('wasted is what later layers hide, each time, and nothing within one layer', () => {
  const second = [entry('etc/b', { size: 30, content: 'c2' }), entry('etc/b', { size: 40, content: 'c3' })];
  const { waste, wastedBytes } = changesOf([base, second, [entry('etc/.wh.b', { size: 0 })]]);
  assert.equal(wastedBytes, 60);
  assert.deepEqual(waste, [
    { path: 'etc/b', bytes: 40, layer: 1, hiddenBy: 2, how: 'removed' },
    { path: 'etc/b', bytes: 20, layer: 0, hiddenBy: 1, how: 'changed' },
  ]);
});

test('a hard link is the file that it names, without bytes', () => {
  const linked = entry('etc/h', { type: 'hardlink', link: './etc/a', size: 0, content: '' });
  const [, changes] = changesOf([base, [linked]]).layers;
  const [change] = changes?.changes ?? [];
  assert.ok(change?.kind === 'added');
  assert.deepEqual([change.after.type, change.after.content, change.after.size], ['file', 'c1', 0]);
});

test('names that lead out of the root change nothing and are told', () => {
  const [layer] = changesOf([[entry('../x'), entry('a/../../y'), entry('/abs'), entry('a/'.repeat(3000))]]).layers;
  assert.deepEqual(
    layer?.refused.map((name) => name.slice(0, 9)),
    ['../x', 'a/../../y', 'a/a/a/a/a'],
  );
  assert.deepEqual(
    layer?.changes.map(({ path }) => path),
    ['abs'],
  );
});

test('names of objects are names of files', () => {
  assert.deepEqual(words([[entry('__proto__/x'), entry('constructor')], [entry('.wh.constructor', { size: 0 })]]), [
    ['added __proto__/x', 'added constructor'],
    ['removed constructor'],
  ]);
});

test('a file is followed through the layers to the whiteout that took it', () => {
  const image = changesOf([base, [entry('etc/a', { content: 'c2' })], [entry('.wh.etc', { size: 0 })]]);
  const steps = followFile(image, '/etc/./a');
  assert.deepEqual(
    steps.map(({ layer, change }) => `${layer} ${change.kind}`),
    ['0 added', '1 changed', '2 removed'],
  );
  assert.equal(steps[2]?.change.kind === 'removed' && steps[2].change.by, '.wh.etc');
  assert.deepEqual(followFile(image, 'nothing'), []);
});

test('images share snapshots from the bottom, and blobs wherever they lie', () => {
  const layer = (digest: string, chainId: string) => ({ digest, chainId, size: 1, unpackedSize: 10 });
  const one = [layer('a', 'A'), layer('b', 'AB'), layer('c', 'ABC')];
  const other = [layer('a', 'A'), layer('c', 'AC')];
  assert.deepEqual(sharedBetween(one, other), {
    commonLayers: 1,
    snapshotBytes: 10,
    blobBytes: 2,
    movedDigests: ['c'],
  });
});
