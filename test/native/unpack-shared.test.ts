// tlab-unpack where layers share one directory, as the native snapshotter has them: a whiteout removes what it hides, and nothing else.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { directory, entry, runUnpack, symlink, tar } from '../helpers/unpack.ts';

/** Layers one upon the other in one directory, as the native snapshotter has them. */
async function removing(layers: Buffer[], body: (inside: string) => void): Promise<void> {
  const inside = mkdtempSync(`${tmpdir()}/tlab-remove-`);
  try {
    for (const layer of layers) {
      const { status, stderr } = await runUnpack(layer, ['--directory', inside, '--whiteouts', 'remove']);
      assert.equal(status, 0, stderr);
    }
    body(inside);
  } finally {
    rmSync(inside, { recursive: true, force: true });
  }
}

const below = tar(
  directory('a'),
  entry('a/one'),
  entry('a/two'),
  directory('a/sub'),
  entry('a/sub/old'),
  entry('file'),
);

test('where layers share a directory a whiteout removes what it hides, whatever it is', async () => {
  const above = tar(entry('a/.wh.one'), entry('.wh.file'), entry('.wh.never-there'));
  await removing([below, above], (inside) => {
    assert.deepEqual(readdirSync(inside), ['a']);
    assert.deepEqual(readdirSync(`${inside}/a`).sort(), ['sub', 'two']);
  });
  await removing([below, tar(entry('.wh.a'))], (inside) => assert.deepEqual(readdirSync(inside), ['file']));
});

test('an opaque directory keeps what its own layer brings, whichever comes first', async () => {
  const opaque = entry('a/.wh..wh..opq');
  const own = [directory('a'), directory('a/sub'), entry('a/sub/new'), entry('a/deep/down/new'), entry('a/two')];
  for (const layer of [tar(...own, opaque), tar(directory('a'), opaque, ...own.slice(1))])
    await removing([below, layer], (inside) => {
      assert.deepEqual(readdirSync(`${inside}/a`).sort(), ['deep', 'sub', 'two']);
      assert.deepEqual(readdirSync(`${inside}/a/sub`), ['new']);
      assert.deepEqual(readdirSync(`${inside}/a/deep/down`), ['new']);
    });
});

test('a whiteout of a name that the same layer brings hides only what was below', async () => {
  const above = tar(directory('a'), entry('a/new'), entry('.wh.a'));
  await removing([below, above], (inside) => assert.deepEqual(readdirSync(`${inside}/a`), ['new']));
});

test('whiteouts that would lead out of the directory remove nothing there', async () => {
  const outside = mkdtempSync(`${tmpdir()}/tlab-outside-`);
  writeFileSync(`${outside}/secret`, 'secret');
  try {
    const layers = [tar(symlink('link', outside)), tar(entry('link/.wh.secret'), entry('.wh...'))];
    const inside = mkdtempSync(`${tmpdir()}/tlab-remove-`);
    for (const layer of layers) await runUnpack(layer, ['--directory', inside, '--whiteouts', 'remove']);
    rmSync(inside, { recursive: true });
    assert.deepEqual(readdirSync(outside), ['secret']);
  } finally {
    rmSync(outside, { recursive: true });
  }
});
