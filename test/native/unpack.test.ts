// tlab-unpack on layers made here, honest and hostile. Entries belong to whoever runs the test, so most need no root.
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
import { diskUsage, type MeasuredUsage } from '../../src/containerd/snapshot/usage.ts';
import { type TarEntry, writeTar } from '../../src/library/tar.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = `${binaries}/tlab-unpack`;
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid,
  gid,
  mtime: 1_000_000_000,
  link: '',
  data: Buffer.from(more.type === undefined || more.type === 'file' ? path : ''),
  ...more,
});
const symlink = (path: string, link: string) => entry(path, { type: 'symlink', mode: 0o777, link });
const hardlink = (path: string, link: string) => entry(path, { type: 'hardlink', link });
const directory = (path: string, mode = 0o755) => entry(path, { type: 'directory', mode });

interface Unpacked {
  status: number | null;
  stderr: string;
  report:
    | { entries: number; bytesIn: number; bytesOut: number; diffId: string; digest: string; usage?: MeasuredUsage }
    | undefined;
  /** The directory that was unpacked into; `outside` lies beside it. */
  inside: string;
  outside: string;
}

/** Unpacks into a new directory, hands the result to `body` and removes everything. */
async function unpack(layer: Buffer, body: (result: Unpacked) => unknown, args: string[] = []): Promise<void> {
  const base = mkdtempSync(`${tmpdir()}/tlab-unpack-`);
  const [inside, outside] = [`${base}/inside`, `${base}/outside`];
  mkdirSync(inside);
  mkdirSync(outside);
  writeFileSync(`${outside}/secret`, 'secret');
  try {
    await body({ ...(await run(layer, ['--directory', inside, ...args])), inside, outside });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function run(layer: Buffer, args: string[]): Promise<Pick<Unpacked, 'status' | 'stderr' | 'report'>> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(chunk));
  child.stderr.on('data', (chunk) => err.push(chunk));
  child.stdin.on('error', () => undefined); // it stops reading when it refuses
  child.stdin.end(layer);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const text = Buffer.concat(out).toString();
  return { status, stderr: Buffer.concat(err).toString(), report: text === '' ? undefined : JSON.parse(text) };
}

const tar = (...entries: TarEntry[]) => writeTar(entries);

function refused({ status, stderr, report }: Unpacked, message: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.trimEnd().split('\n').length, 1);
  assert.equal(report, undefined);
}

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
    await run(tar(entry('way/evil')), ['--directory', `${base}/inside`]);
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
      const { status, stderr } = await run(tar(entry(path)), [...all, at]);
      assert.deepEqual([status, stderr], [1, `tlab-unpack: entry "${path}": ${refusal}\n`]);
    }
    assert.equal((await run(tar(entry('o/new'), entry('t/new')), [...all, '/'])).stderr, '');
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
    const { status, stderr } = await run(tar(entry('big', { data: Buffer.alloc(1_000_000) })), ['--directory', base]);
    assert.equal(status, 3);
    assert.match(stderr, /entry "big": pwrite\(2\): ENOSPC/);
  } finally {
    await must('umount', [base]);
    rmSync(base, { recursive: true });
  }
});

test('while it unpacks it can do little else', root(), async () => {
  const base = mkdtempSync(`${tmpdir()}/tlab-confined-`);
  const child = spawn(program, ['--directory', base], { stdio: ['pipe', 'ignore', 'ignore'] });
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
    const { status, stderr } = await run(Buffer.alloc(0), args);
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

/** Layers one upon the other in one directory, as the native snapshotter has them. */
async function removing(layers: Buffer[], body: (inside: string) => void): Promise<void> {
  const inside = mkdtempSync(`${tmpdir()}/tlab-remove-`);
  try {
    for (const layer of layers) {
      const { status, stderr } = await run(layer, ['--directory', inside, '--whiteouts', 'remove']);
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
    for (const layer of layers) await run(layer, ['--directory', inside, '--whiteouts', 'remove']);
    rmSync(inside, { recursive: true });
    assert.deepEqual(readdirSync(outside), ['secret']);
  } finally {
    rmSync(outside, { recursive: true });
  }
});
