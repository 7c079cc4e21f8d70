// What strangers may put into a build: contexts that lead outside, bombs, links that are exchanged while they are copied, FIFOs that nobody writes to.
// Nothing outside of the trees is read or written, nothing waits, nothing is left. Needs root: files have owners, one test makes devices.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type TarEntry, tarEnd, tarHead, writeTar } from '../../src/library/tar.ts';
import { binaries } from '../helpers/binaries.ts';
import { hostile } from '../helpers/hostile.ts';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';

const base = mkdtempSync('/var/tmp/tlab-build-trees-');
process.env.TLAB_RUN_ROOT = `${base}/run`;
process.env.TLAB_DATA_ROOT = `${base}/data`;
const { receiveContext, clearContexts } = await import('../../src/daemon/build/context/receive.ts');
const { resolveSources } = await import('../../src/daemon/build/copy/resolve.ts');
const { copySources } = await import('../../src/daemon/build/copy/copy.ts');
const { copyOf } = await import('../../src/daemon/build/copy/request.ts');
const { parseDockerfile } = await import('../../src/dockerfile/parse.ts');
const native = { binaryFolder: binaries };
const contexts = `${base}/data/build/contexts`;

after(() => rmSync(base, { recursive: true, force: true }));

const entry = (path: string, type: TarEntry['type'], more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  link: '',
  data: Buffer.from(type === 'file' ? 'content' : ''),
  ...more,
});

const receive = (bytes: Buffer, limits = {}) => receiveContext(Readable.from([bytes]), { ...native, limits });
const nothingLeft = (): void => assert.deepEqual(existsSync(contexts) ? readdirSync(contexts) : [], []);

const outside = `${base}/outside`;
mkdirSync(outside);
writeFileSync(`${outside}/secret`, 'outside');

const leading: Array<[string, TarEntry[], RegExp]> = [
  ['..', [entry('../escape', 'file')], /leads out of the directory/],
  ['.. in the middle', [entry('a/../../escape', 'file')], /leads out of the directory/],
  ['a hard link to ..', [entry('h', 'hardlink', { link: '../outside/secret' })], /leads out of the directory/],
  ['a hard link to an absolute path', [entry('h', 'hardlink', { link: `${outside}/secret` })], /ENOENT/],
  [
    'a hard link through a symlink',
    [entry('s', 'symlink', { link: outside }), entry('h', 'hardlink', { link: 's/secret' })],
    /ENOENT/,
  ],
];
for (const [what, entries, message] of leading)
  test(`a context that leads outside by ${what} is refused`, root(), async () => {
    await assert.rejects(receive(writeTar(entries)), message);
    nothingLeft();
    assert.deepEqual(readdirSync(outside), ['secret']);
  });

test('a file behind a symlink that leads outside lands inside, or nowhere', root(), async () => {
  const link = [entry('s', 'symlink', { link: outside }), entry('s/written', 'file'), entry('/absolute', 'file')];
  await assert.rejects(receive(writeTar(link)), /entry "s\/written": openat2\(2\) of its parent directory: ENOENT/);
  const context = await receive(writeTar([entry(outside, 'directory', { mode: 0o755 }), ...link]));
  assert.deepEqual(readdirSync(outside), ['secret']);
  assert.equal(readFileSync(`${context.root}${outside}/written`, 'utf8'), 'content');
  assert.equal(readFileSync(`${context.root}/absolute`, 'utf8'), 'content');
  await context.remove();
});

test('devices of a context are left out; a FIFO is copied and never waited for', root(), async () => {
  const context = await receive(
    writeTar([entry('null', 'character'), entry('disk', 'block'), entry('pipe', 'fifo'), entry('file', 'file')]),
  );
  assert.deepEqual(readdirSync(context.root), ['file', 'pipe']);
  const rootfs = mkdtempSync(`${base}/rootfs-`);
  await copy(context.root, rootfs, 'COPY . /all');
  await assert.rejects(context.readTexts(['pipe']), /no regular file/);
  await copy(context.root, rootfs, 'ADD pipe /pipe');
  assert.ok(lstatSync(`${rootfs}/pipe`).isFIFO() && lstatSync(`${rootfs}/all/pipe`).isFIFO());
  await context.remove();
});

