// tlab-unpack on layers that lead out, lie or burst: refused with one line, or harmless inside of the directory.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { must } from '../helpers/shell.ts';
import { directory, entry, hardlink, refused, runUnpack, symlink, tar, unpack } from '../helpers/unpack.ts';

test('a path that climbs out is refused by name', async () => {
  for (const path of ['../outside/evil', 'a/../../outside/evil', '/../outside/evil']) {
    await unpack(tar(entry(path)), (result) => {
      refused(result, /entry ".*evil": it leads out of the directory/);
      assert.deepEqual(readdirSync(result.outside), ['secret']);
    });
  }
});

test('an absolute path lands inside', async () => {
  await unpack(tar(entry('/etc/passwd')), ({ inside }) => {
    assert.equal(readFileSync(`${inside}/etc/passwd`, 'utf8'), '/etc/passwd');
  });
});

test('a symlink in the way is followed only beneath the directory', async () => {
  for (const target of ['../outside', '/../outside', '../../../../../../../../../../tmp']) {
    await unpack(tar(symlink('way', target), entry('way/evil')), ({ inside, outside, status }) => {
      assert.deepEqual(readdirSync(outside), ['secret']);
      assert.equal(existsSync('/tmp/evil'), false);
      // Either refused because the target does not exist inside, or written inside.
      assert.ok(status === 1 || existsSync(`${inside}/${target.replace(/.*\//, '')}/evil`));
    });
  }
});

