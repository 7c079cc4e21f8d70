// tlab-unpack on honest layers: what is in them comes through. Most tests need no root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
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
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { diskUsage } from '../../src/containerd/snapshot/usage.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';
import {
  directory,
  entry,
  hardlink,
  refused,
  runUnpack,
  symlink,
  tar,
  unpack,
  unpackProgram,
} from '../helpers/unpack.ts';
import { waitUntil } from '../helpers/wait.ts';

for (const [form, compress] of [
  ['tar', (bytes: Buffer) => bytes],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`a ${form} layer is unpacked, and both its digests are told`, async () => {
    const plain = tar(directory('a'), entry('a/b'), symlink('l', 'a/b'), hardlink('h', 'a/b'));
    const layer = Buffer.from(compress(plain));
    await unpack(layer, ({ status, report, stderr, inside }) => {
      assert.equal(status, 0, stderr);
      assert.deepEqual(report, {
        entries: 4,
        bytesIn: layer.length,
        bytesOut: plain.length,
        diffId: digestOf(plain),
        digest: digestOf(layer),
        skippedXattrs: 0,
      });
      assert.equal(readFileSync(`${inside}/h`, 'utf8'), 'a/b');
      assert.equal(readlinkSync(`${inside}/l`), 'a/b');
      assert.equal(statSync(`${inside}/a/b`).nlink, 2);
      assert.equal(statSync(`${inside}/a`).mtimeMs, 1e12);
    });
  });
}

test('modes come through with setuid and sticky bits', async () => {
  await unpack(tar(directory('t', 0o1777), entry('s', { mode: 0o4755 })), ({ inside }) => {
    assert.equal(statSync(`${inside}/t`).mode & 0o7777, 0o1777);
    assert.equal(statSync(`${inside}/s`).mode & 0o7777, 0o4755);
  });
});

test('names beyond ASCII and longer than a tar header come through', async () => {
  const long = `${'d'.repeat(120)}/${'f'.repeat(200)}`;
  await unpack(tar(entry('zäh/ürn'), entry(long)), ({ inside, stderr }) => {
    assert.equal(stderr, '');
    assert.equal(readFileSync(`${inside}/zäh/ürn`, 'utf8'), 'zäh/ürn');
    assert.equal(readFileSync(`${inside}/${long}`, 'utf8'), long);
  });
});

test('the last entry of a name wins, whatever the earlier one was', async () => {
  const layer = tar(directory('x'), entry('x/in'), entry('x'), symlink('y', 'x'), directory('y'), entry('y/in'));
  await unpack(layer, ({ inside, stderr }) => {
    assert.equal(stderr, '');
    assert.equal(readFileSync(`${inside}/x`, 'utf8'), 'x');
    assert.equal(readFileSync(`${inside}/y/in`, 'utf8'), 'y/in');
  });
});

test('whiteouts become those of overlayfs', root(), async () => {
  const layer = tar(
    entry('d/.wh.gone', { data: Buffer.alloc(0) }),
    entry('o/.wh..wh..opq', { data: Buffer.alloc(0) }),
    entry('o/new'),
  );
  await unpack(
    layer,
    async ({ inside, stderr }) => {
      assert.equal(stderr, '');
      assert.equal(await must('stat', ['-c', '%F %t %T', `${inside}/d/gone`]), 'character special file 0 0');
      const opaque = await must('python3', [
        '-c',
        `import os; print(os.getxattr('${inside}/o','trusted.overlay.opaque'))`,
      ]);
      assert.equal(opaque, "b'y'");
      assert.deepEqual(readdirSync(`${inside}/o`), ['new']);
    },
    ['--whiteouts', 'overlay'],
  );
});

test('a directory that is removed and made again hides what is below it', root(), async () => {
  const gone = entry('.wh.d', { data: Buffer.alloc(0) });
  for (const layer of [tar(gone, directory('d'), entry('d/new')), tar(directory('d'), entry('d/new'), gone)]) {
    await unpack(
      layer,
      async ({ inside }) => {
        const opaque = await must('python3', [
          '-c',
          `import os; print(os.getxattr('${inside}/d','trusted.overlay.opaque'))`,
        ]);
        assert.equal(opaque, "b'y'");
        assert.deepEqual(readdirSync(`${inside}/d`), ['new']);
      },
      ['--whiteouts', 'overlay'],
    );
  }
});

test('a whiteout of no name, or of the directory itself, is refused', async () => {
  for (const name of ['.wh.', '.wh...', '.wh..']) {
    await unpack(tar(entry(`d/${name}`)), (result) => refused(result, /a whiteout of no name/), [
      '--whiteouts',
      'overlay',
    ]);
  }
});

test('without --whiteouts a whiteout is refused rather than left as a file', async () => {
  await unpack(tar(entry('.wh.x')), (result) => refused(result, /needs --whiteouts overlay/));
});

