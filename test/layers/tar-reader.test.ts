// The reader of layers against archives that Debian's tar makes in each of its formats, and against damaged and hostile ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ReadLimits, readLayer, usualLimits } from '../../src/layers/read-layer.ts';
import { type LayerEntry, readEntries } from '../../src/layers/tar-reader.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ociMediaTypes } from '../../src/oci/media-types.ts';

const long = `${'a'.repeat(90)}/${'b'.repeat(120)}`;
let folder = '';

before(() => {
  folder = mkdtempSync(`${tmpdir()}/tlab-tar-`);
  const root = `${folder}/root`;
  mkdirSync(`${root}/dir/${long.split('/')[0]}`, { recursive: true });
  writeFileSync(`${root}/dir/${long}`, 'long');
  writeFileSync(`${root}/dir/file`, 'content\n');
  chmodSync(`${root}/dir/file`, 0o4751);
  writeFileSync(`${root}/ünïcode "x"`, '');
  symlinkSync('file', `${root}/dir/link`);
  symlinkSync('x'.repeat(150), `${root}/dir/far`);
  linkSync(`${root}/dir/file`, `${root}/dir/hard`);
  writeFileSync(`${root}/sparse`, 'begin');
  truncateSync(`${root}/sparse`, 5_000_000);
  execFileSync('mkfifo', [`${root}/fifo`]);
});
after(() => rmSync(folder, { recursive: true }));

const pieces = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

async function entriesOf(bytes: Uint8Array, size = 4096): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for await (const entry of readEntries(pieces(bytes, size))) entries.push(entry);
  return entries;
}

