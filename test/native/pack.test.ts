// tlab-pack: what it makes of directory trees, and that tlab-unpack makes the same trees of that again.
// The trees come from test/fixtures/archive/tree.c, which also says what is to be seen of one. Needs root.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

let folder = '';
let tree = '';

before(async () => {
  if (root().skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-pack-');
  tree = await compiled();
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function compiled(): Promise<string> {
  const source = new URL('../fixtures/archive/tree.c', import.meta.url).pathname;
  await must('gcc', ['-std=c17', '-D_GNU_SOURCE', '-O2', '-Wall', '-Werror', '-o', `${folder}/tree`, source]);
  return `${folder}/tree`;
}

let count = 0;
function fresh(): string {
  const path = `${folder}/${++count}`;
  mkdirSync(path);
  return path;
}

interface Report {
  entries: number;
  bytesTar: number;
  bytesOut: number;
  diffId: string;
  digest: string;
  sockets: number;
}

/** Packs into a file; returns its bytes and the report. */
async function pack(...args: string[]): Promise<{ bytes: Buffer; report: Report }> {
  const out = `${folder}/${++count}.out`;
  const quoted = args.map((arg) => `'${arg}'`).join(' ');
  const report = await must('sh', ['-c', `${binaries}/tlab-pack ${quoted} --report 3 3>&1 >${out}`]);
  return { bytes: readFileSync(out), report: JSON.parse(report) };
}

async function unpack(layer: Buffer): Promise<string> {
  const [file, to] = [`${folder}/${++count}.layer`, fresh()];
  writeFileSync(file, layer);
  await must('sh', ['-c', `${binaries}/tlab-unpack --directory ${to} --whiteouts overlay <${file}`]);
  return to;
}

/** Without the first line: a layer says nothing of the directory that it is for. */
const seen = async (path: string): Promise<string[]> => (await must(tree, ['print', path])).split('\n').slice(1);
const listed = async (bytes: Buffer): Promise<string[]> => {
  const file = `${folder}/${++count}.tar`;
  writeFileSync(file, bytes);
  return (await must('tar', ['-tf', file])).split('\n');
};

for (let seed = 1; seed <= 8; seed++) {
  test(`an upper directory comes back from its layer as it was (seed ${seed})`, root(), async () => {
    const from = fresh();
    await must(tree, ['make', String(seed), from, 'upper']);
    const { bytes, report } = await pack('--directory', from, '--upper', '--compression', 'gzip');
    assert.equal(report.digest, digestOf(bytes));
    assert.equal(report.bytesOut, bytes.length);
    const to = await unpack(bytes);
    assert.deepEqual(await seen(to), await seen(from));
    const again = await pack('--directory', to, '--upper', '--compression', 'gzip');
    assert.equal(again.report.digest, report.digest, 'the same tree gives the same bytes');
  });
}

test('the difference of two trees turns the one into the other', root(), async () => {
  for (const seed of ['101', '102', '103']) {
    const [old, now] = [fresh(), fresh()];
    await must(tree, ['make', seed, old]);
    await must('cp', ['-a', `${old}/.`, now]);
    await must('sh', ['-c', `find ${now} -mindepth 1 -maxdepth 1 -print0 | sort -z | head -z -n 1 | xargs -0 rm -rf`]);
    mkdirSync(`${now}/new`);
    await must(tree, ['make', `${seed}7`, `${now}/new`]);
    const { bytes } = await pack('--directory', now, '--against', old);
    // The layer over the old tree, as the kernel shows it.
    const upper = await unpack(bytes);
    const script =
      'mkdir $0/merged $0/work && mount -t overlay -o lowerdir=$1,upperdir=$2,workdir=$0/work o $0/merged && $3 print $0/merged';
    const merged = await must('unshare', ['-m', 'sh', '-c', script, fresh(), old, upper, tree]);
    const ofFiles = (lines: string[]) => lines.map((line) => line.replace(/ trusted.overlay.*| names=\d+/g, ''));
    assert.deepEqual(ofFiles(merged.split('\n').slice(1)), ofFiles(await seen(now)));
  }
});

test('holes stay holes, at the end and in a file of nothing else too', root(), async () => {
  const from = fresh();
  await must('sh', [
    '-c',
    `cd ${from} && truncate -s 50M empty && cp empty some && echo x >>some && truncate -s 80M some`,
  ]);
  const { bytes } = await pack('--directory', from);
  assert.ok(bytes.length < 50_000, `${bytes.length} bytes`);
  const to = await unpack(bytes);
  assert.deepEqual(await seen(to), await seen(from));
  assert.ok(Number((await must('du', ['-sk', to])).split('\t')[0]) < 100);
});

test('gzip, zstd and plain hold the same archive, and its diff id is told', root(), async () => {
  const from = fresh();
  await must(tree, ['make', '5', from]);
  const plain = await pack('--directory', from);
  assert.equal(plain.report.diffId, plain.report.digest);
  for (const [compression, program] of [
    ['gzip', 'gunzip'],
    ['zstd', 'unzstd'],
  ] as const) {
    const { bytes, report } = await pack('--directory', from, '--compression', compression);
    assert.equal(report.diffId, plain.report.diffId);
    const file = `${folder}/${++count}`;
    writeFileSync(file, bytes);
    if (compression === 'gzip')
      assert.equal(
        `sha256:${(await must('sh', ['-c', `${program} <${file} | sha256sum`])).slice(0, 64)}`,
        report.diffId,
      );
    assert.deepEqual(await seen(await unpack(bytes)), await seen(from));
  }
});

test('a late time is clamped, an early one kept', root(), async () => {
  const from = fresh();
  for (const [name, seconds] of [
    ['early', 1000],
    ['late', 3000],
  ] as const) {
    writeFileSync(`${from}/${name}`, name);
    utimesSync(`${from}/${name}`, seconds, seconds);
  }
  const { bytes } = await pack('--directory', from, '--clamp', '2000');
  const to = await unpack(bytes);
  assert.match((await seen(to)).join('\n'), /early .* 1000\.0{9}[\s\S]*late .* 2000\.0{9}/);
});

test('whiteouts come before the names of their directory, an opaque mark first', root(), async () => {
  const from = fresh();
  mkdirSync(`${from}/d`);
  writeFileSync(`${from}/d/!first`, '');
  await must('mknod', [`${from}/d/zero`, 'c', '0', '0']);
  await must('sh', ['-c', `mkdir ${from}/o && touch ${from}/o/kept`]);
  await must(tree, ['opaque', `${from}/o`]);
  const { bytes } = await pack('--directory', from, '--upper');
  assert.deepEqual(await listed(bytes), ['d/', 'd/.wh.zero', 'd/!first', 'o/', 'o/.wh..wh..opq', 'o/kept']);
});

test('a name that a layer would take for a whiteout is refused', root(), async () => {
  const from = fresh();
  writeFileSync(`${from}/.wh.evil`, '');
  const { status, stderr } = await run(`${binaries}/tlab-pack`, ['--directory', from, '--upper']);
  assert.equal(status, 1);
  assert.match(stderr, /"\.wh\.evil" begins with \.wh\., which means in a layer/);
  assert.deepEqual(await listed((await pack('--directory', from)).bytes), ['.wh.evil'], 'a plain archive may have it');
});

test('a symlink is packed, never followed', root(), async () => {
  const from = fresh();
  symlinkSync('/etc', `${from}/etc`);
  assert.deepEqual(await listed((await pack('--directory', from)).bytes), ['etc']);
});

test('a full disk is told by its own status', root(), async () => {
  const from = fresh();
  writeFileSync(`${from}/big`, Buffer.alloc(1 << 20, 'x'));
  const { status, stderr } = await run('sh', ['-c', `${binaries}/tlab-pack --directory ${from} >/dev/full`]);
  assert.equal(status, 3);
  assert.match(stderr, /write\(2\): ENOSPC/);
});

test('once inside the tree no library and no table of it is opened (CVE-2019-14271)', root(), async () => {
  const from = fresh();
  await must('sh', [
    '-c',
    `mkdir ${from}/d && printf x > "${from}/d/$(printf 'n\\377')" && printf x > ${from}/d/\u00fc`,
  ]);
  const traced = await must('sh', [
    '-c',
    `strace -f -e trace=chroot,open,openat,openat2 ${binaries}/tlab-pack --directory ${from} --path /d --name d 2>&1 >/dev/null`,
  ]);
  const inside = traced.slice(traced.indexOf('chroot('));
  assert.match(inside, /chroot\("\."\) += 0/);
  const opened = [...inside.matchAll(/open(?:at2?)?\((?:\w+, )?"([^"]*)"/g)].map(([, path]) => path);
  assert.deepEqual(opened, ['.', 'd', '.', 'n\\377', '\\303\\274']);
});