test('xattrs come through byte for byte, but none that would steer the overlay', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-xattr-`);
  const python = (code: string) => must('python3', ['-c', `import os\n${code}`]);
  try {
    writeFileSync(`${base}/f`, '');
    await python(`os.setxattr('${base}/f', 'user.x', b'a\\0\\xff'); os.setxattr('${base}/f', 'trusted.overlay.opaque', b'y')
os.setxattr('${base}/f', 'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))`);
    await must('tar', ['-C', base, '--xattrs', '--xattrs-include=*', '--format=pax', '-cf', `${base}/l.tar`, 'f']);
    await unpack(readFileSync(`${base}/l.tar`), async ({ inside, report, stderr }) => {
      assert.equal(stderr, '');
      const names = await python(`print(sorted(os.listxattr('${inside}/f')), os.getxattr('${inside}/f', 'user.x'))`);
      assert.equal(names, "['security.capability', 'user.x'] b'a\\x00\\xff'");
      assert.deepEqual((report as unknown as { skippedXattrs: number }).skippedXattrs, 1);
    });
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('sparse files stay sparse', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-sparse-`);
  try {
    await must('truncate', ['-s', '20M', `${base}/f`]);
    for (const format of ['gnu', 'pax']) {
      await must('tar', ['-C', base, '--sparse', `--format=${format}`, '-cf', `${base}/l.tar`, 'f']);
      await unpack(readFileSync(`${base}/l.tar`), ({ inside }) => {
        assert.equal(statSync(`${inside}/f`).size, 20 * 1024 * 1024);
        assert.ok(statSync(`${inside}/f`).blocks < 100);
      });
    }
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('devices and fifos are made with their numbers', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-device-`);
  try {
    await must('mknod', [`${base}/null`, 'c', '1', '3']);
    await must('mkfifo', [`${base}/fifo`]);
    await must('tar', ['-C', base, '-cf', `${base}/l.tar`, 'null', 'fifo']);
    await unpack(readFileSync(`${base}/l.tar`), async ({ inside }) => {
      assert.equal(await must('stat', ['-c', '%F %t %T', `${inside}/null`]), 'character special file 1 3');
      assert.ok(statSync(`${inside}/fifo`).isFIFO());
    });
  } finally {
    rmSync(base, { recursive: true });
  }
});

test(
  'a parent that the layer does not bring has the owner and mode that it has in the layer below',
  root(),
  async () => {
    const base = mkdtempSync(`${tmpdir()}/tlab-lower-`);
    try {
      mkdirSync(`${base}/top`);
      mkdirSync(`${base}/bottom/srv/data`, { recursive: true });
      await must('chown', ['33:44', `${base}/bottom/srv/data`]);
      await must('chmod', ['1770', `${base}/bottom/srv/data`]);
      const lowers = ['--lower', `${base}/top`, '--lower', `${base}/bottom`];
      await unpack(
        tar(entry('srv/data/new/file')),
        async ({ inside, stderr }) => {
          assert.equal(stderr, '');
          assert.equal(await must('stat', ['-c', '%a %u %g', `${inside}/srv/data`]), '1770 33 44');
          assert.equal(await must('stat', ['-c', '%a %u %g', `${inside}/srv/data/new`]), '755 0 0');
        },
        lowers,
      );
    } finally {
      rmSync(base, { recursive: true });
    }
  },
);

