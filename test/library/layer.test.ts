import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Files, layerTar } from '../../src/library/layer.ts';
import type { LayerRecipe } from '../../src/library/recipes.ts';
import { imageRecipes, layerRecipes } from '../../src/library/recipes.ts';
import { readTar, type TarEntry, writeTar } from '../../src/library/tar.ts';

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1000,
  link: '',
  data: Buffer.from('x'),
  ...more,
});
const directory = (path: string, mode = 0o755) => entry(path, { type: 'directory', mode, data: Buffer.alloc(0) });
const plain: LayerRecipe = { packages: [], withDependencies: false, add: [] };
const build = async (entries: TarEntry[], recipe = plain, below: Files = new Map()) => {
  const { tar } = await layerTar(recipe, [writeTar(entries)], below);
  return new Map([...readTar(tar)].map((one) => [one.path, one]));
};

test('files of the old roots land in /usr, and the roots are symlinks', async () => {
  const files = await build([entry('bin/sh'), entry('lib/x/libc.so')]);
  assert.ok(files.has('usr/bin/sh'));
  assert.ok(files.has('usr/lib/x/libc.so'));
  assert.equal(files.get('bin')?.link, 'usr/bin');
  assert.equal(files.get('lib')?.type, 'symlink');
});

test('a package that brings the roots as symlinks or directories changes nothing', async () => {
  const files = await build([
    entry('bin', { type: 'symlink', link: 'usr/bin' }),
    directory('lib'),
    entry('usr/bin/sh'),
  ]);
  assert.equal(files.get('bin')?.type, 'symlink');
  assert.equal(files.get('usr/bin')?.type, 'directory');
});

test('a link that climbs out of an old root still leads to the same file', async () => {
  const link = { type: 'symlink', link: '../../usr/lib/x/real.so', data: Buffer.alloc(0) } as const;
  const files = await build([entry('lib/x/alias.so', link)]);
  assert.equal(files.get('usr/lib/x/alias.so')?.link, '/usr/lib/x/real.so');
});

test('documentation is left out, copyright is not', async () => {
  const files = await build([
    entry('usr/share/doc/a/changelog.gz'),
    entry('usr/share/doc/a/copyright'),
    entry('usr/share/man/man1/a.1.gz'),
  ]);
  assert.deepEqual(
    [...files.keys()].filter((path) => path.startsWith('usr/share/') && files.get(path)?.type === 'file'),
    ['usr/share/doc/a/copyright'],
  );
});

test('a directory of an upper layer keeps the mode that it has below', async () => {
  const below: Files = new Map([['tmp', directory('tmp', 0o1777)]]);
  const files = await build([entry('tmp/a')], plain, below);
  assert.equal(files.get('tmp')?.mode, 0o1777);
});

test('a hard link comes after what it links to', async () => {
  const link = entry('usr/a', { type: 'hardlink', link: 'usr/z', data: Buffer.alloc(0) });
  const paths = [...(await build([link, entry('usr/z')])).keys()];
  assert.ok(paths.indexOf('usr/a') > paths.indexOf('usr/z'));
});

test('the same packages give the same bytes, whatever their order', async () => {
  const [one, two] = [writeTar([entry('usr/a')]), writeTar([entry('usr/b')])];
  const first = await layerTar(plain, [one, two], new Map());
  const second = await layerTar(plain, [two, one], new Map());
  assert.deepEqual(first.tar, second.tar);
});

test('a recipe adds files, directories, symlinks and copies', async () => {
  const recipe: LayerRecipe = {
    ...plain,
    add: [
      { path: 'etc/a', kind: 'file', text: 'hello' },
      { path: 'etc/b', kind: 'copy', from: 'usr/share/b' },
      { path: 'var/log/c', kind: 'symlink', to: '/dev/stdout' },
      { path: 'srv', kind: 'directory', mode: 0o700, owner: 33 },
    ],
  };
  const files = await build([entry('usr/share/b')], recipe);
  assert.equal(Buffer.from(files.get('etc/a')?.data ?? []).toString(), 'hello');
  assert.equal(Buffer.from(files.get('etc/b')?.data ?? []).toString(), 'x');
  assert.equal(files.get('var/log/c')?.link, '/dev/stdout');
  assert.equal(files.get('srv')?.uid, 33);
  const missing: LayerRecipe = { ...plain, add: [{ path: 'etc/b', kind: 'copy', from: 'nowhere' }] };
  await assert.rejects(build([entry('usr/a')], missing), /no package brings etc\/b/);
});

test('every image is made of layers that have a recipe, and starts with the shared one', () => {
  for (const [name, recipe] of Object.entries(imageRecipes)) {
    assert.equal(recipe.layers[0], 'base', name);
    for (const layer of recipe.layers) assert.ok(Object.hasOwn(layerRecipes, layer), `${name}: ${layer}`);
    assert.ok(
      recipe.layers.some((layer) => layerRecipes[layer]?.packages.includes(recipe.versionOf)),
      name,
    );
  }
});