test('garbage, half an archive and a broken connection leave nothing', root(), async () => {
  const tar = writeTar([entry('file', 'file', { data: Buffer.alloc(100_000, 1) })]);
  await assert.rejects(receive(Buffer.alloc(4096, 0x55)), /build context/);
  await assert.rejects(receive(tar.subarray(0, 50_000)), /build context/);
  await assert.rejects(receive(gzipSync(tar).subarray(0, 100)), /build context/);
  await assert.rejects(receive(Buffer.alloc(0)), /empty/);
  const broken = Readable.from(
    (async function* () {
      yield tar.subarray(0, 50_000);
      await turn();
      throw new Error('the client is gone');
    })(),
  );
  await assert.rejects(receiveContext(broken, native), /breaks off: the client is gone/);
  const stop = new AbortController();
  const endless = Readable.from(
    (async function* () {
      yield tar.subarray(0, 50_000);
      stop.abort();
      await new Promise(() => undefined);
    })(),
  );
  await assert.rejects(receiveContext(endless, { ...native, signal: stop.signal }), { kind: 'cancelled' });
  nothingLeft();
});

test('the bounds of a context hold', root(), async () => {
  const tar = writeTar(Array.from({ length: 50 }, (_, index) => entry(`f${index}`, 'file')));
  await assert.rejects(receive(tar, { mostEntries: 49 }), { kind: 'resourceExhausted' });
  await assert.rejects(receive(tar, { mostBytes: 10_000 }), { kind: 'resourceExhausted' });
  const context = await receive(tar, { mostEntries: 50 });
  await context.remove();
  nothingLeft();
});

test('ten gigabytes of zeros in ten megabytes are a bomb', root(), async () => {
  const member = gzipSync(Buffer.alloc(64 * 1024 ** 2), { level: 9 });
  const members = 160;
  const head = Buffer.concat(tarHead(entry('zeros', 'file'), members * 64 * 1024 ** 2));
  const bomb = Buffer.concat([gzipSync(head), ...Array.from({ length: members }, () => member), gzipSync(tarEnd)]);
  assert.ok(bomb.length < 11 * 1024 ** 2);
  await assert.rejects(receive(bomb), /decompression bomb/);
  nothingLeft();
});

test('contexts that a killed daemon left are cleared', root(), async () => {
  await receive(writeTar([entry('file', 'file')]));
  assert.equal(readdirSync(contexts).length, 1);
  await clearContexts();
  nothingLeft();
});

async function copy(from: string, rootfs: string, line: string, isContext = true): Promise<void> {
  const [instruction] = parseDockerfile(`FROM x\n${line}\n`).stages[0]?.instructions ?? [];
  if (instruction === undefined) throw new Error(line);
  const resolved = await resolveSources(from, copyOf(instruction, { lookup: () => undefined }), {
    ...native,
    isContext,
  });
  try {
    await copySources(resolved, { ...native, rootfs, workdir: '' });
  } finally {
    await resolved.release();
  }
}

function trees(): { from: string; rootfs: string } {
  const folder = mkdtempSync(`${base}/trees-`);
  const [from, rootfs] = [`${folder}/from`, `${folder}/rootfs`];
  for (const path of [`${from}/dir`, `${rootfs}/app/dir`]) mkdirSync(path, { recursive: true });
  writeFileSync(`${from}/dir/secret`, 'inside');
  return { from, rootfs };
}

test('links of context and image lead nowhere outside', root(), async () => {
  const { from, rootfs } = trees();
  symlinkSync(outside, `${from}/out`);
  symlinkSync(`../../../../..${outside}`, `${from}/up`);
  symlinkSync('loop', `${from}/loop`);
  symlinkSync(outside, `${rootfs}/out`);
  for (const line of ['COPY out/secret /x', 'COPY up/secret /x', 'COPY ../../../..$X/outside/secret /x'])
    await assert.rejects(copy(from, rootfs, line), /not found|no such file/);
  await assert.rejects(copy(from, rootfs, 'COPY loop /x'), /more than 255 symlinks/);
  await copy(from, rootfs, 'COPY dir/secret /out/');
  await copy(from, rootfs, 'COPY dir /out/deep');
  assert.deepEqual(readdirSync(outside), ['secret']);
  assert.equal(readFileSync(`${outside}/secret`, 'utf8'), 'outside');
  assert.equal(readFileSync(`${rootfs}${outside}/secret`, 'utf8'), 'inside');
});

