// `tlab layers` and `tlab digest` on images of our engine, and the same content through the real ctr. Needs root and containerd's ctr.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type TarEntry, writeTar } from '../../src/library/tar.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';

const needsRoot = root();
let engine: TestEngine;

const file = (path: string, data: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1,
  link: '',
  data: Buffer.from(data),
  ...more,
});

/** Two images: `layered` of four layers over a history of six steps, and `sibling`, which shares the lowest and has the second elsewhere. */
function writeImages(folder: string): void {
  const base = writeTar([
    file('etc', '', { type: 'directory', mode: 0o755 }),
    file('etc/kept', 'k'),
    file('etc/big', 'b'.repeat(5000)),
  ]);
  const change = writeTar([file('etc/big', 'c'.repeat(7000)), file('\u001b[31mred', 'x')]);
  const remove = writeTar([file('etc/.wh.big', ''), file('etc/kept', 'k', { mode: 0o600 })]);
  const other = writeTar([file('other', 'o')]);
  const steps = (names: string[]) =>
    names.map((name) => ({
      created: '2026-01-02T03:04:05Z',
      created_by: name,
      ...(/^(ENV|CMD)/.test(name) ? { empty_layer: true } : {}),
    }));
  layoutOf(`${folder}/layered`, [gzipSync(base), zstdCompressSync(change), remove, gzipSync(other)], {
    tars: [base, change, remove, other],
    history: steps([
      'ADD base / # buildkit',
      'ENV A=1',
      'RUN /bin/sh -c change big # buildkit',
      '/bin/sh -c rm big',
      'COPY other /',
      'CMD ["x"]',
    ]),
  });
  layoutOf(`${folder}/sibling`, [gzipSync(base), gzipSync(other)], {
    tars: [base, other],
    history: steps(['ADD base /', 'COPY other /']),
  });
}

const types = 'application/vnd.oci.image';