test('a parent that is a symlink in a layer below is that one, as in the merged tree', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-links-`);
  try {
    for (const name of ['top/was', 'middle/gone', 'bottom/usr/lib', 'bottom/gone/deep', 'bottom/hidden'])
      mkdirSync(`${base}/${name}`, { recursive: true });
    await must('chown', ['33:44', `${base}/bottom/usr/lib`]);
    symlinkSync('usr/lib', `${base}/bottom/lib`);
    symlinkSync('/../../lib', `${base}/middle/twice`);
    symlinkSync('usr', `${base}/bottom/was`);
    symlinkSync('/not/yet', `${base}/bottom/dangling`);
    symlinkSync('loop', `${base}/bottom/loop`);
    symlinkSync('/usr', `${base}/bottom/hidden/x`);
    symlinkSync('/usr', `${base}/bottom/gone/deep/x`);
    await must('mknod', [`${base}/top/hidden`, 'c', '0', '0']);
    await must('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', `${base}/middle/gone`]);
    const lowers = ['top', 'middle', 'bottom'].flatMap((name) => ['--lower', `${base}/${name}`]);
    const layer = tar(
      entry('lib/new'),
      entry('lib/made', { type: 'directory', mode: 0o700, mtime: 1_000_000_001 }),
      entry('twice/made/new'),
      entry('was/new'),
      entry('dangling/new'),
      entry('gone/deep/x/new'),
      entry('hidden/x/new'),
      symlink('own', '/twice'),
      entry('own/through-own'),
      entry('lib/.wh.old'),
    );
    await unpack(
      layer,
      async ({ inside, stderr }) => {
        assert.equal(stderr, '');
        assert.deepEqual(readdirSync(inside).sort(), ['gone', 'hidden', 'not', 'own', 'usr', 'was']);
        assert.deepEqual(readdirSync(`${inside}/usr/lib`).sort(), ['made', 'new', 'old', 'through-own']);
        assert.equal(await must('stat', ['-c', '%u %g', `${inside}/usr/lib`]), '33 44');
        assert.deepEqual(readdirSync(`${inside}/usr/lib/made`), ['new']);
        assert.equal(statSync(`${inside}/usr/lib/made`).mtimeMs / 1000, 1_000_000_001);
        assert.deepEqual([existsSync(`${inside}/was/new`), existsSync(`${inside}/not/yet/new`)], [true, true]);
        assert.equal(existsSync(`${inside}/gone/deep/x/new`), true, 'an opaque directory hides the symlink below');
        assert.equal(existsSync(`${inside}/hidden/x/new`), true, 'and so does a whiteout');
      },
      ['--whiteouts', 'overlay', ...lowers],
    );
    for (const [path, why] of [['loop/new', 'too many symlinks']] as const)
      await unpack(
        tar(entry(path)),
        ({ status, stderr }) => assert.match(`${status} ${stderr}`, new RegExp(`^1 .*${why}`)),
        [...lowers],
      );
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('what is mounted read-only is not written, whatever leads there', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-view-`);
  try {
    for (const name of ['tree/t', 'volume', 'other']) mkdirSync(`${base}/${name}`, { recursive: true });
    writeFileSync(`${base}/file`, 'kept');
    symlinkSync('/v', `${base}/tree/t/link`);
    const view = ['--directory', `${base}/tree`, '--bind-read-only', `${base}/volume`, '/v'];
    const all = [...view, '--bind', `${base}/other`, '/o', '--bind-read-only', `${base}/file`, '/f', '--at'];
    for (const [at, path, refusal] of [
      ['/t', 'link/new', 'openat(2): EROFS Read-only file system'],
      ['/', 'v/new', 'openat(2): EROFS Read-only file system'],
      ['/', 'f', 'unlinkat(2): EBUSY Device or resource busy'],
    ] as const) {
      const { status, stderr } = await runUnpack(tar(entry(path)), [...all, at]);
      assert.deepEqual([status, stderr], [1, `tlab-unpack: entry "${path}": ${refusal}\n`]);
    }
    assert.equal((await runUnpack(tar(entry('o/new'), entry('t/new')), [...all, '/'])).stderr, '');
    assert.deepEqual(readdirSync(`${base}/volume`), []);
    assert.deepEqual([readdirSync(`${base}/other`), readFileSync(`${base}/file`, 'utf8')], [['new'], 'kept']);
    assert.equal(existsSync(`${base}/tree/t/new`), true);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('a full disk is told by status 3', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-full-`);
  await must('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', base]);
  try {
    const { status, stderr } = await runUnpack(tar(entry('big', { data: Buffer.alloc(1_000_000) })), [
      '--directory',
      base,
    ]);
    assert.equal(status, 3);
    assert.match(stderr, /entry "big": pwrite\(2\): ENOSPC/);
  } finally {
    await must('umount', [base]);
    rmSync(base, { recursive: true });
  }
});

test('while it unpacks it can do little else', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-confined-`);
  const child = spawn(unpackProgram, ['--directory', base], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    child.stdin.write(tar(entry('first')).subarray(0, 1024));
    await waitUntil(() => readlinkSync(`/proc/${child.pid}/root`) === base, { what: 'the chroot' });
    const status = () => readFileSync(`/proc/${child.pid}/status`, 'utf8');
    await waitUntil(() => /NoNewPrivs:\t1/.test(status()) && /CapEff:\t000000008820001b/.test(status()), {
      what: 'few capabilities',
    });
  } finally {
    child.stdin.end();
    await ended;
    rmSync(base, { recursive: true });
  }
});

test('a wrong command line is refused with the usage', async () => {
  for (const args of [[], ['--directory'], ['--directory', '/tmp', '--max-bytes', 'x'], ['--nonsense', 'x']]) {
    const { status, stderr } = await runUnpack(Buffer.alloc(0), args);
    assert.equal(status, 1);
    assert.match(stderr, /usage|expected --directory DIR|expected a positive number/);
  }
});

test('what the directory takes is told as the snapshotters count it, hard links once', async () => {
  const layer = tar(
    directory('a'),
    entry('a/file', { data: Buffer.alloc(100_000, 1) }),
    hardlink('a/other', 'a/file'),
    symlink('b', 'a'),
  );
  await unpack(
    layer,
    async ({ report, inside }) => {
      assert.deepEqual(report?.usage, await diskUsage(inside));
      assert.equal(report?.usage?.inodes, 4);
    },
    ['--usage'],
  );
});