test('an archive of ADD stays in its destination', root(), async () => {
  const { from, rootfs } = trees();
  mkdirSync(`${rootfs}/etc`);
  const hostileTars: Array<[string, TarEntry[]]> = [
    ['dotdot', [entry('../../etc/passwd', 'file')]],
    ['link', [entry('l', 'symlink', { link: '/etc' }), entry('l/passwd', 'file')]],
    [
      'inner',
      [entry('etc', 'directory', { mode: 0o755 }), entry('l', 'symlink', { link: '/etc' }), entry('l/passwd', 'file')],
    ],
    ['absolute', [entry('/etc/passwd', 'file')]],
  ];
  for (const [name, entries] of hostileTars) {
    writeFileSync(`${from}/${name}.tar`, writeTar(entries));
    await copy(from, rootfs, `ADD ${name}.tar /srv/${name}/`).catch((error: Error) =>
      assert.match(error.message, /leads out|of its parent directory: ENOENT/),
    );
  }
  assert.deepEqual(readdirSync(`${rootfs}/etc`), []);
  assert.equal(readFileSync(`${rootfs}/srv/inner/etc/passwd`, 'utf8'), 'content');
});

/** Exchanges two names as fast as it can, until it is stopped. */
async function exchanging(a: string, b: string, work: () => Promise<void>): Promise<void> {
  const program = existsSync(`${base}/exchange`) ? `${base}/exchange` : await hostile('exchange', base);
  const racer: ChildProcess = spawn(program, [a, b, '120'], { stdio: 'ignore' });
  try {
    // It is at work when the first name has been seen as both.
    const seen = new Set<boolean>();
    await waitUntil(() => seen.add(lstatSync(a).isSymbolicLink()).size === 2, {
      what: 'the exchanger to work',
      deadlineMs: 60_000,
    });
    await work();
  } finally {
    racer.kill('SIGKILL');
    await new Promise((resolve) => racer.once('close', resolve));
  }
}

const rounds = 25;

test('a directory of the image that is exchanged with a link while files are copied into it', root(), async () => {
  const { from, rootfs } = trees();
  symlinkSync(outside, `${rootfs}/app/link`);
  for (let n = 0; n < 20; n++) writeFileSync(`${from}/dir/f${n}`, 'inside');
  await exchanging(`${rootfs}/app/dir`, `${rootfs}/app/link`, async () => {
    for (let n = 0; n < rounds; n++) {
      await copy(from, rootfs, 'COPY dir /app/dir').catch(() => undefined);
      await copy(from, rootfs, 'COPY dir/secret /app/dir/').catch(() => undefined);
    }
  });
  assert.deepEqual(readdirSync(outside), ['secret']);
  assert.equal(readFileSync(`${outside}/secret`, 'utf8'), 'outside');
});

test('a directory of a source that is exchanged with a link while it is read', root(), async () => {
  const { from, rootfs } = trees();
  symlinkSync(outside, `${from}/link`);
  await exchanging(`${from}/dir`, `${from}/link`, async () => {
    for (let n = 0; n < rounds; n++) {
      await copy(from, rootfs, 'COPY dir /dir/', false).catch(() => undefined);
      await copy(from, rootfs, 'COPY dir/secret /file', false).catch(() => undefined);
      await copy(from, rootfs, 'ADD . /all', false).catch(() => undefined);
    }
  });
  const found = execFileSync('sh', ['-c', `grep -rlx outside ${rootfs} || true`], { encoding: 'utf8' });
  assert.equal(found, '', 'no byte of the file outside was copied');
});