function layoutOf(layout: string, blobs: Buffer[], { tars, history }: { tars: Buffer[]; history: unknown[] }): void {
  mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
  const put = (mediaType: string, bytes: Buffer) => {
    writeFileSync(`${layout}/blobs/sha256/${digestOf(bytes).slice(7)}`, bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const kindOf = (blob: Buffer): string => (blob[0] === 0x1f ? '+gzip' : blob[0] === 0x28 ? '+zstd' : '');
  const platform = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' };
  const config = {
    ...platform,
    config: { Cmd: ['x'] },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    history,
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: `${types}.manifest.v1+json`,
    config: put(`${types}.config.v1+json`, json(config)),
    layers: blobs.map((blob) => put(`${types}.layer.v1.tar${kindOf(blob)}`, blob)),
  };
  const missing = {
    mediaType: manifest.mediaType,
    digest: digestOf('elsewhere'),
    size: 9,
    platform: { os: 'linux', architecture: 's390x' },
  };
  const index = {
    schemaVersion: 2,
    mediaType: `${types}.index.v1+json`,
    manifests: [{ ...put(manifest.mediaType, json(manifest)), platform }, missing],
  };
  const name = layout.split('/').at(-1);
  const named = {
    ...put(index.mediaType, json(index)),
    annotations: { 'org.opencontainers.image.ref.name': `docker.io/library/${name}:latest` },
  };
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  writeImages(`${engine.root}/data/library`);
  await engine.must('pull', '-q', 'layered');
  await engine.must('pull', '-q', 'sibling');
});
after(() => engine?.stop());

interface Read {
  image: {
    Layers: Array<{ Digest: string; DiffId: string; ChainId: string; SharedWith: string[]; UnpackedSize: number }>;
  };
  changes: { layers: Array<{ changes: Array<{ kind: string; path: string; what?: string[] }> }>; wastedBytes: number };
}

test('each layer has its instruction, identities, sizes and changes', needsRoot, async () => {
  const read = JSON.parse(await engine.must('layers', '--json', 'layered')) as Read;
  const changed = read.changes.layers.map(({ changes }) => changes.map(({ kind, path }) => `${kind} ${path}`));
  assert.deepEqual(changed, [
    ['added etc', 'added etc/kept', 'added etc/big'],
    ['changed etc/big', 'added \u001b[31mred'],
    ['changed etc/kept', 'removed etc/big'],
    ['added other'],
  ]);
  assert.equal(read.changes.wastedBytes, 5000 + 7000 + 1);
  assert.deepEqual(
    read.image.Layers.map(({ UnpackedSize }) => UnpackedSize),
    [5001, 7001, 1, 1],
  );
  const text = await engine.must('layers', '--tree', 'layered');
  for (const words of [
    /layer 1 {2}ADD base \/\n/,
    /layer 2 {2}RUN change big\n/,
    /layer 3 {2}RUN rm big\n/,
    /no layer {2}ENV A=1/,
    /no layer {2}CMD/,
    /\+3 added, ~0 changed, -0 removed/,
    /- {4}├─ big {2}7kB\n/,
    /~ {4}└─ kept {2}1B \(mode\)/,
    /shared {4}with sibling:latest/,
    /wasted: 12kB in 3 files/,
    /7kB {2}\/etc\/big {2}layer 2, removed by 3/,
    /\\x1b\[31mred/,
  ]) {
    assert.match(text, words);
  }
  assert.ok(!text.includes('\u001b'), 'a name of a file must not move the cursor');
  for (const line of text.split('\n')) assert.ok([...line].length <= 80, line);
});

test('a file is followed through the layers', needsRoot, async () => {
  const text = await engine.must('layers', '--file', '/etc/big', 'layered');
  assert.match(text, /^layer 1 {2}added: file 0644 0:0, 5kB, sha256 [0-9a-f]{12}\n/);
  assert.match(text, /layer 2 {2}changed content: file 0644 0:0, 7kB/);
  assert.match(text, /layer 3 {2}removed by etc\/\.wh\.big\n/);
  assert.match(text, /a container does not see it$/);
  assert.match(
    await engine.must('layers', '--file', 'etc/kept', 'layered'),
    /changed mode: file 0600 .*\(mode was 0644\)/,
  );
  const none = await engine.tlab(['layers', '--file', '/nope', 'layered']);
  assert.deepEqual([none.status, /no layer of layered:latest has it/.test(none.stderr)], [1, true]);
});

test('two images say what they share on disk', needsRoot, async () => {
  const text = await engine.must('layers', '--shared', 'sibling', 'layered');
  assert.match(text, /layered:latest has 4 layers, sibling:latest has 2; 1 from the bottom are the same/);
  assert.match(text, /on disk once for both: 5kB unpacked/);
  assert.match(text, /one blob, but over other layers, and so unpacked twice/);
  const tree = await engine.must('images', '--tree');
  assert.match(tree, /linux\/s390x .*\n│ {5}not here; only its name is/);
  assert.match(tree, /sharing saves 5kB/);
});

test('a layer that does not exist, and one that is damaged in the store, are refused', needsRoot, async () => {
  assert.match((await engine.tlab(['layers', '--layer', '9', 'layered'])).stderr, /has layers 1 to 4/);
  assert.match((await engine.tlab(['layers', 'nobody'])).stderr, /No such image: nobody/);
  const read = JSON.parse(await engine.must('layers', '--json', 'sibling')) as Read;
  const hex = read.image.Layers[1]?.Digest.slice(7) ?? '';
  const blob = `${engine.root}/data/containerd/io.containerd.content.v1.content/blobs/sha256/${hex}`;
  const found =
    (await run('find', [`${engine.root}/data`, '-name', hex, '-path', '*containerd*'])).stdout.trim() || blob;
  const kept = await run('sh', [
    '-c',
    `cp -a ${found} ${engine.root}/kept && printf x | dd of=${found} bs=1 seek=20 conv=notrunc`,
  ]);
  assert.equal(kept.status, 0, kept.stderr);
  const damaged = await engine.tlab(['layers', 'sibling']);
  await run('cp', ['-a', `${engine.root}/kept`, found]);
  assert.equal(damaged.status, 1);
  assert.match(damaged.stderr, new RegExp(`layer sha256:${hex}`));
});

test('a blob of another image is not handed out, nor a path', needsRoot, async () => {
  const read = JSON.parse(await engine.must('layers', '--json', 'layered')) as Read;
  const curl = (path: string) =>
    run('curl', ['-s', '--path-as-is', '--unix-socket', `${engine.root}/run/tlab.sock`, `http://localhost${path}`]);
  const foreign = read.image.Layers[1]?.Digest ?? '';
  assert.match((await curl(`/tlab/images/sibling/blobs/${foreign}`)).stdout, /has none of that digest/);
  assert.match((await curl('/tlab/images/sibling/blobs/..%2f..%2fetc%2fpasswd')).stdout, /expected sha256/);
});

for (const tool of ['curl', 'ctr']) {
  test(`the commands that digest prints give the values that it prints, by ${tool}`, needsRoot, async () => {
    const text = await engine.must('digest', '--with', tool, 'layered');
    const found = [...text.matchAll(/^([^:]+): .+\n {2}(sha256:[0-9a-f]{64})\n {2}\$ (.+)$/gm)];
    assert.deepEqual(
      found.map(([, what]) => what),
      [
        ...['index digest', 'manifest digest', 'image ID', 'layer 1 digest', 'layer 1 diff ID'],
        ...[2, 3, 4].flatMap((at) => [`layer ${at} digest`, `layer ${at} diff ID`, `layer ${at} chain ID`]),
      ],
    );
    for (const [, what, value, command = ''] of found) {
      const ran = await engine.inside('sh', ['-c', command]);
      assert.equal(`sha256:${ran.stdout.split(' ')[0]}`, value, `${what}: ${ran.stderr}`);
    }
    assert.equal(
      (await engine.must('digest', '--run', '--with', tool, 'layered')).match(/computed: the same/g)?.length,
      14,
    );
  });
}

test('digest computes the identities of a file', needsRoot, async () => {
  const tar = writeTar([file('a', 'a')]);
  const path = `${engine.root}/it's a layer.tar.gz`;
  writeFileSync(path, gzipSync(tar));
  const { identities } = JSON.parse(await engine.must('digest', '--run', '--json', path)) as {
    identities: Array<{ what: string; computed: string }>;
  };
  assert.deepEqual(
    identities.map(({ what, computed }) => [what, computed]),
    [
      ['digest', digestOf(gzipSync(tar))],
      ['diff ID', digestOf(tar)],
    ],
  );
  assert.match((await engine.tlab(['digest', '/nope'])).stderr, /no such file/);
});

test('ctr sees the same images, content and snapshots', needsRoot, async () => {
  const ctr = async (...args: string[]): Promise<string> => {
    const ran = await run('ctr', ['-a', `${engine.root}/run/containerd/containerd.sock`, '-n', 'moby', ...args]);
    assert.equal(ran.status, 0, ran.stderr);
    return ran.stdout;
  };
  const { image } = JSON.parse(await engine.must('layers', '--json', 'layered')) as Read;
  assert.match(await ctr('images', 'ls'), /docker\.io\/library\/layered:latest .*index\.v1\+json .*linux\/\w+/);
  assert.match(
    await ctr('images', 'check', 'name==docker.io/library/layered:latest'),
    /layered:latest .* complete \(\d\/\d\) .* true/,
  );
  const content = await ctr('content', 'ls', '-q');
  const tree = await ctr('snapshots', 'tree');
  let indent = -1;
  for (const { Digest, ChainId } of image.Layers) {
    assert.ok(content.includes(Digest), Digest);
    const line = tree.split('\n').find((each) => each.includes(ChainId)) ?? '';
    assert.ok(line.indexOf('sha256') > indent, `${ChainId} must hang below its parent in:\n${tree}`);
    indent = line.indexOf('sha256');
  }
  await ctr('images', 'tag', 'docker.io/library/layered:latest', 'docker.io/library/by-ctr:1');
  assert.match(await engine.must('images', 'by-ctr'), /by-ctr +1/);
  await engine.must('rmi', 'by-ctr:1');
  assert.doesNotMatch(await ctr('images', 'ls', '-q'), /by-ctr/);
});
