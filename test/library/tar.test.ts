import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { readTar, type TarEntry, writeTar } from '../../src/library/tar.ts';
import { must } from '../helpers/shell.ts';

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 33,
  mtime: 1_700_000_000,
  link: '',
  data: Buffer.from(path),
  ...more,
});
const nothing = Buffer.alloc(0);

async function withFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/tlab-tar-`);
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('what is written is read again, names longer than a header included', () => {
  const entries = [
    entry('d', { type: 'directory', mode: 0o1777, data: nothing }),
    entry(`${'x'.repeat(150)}/${'y'.repeat(150)}`),
    entry('zäh'),
    entry('s', { type: 'symlink', mode: 0o777, link: 't'.repeat(180), data: nothing }),
    entry('h', { type: 'hardlink', link: 'zäh', data: nothing }),
  ];
  assert.deepEqual(
    [...readTar(writeTar(entries))].map((one) => ({ ...one, data: Buffer.from(one.data) })),
    entries,
  );
});

test('GNU tar lists what we write', () =>
  withFolder(async (directory) => {
    const long = 'n'.repeat(130);
    writeFileSync(`${directory}/a.tar`, writeTar([entry('a', { uid: 5, mode: 0o4755 }), entry(long)]));
    const listed = await must('tar', ['--numeric-owner', '--utc', '--full-time', '-tvf', `${directory}/a.tar`]);
    assert.match(listed, /^-rwsr-xr-x 5\/33 +1 2023-11-14 22:13:20 a$/m);
    assert.ok(listed.includes(long));
  }));

for (const format of ['gnu', 'pax', 'ustar']) {
  test(`the ${format} format of GNU tar is read`, () =>
    withFolder(async (directory) => {
      const name = format === 'ustar' ? 'plain' : `${'long'.repeat(40)}`;
      writeFileSync(`${directory}/${name}`, 'bytes');
      await must('tar', ['-C', directory, `--format=${format}`, '-cf', `${directory}/a.tar`, `./${name}`]);
      const [one] = readTar(readFileSync(`${directory}/a.tar`));
      assert.equal(one?.path, name);
      assert.equal(Buffer.from(one?.data ?? nothing).toString(), 'bytes');
    }));
}

test('an archive that is cut short or has a wrong checksum is refused', () => {
  const archive = writeTar([entry('a', { data: Buffer.alloc(2000) })]);
  assert.throws(() => [...readTar(archive.subarray(0, 1024))], /ends in the middle/);
  archive[5] = 1;
  assert.throws(() => [...readTar(archive)], /checksum is wrong/);
});