const archive = (...options: string[]): Buffer =>
  execFileSync('tar', ['-C', `${folder}/root`, '--sort=name', ...options, '-cf', '-', '.'], { maxBuffer: 1 << 26 });

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const options of [
  ['--format=gnu'],
  ['--format=pax'],
  ['--format=gnu', '--sparse'],
  ['--format=pax', '--sparse'],
]) {
  for (const size of [100, 1 << 20]) {
    test(`tar ${options.join(' ')} in pieces of ${size}: names, types, modes, sizes and contents are those of the files`, async () => {
      const entries = new Map(
        (await entriesOf(archive(...options), size)).map((entry) => [entry.name.replace(/^\.\//, ''), entry]),
      );
      assert.equal(entries.size, 11);
      for (const name of ['dir/file', `dir/${long}`, 'ünïcode "x"', 'sparse']) {
        const stat = lstatSync(`${folder}/root/${name}`);
        const entry = entries.get(name);
        assert.deepEqual([entry?.type, entry?.mode, entry?.size], ['file', stat.mode & 0o7777, stat.size], name);
        assert.equal(Math.floor(entry?.mtime ?? 0), Math.floor(stat.mtimeMs / 1000), name);
        const isWhole = !options.includes('--sparse') || name !== 'sparse';
        if (isWhole) assert.equal(entry?.content, sha256(readFileSync(`${folder}/root/${name}`)), name);
      }
      assert.equal(entries.get('dir/link')?.link, 'file');
      assert.equal(entries.get('dir/far')?.link, 'x'.repeat(150));
      assert.deepEqual([entries.get('dir/hard')?.type, entries.get('dir/hard')?.link], ['hardlink', './dir/file']);
      assert.deepEqual([entries.get('fifo')?.type, entries.get('dir/')?.type], ['fifo', 'directory']);
    });
  }
}

test('an archive that is cut anywhere is refused, and never waited for', async () => {
  const whole = archive('--format=pax', '--exclude=./sparse');
  const end = whole.findLastIndex((byte) => byte !== 0);
  for (let at = 1; at < end; at += 199) {
    const cut = whole.subarray(0, at);
    const seen = await entriesOf(cut).catch((error) => error);
    if (Array.isArray(seen)) assert.equal(at % 512, 0, `cut at ${at}`);
    else assert.equal(seen.kind, 'dataLoss');
  }
});

test('an archive with any byte of its headers changed is read or refused, never more', async () => {
  const whole = archive('--format=pax', '--exclude=./sparse');
  for (let at = 0; at < whole.length; at += 31) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    const seen = await entriesOf(changed).catch((error) => error);
    if (!Array.isArray(seen)) assert.equal(seen.kind, 'dataLoss');
  }
});

/** A header by hand; its checksum is right. */
function header(name: string, fields: { flag?: string; size?: string | Buffer } = {}): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'latin1');
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  const { size = '00000000000\0', flag = '0' } = fields;
  if (typeof size === 'string') block.write(size, 124);
  else size.copy(block, 124);
  block.write('00000000000\0', 136);
  block.write(' '.repeat(8), 148);
  block.write(flag, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const end = Buffer.alloc(1024);
const pax = (records: string): Buffer => {
  const data = Buffer.alloc(Math.ceil(records.length / 512) * 512);
  data.write(records);
  return Buffer.concat([header('pax', { flag: 'x', size: `${records.length.toString(8).padStart(11, '0')}\0` }), data]);
};

test('sizes and names that cannot be are refused', async () => {
  const huge = Buffer.alloc(12, 0xff);
  huge[0] = 0x80;
  for (const bytes of [
    header('a', { size: huge }),
    header('a', { flag: 'L', size: '77777777777\0' }),
    header('a', { size: 'not octal!!\0' }),
    Buffer.concat([pax('99 path=a\n'), header('a')]),
    Buffer.concat([pax('0 path=a\n'), header('a')]),
    Buffer.concat([pax('12 size=-10\n'), header('a')]),
    Buffer.concat([pax('16 size=1e300xx\n'), header('a')]),
  ]) {
    await assert.rejects(entriesOf(Buffer.concat([bytes, end])), { kind: 'dataLoss' });
  }
});

const blobOf = (tar: Uint8Array, blob: Uint8Array, mediaType: string = ociMediaTypes.layerGzip) => ({
  digest: digestOf(blob),
  diffId: digestOf(tar),
  mediaType,
  bytes: pieces(blob, 1000),
});

test('gzip, zstd and plain layers are told apart by their bytes and verified by both digests', async () => {
  const tar = archive('--format=pax');
  for (const blob of [gzipSync(tar), zstdCompressSync(tar), tar]) {
    const read = await readLayer(blobOf(tar, blob));
    assert.deepEqual([read.entries.length, read.tarBytes], [11, tar.length]);
    const wrong = { ...blobOf(tar, blob), diffId: digestOf('other') };
    await assert.rejects(readLayer(wrong), { kind: 'dataLoss', message: /the digest of its tar is/ });
    await assert.rejects(readLayer({ ...blobOf(tar, blob), digest: digestOf('other') }), { kind: 'dataLoss' });
  }
  const cut = gzipSync(tar).subarray(0, -20);
  await assert.rejects(readLayer(blobOf(tar, cut)), { kind: 'dataLoss' });
  await assert.rejects(readLayer(blobOf(tar, tar, 'text/plain')), { kind: 'notImplemented' });
});

test('a layer stops being read at its limits', async () => {
  const limits = (change: Partial<ReadLimits>): ReadLimits => ({ ...usualLimits, ...change });
  const many = Buffer.concat([...Array.from({ length: 200 }, (_, at) => header(`f${at}`)), end]);
  await assert.rejects(readLayer(blobOf(many, gzipSync(many)), limits({ entries: 100 })), {
    kind: 'resourceExhausted',
  });
  const zeros = Buffer.concat([header('zeros', { size: '00400000000\0' }), Buffer.alloc(1 << 26), end]);
  await assert.rejects(readLayer(blobOf(zeros, gzipSync(zeros)), limits({ tarBytes: 1 << 20 })), {
    kind: 'resourceExhausted',
  });
});