test('a symlink to an absolute place on the host leads to the same place inside', async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-absolute-`);
  try {
    await unpack(tar(directory(base), symlink('way', base), entry('way/evil')), ({ inside, stderr }) => {
      assert.equal(stderr, '');
      assert.deepEqual(readdirSync(base), []);
      assert.equal(readFileSync(`${inside}${base}/evil`, 'utf8'), 'way/evil');
    });
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('a file that replaces a symlink does not write through it', async () => {
  await unpack(tar(symlink('f', '../outside/secret'), entry('f')), ({ inside, outside, stderr }) => {
    assert.equal(stderr, '');
    assert.equal(readFileSync(`${outside}/secret`, 'utf8'), 'secret');
    assert.equal(readFileSync(`${inside}/f`, 'utf8'), 'f');
  });
});

test('a directory entry over a symlink does not change what the symlink leads to', async () => {
  await unpack(tar(symlink('d', '../outside'), directory('d', 0o700), entry('d/in')), ({ inside, outside }) => {
    assert.deepEqual(readdirSync(outside), ['secret']);
    assert.equal(statSync(outside).mode & 0o777, 0o777 & ~process.umask());
    assert.deepEqual(readdirSync(`${inside}/d`), ['in']);
  });
});

test('a symlink that replaces the directory of the entry before it is not written through', async () => {
  const layer = tar(directory('d'), entry('d/one'), symlink('d', '../outside'), entry('d/evil'));
  await unpack(layer, ({ outside }) => assert.deepEqual(readdirSync(outside), ['secret']));
});

test('what stood in the directory before is not a way out either', async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-before-`);
  try {
    mkdirSync(`${base}/inside`);
    mkdirSync(`${base}/outside`);
    symlinkSync('../outside', `${base}/inside/way`);
    await runUnpack(tar(entry('way/evil')), ['--directory', `${base}/inside`]);
    assert.deepEqual(readdirSync(`${base}/outside`), []);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('a hard link to a file outside is refused', async () => {
  for (const link of ['../outside/secret', '/etc/hostname', 'way/secret']) {
    await unpack(tar(symlink('way', '../outside'), hardlink('h', link)), (result) => {
      refused(result, /entry "h": (it leads out|linkat\(2\): ENOENT|openat2\(2\) of its parent directory: ENOENT)/);
    });
  }
});

test('a hard link to a symlink links the symlink, not what it leads to', async () => {
  await unpack(tar(symlink('way', '../outside/secret'), hardlink('h', 'way')), ({ inside, outside }) => {
    assert.equal(readlinkSync(`${inside}/h`), '../outside/secret');
    assert.equal(statSync(`${outside}/secret`).nlink, 1);
  });
});

test('a hard link to itself, and one to a directory, do no harm', async () => {
  await unpack(tar(entry('f'), hardlink('f', 'f')), ({ inside, status }) => {
    assert.equal(status, 0);
    assert.equal(readFileSync(`${inside}/f`, 'utf8'), 'f');
  });
  await unpack(tar(directory('d'), hardlink('h', 'd')), (result) => refused(result, /entry "h": linkat\(2\): EPERM/));
});

test('a symlink without a target is refused', async () => {
  await unpack(tar(symlink('s', '')), (result) => refused(result, /entry "s": it is a symlink to nothing/));
});

test('the directory itself cannot be replaced', async () => {
  for (const path of ['.', './', 'a/..']) {
    await unpack(tar(symlink(path, '../outside')), (result) =>
      refused(result, /it would replace the directory itself/),
    );
  }
});

test('a layer that is cut short is refused', async () => {
  const layer = tar(entry('big', { data: Buffer.alloc(100_000, 'x') }));
  await unpack(layer.subarray(0, 50_000), (result) => refused(result, /entry "big": reading its data: .*[Tt]runcated/));
  await unpack(gzipSync(layer).subarray(0, 100), (result) => refused(result, /truncated/));
  await unpack(zstdCompressSync(layer).subarray(0, 30), (result) => refused(result, /[Tt]runcated/));
});

test('bytes after the end are refused, zeros are not', async () => {
  const layer = tar(entry('a'));
  await unpack(Buffer.concat([layer, Buffer.from('garbage')]), (result) =>
    refused(result, /garbage after the end of the archive/),
  );
  await unpack(Buffer.concat([gzipSync(layer), Buffer.from('garbage')]), (result) =>
    refused(result, /garbage after the end of the compressed/),
  );
  await unpack(Buffer.concat([layer, Buffer.alloc(20 * 512)]), ({ status }) => assert.equal(status, 0));
});

test('what is no archive is refused', async () => {
  await unpack(Buffer.from('no layer at all'.repeat(100)), (result) => refused(result, /no tar archive/));
  await unpack(Buffer.alloc(0), (result) => refused(result, /the layer is empty/));
});

test('a header whose checksum is wrong is refused', async () => {
  const layer = tar(entry('a'), entry('b'));
  layer[1024 + 110] = (layer[1024 + 110] ?? 0) ^ 1; // another digit of the owner, whoever that is
  await unpack(layer, (result) => refused(result, /reading entry 2/));
});

test('a decompression bomb is stopped by its ratio, and a large layer by its size', async () => {
  const bomb = zstdCompressSync(tar(entry('zeros', { data: Buffer.alloc(300 * 1024 * 1024) })));
  await unpack(bomb, (result) => refused(result, /decompression bomb/));
  await unpack(
    tar(entry('big', { data: Buffer.alloc(2_000_000) })),
    (result) => refused(result, /larger than 1000000 bytes/),
    ['--max-bytes', '1000000'],
  );
  await unpack(tar(entry('a'), entry('b')), (result) => refused(result, /more than 1 entries/), ['--max-entries', '1']);
});

test('a control character in a name does not reach the terminal', async () => {
  await unpack(tar(entry('../\x1b[31mred\n')), (result) => {
    refused(result, /\\x1b\[31mred\\x0a/);
  });
});

test('an owner that chown takes for "leave it" is refused', async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-owner-`);
  const code = `import tarfile
archive = tarfile.open('${base}/l.tar', 'w'); one = tarfile.TarInfo('f'); one.uid = 4294967295; archive.addfile(one); archive.close()`;
  try {
    await must('python3', ['-c', code]);
    await unpack(readFileSync(`${base}/l.tar`), (result) => refused(result, /its owner is 4294967295/));
  } finally {
    rmSync(base, { recursive: true });
  }
});
