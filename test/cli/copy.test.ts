// What the ends of `tlab cp` mean: pure rules on paths, and looking at this machine's files. Docker's own client is compared in test/interop/files.test.ts.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { destinationOf, sourceOf } from '../../src/cli/copy/local.ts';
import { absolutePath, linkTargetOf, placing, sideOf, splitEntry } from '../../src/cli/copy/paths.ts';
import { packed, unpacked } from '../../src/cli/copy/programs.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-copy-`);
after(() => rmSync(folder, { recursive: true }));
mkdirSync(`${folder}/dir`);
writeFileSync(`${folder}/dir/two`, 'two');
writeFileSync(`${folder}/file`, 'one');
symlinkSync('dir', `${folder}/link`);
symlinkSync('missing', `${folder}/dangling`);
symlinkSync('loop', `${folder}/loop`);

test('a container stands before the first colon, unless the argument is plainly a path', () => {
  const ends = ['web:/etc', 'web:', '/a:b', './a:b', '../a:b', 'plain', '-', 'a:b:c'].map(sideOf);
  assert.deepEqual(
    ends.map(({ container, path }) => `${container ?? ''}|${path}`),
    ['web|/etc', 'web|', '|/a:b', '|./a:b', '|../a:b', '|plain', '|-', 'a|b:c'],
  );
});

test('what a path ends in is kept: dir, dir/ and dir/. mean three things', () => {
  const paths = ['a', 'a/', 'a/.', '.', '/', '../x/./', 'a/..'].map((path) => absolutePath(path, '/w'));
  assert.deepEqual(paths, ['/w/a', '/w/a/', '/w/a/.', '/w/.', '/', '/x/.', '/w']);
  const parts = ['/a/b', '/a/b/', '/a/b/.', '/', '/a', '.'].map(splitEntry);
  assert.deepEqual(
    parts.map(({ directory, base }) => `${directory} ${base}`),
    ['/a b', '/a b', '/a/b .', '/ /', '/ a', '. .'],
  );
  assert.equal(linkTargetOf('/a/b', '../c'), '/c');
});

test('where an archive goes, and what its first name becomes, follows from both ends', () => {
  const file = { path: '/s/f', isDirectory: false, name: undefined };
  const directory = { path: '/s/d', isDirectory: true, name: undefined };
  const there = { path: '/t/x', exists: true, isDirectory: true };
  const notThere = { path: '/t/x', exists: false, isDirectory: false };
  assert.deepEqual(placing(file, there), { directory: '/t/x', name: undefined });
  assert.deepEqual(placing({ ...file, name: 'asked' }, there), { directory: '/t/x', name: 'asked' });
  assert.deepEqual(placing(file, { ...there, isDirectory: false }), { directory: '/t', name: 'x' });
  assert.deepEqual(placing(file, notThere), { directory: '/t', name: 'x' });
  assert.deepEqual(placing(directory, notThere), { directory: '/t', name: 'x' });
  assert.throws(
    () => placing(directory, { ...there, isDirectory: false }),
    /^LabError: cannot copy directory: "\/t\/x"/,
  );
  assert.throws(() => placing(file, { ...notThere, path: '/t/x/' }), /^LabError: no such directory: "\/t\/x\/"/);
});

test('a symlink is itself, what it leads to with -L or with a slash behind; its name stays', () => {
  assert.deepEqual(sourceOf(`${folder}/link`, false), { path: `${folder}/link`, name: undefined, isDirectory: false });
  assert.deepEqual(sourceOf(`${folder}/link`, true), { path: `${folder}/dir`, name: 'link', isDirectory: true });
  assert.deepEqual(sourceOf(`${folder}/link/`, false), { path: `${folder}/dir/`, name: 'link', isDirectory: true });
  assert.throws(() => sourceOf(`${folder}/dangling`, true), /no such file or directory/);
  assert.throws(() => sourceOf(`${folder}/file/`, false), /not a directory/);
});

test('a destination may be a link to what is not there yet; its directory must be', () => {
  assert.deepEqual(destinationOf(`${folder}/dangling`), {
    path: `${folder}/missing`,
    isDirectory: false,
    exists: false,
  });
  assert.deepEqual(destinationOf(`${folder}/link`), { path: `${folder}/dir`, isDirectory: true, exists: true });
  assert.throws(() => destinationOf(`${folder}/a/b`), /invalid output path: directory ".*\/a" does not exist/);
  assert.throws(() => destinationOf(`${folder}/loop`), /too many symlinks/);
  assert.throws(() => destinationOf('/dev/null'), /must be a directory or a regular file/);
});

test('what cannot be packed, an archive that is none and one that breaks off are told in words', async () => {
  await assert.rejects(
    packed(['--directory', '/', '--path', `${folder}/none`], 'reading none').toArray(),
    /^LabError: reading none: /,
  );
  const into = ['--directory', `${folder}/dir`, '--whiteouts', 'literal', '--no-owner'];
  const { Readable } = await import('node:stream');
  await assert.rejects(unpacked(Readable.from([Buffer.alloc(2000, 'x')]), into, 'copying'), /^LabError: copying: /);
  async function* breaking() {
    yield Buffer.alloc(512);
    throw new Error('the line is cut');
  }
  await assert.rejects(unpacked(Readable.from(breaking()), into, 'copying'), /breaks off: the line is cut/);
});
