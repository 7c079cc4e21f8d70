// Garbage on sockets and in files, a damaged layer, a full disk: refused or reported, nothing left, and the engine works afterwards.
// Needs root and the offline image busybox.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { leavesNothing, namesIn } from '../helpers/nothing-left.ts';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('run', '-d', '--name', 'first', '-p', '8080:80', 'busybox', 'sleep', '1000');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

/** Sends bytes and returns what came back before the other side closed or the time was over. */
function exchange(path: string, bytes: Buffer | string, { isHalfClosed = false } = {}): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ path, allowHalfOpen: true });
  let seen = '';
  socket.setTimeout(2000, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1');
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => resolve(seen));
  if (isHalfClosed) socket.end(bytes);
  else socket.write(bytes);
  return promise;
}

const create = (body: string): string =>
  `POST /containers/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const deep = `{"Image":"busybox","HostConfig":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;

const requests: { title: string; bytes: Buffer | string; answer: RegExp; isHalfClosed?: boolean }[] = [
  { title: 'bytes that are no HTTP', bytes: Buffer.alloc(4096, 0xa7), answer: /^HTTP\/1\.1 400 .*no HTTP request/s },
  {
    title: 'a target that is no path',
    bytes: 'GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    answer: /^HTTP\/1\.1 400 .*expected a path/s,
  },
  {
    title: 'giant headers',
    bytes: `GET /_ping HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
    answer: /^HTTP\/1\.1 431 .*more than 16384 bytes/s,
  },
  {
    title: 'a body that is cut off',
    bytes: create('{"Image":"busybox"}').slice(0, -5),
    answer: /^HTTP\/1\.1 400 /,
    isHalfClosed: true,
  },
  { title: 'a wrong type', bytes: create('{"Image":5}'), answer: /^HTTP\/1\.1 400 .*Image: expected a string/s },
  { title: 'deep JSON', bytes: create(deep), answer: /^HTTP\/1\.1 400 .*nested deeper than 64 levels/s },
  {
    title: 'a NUL in an argument',
    bytes: create('{"Image":"busybox","Cmd":["a\\u0000b"]}'),
    answer: /^HTTP\/1\.1 400 .*Cmd\.0: expected no NUL/s,
  },
  {
    title: 'a path that climbs',
    bytes: 'GET /containers/..%2f..%2fetc/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    answer: /^HTTP\/1\.1 404 /,
  },
];

for (const { title, bytes, answer, isHalfClosed } of requests) {
  test(`the daemon answers ${title}`, needsRoot, () =>
    leavesNothing(engine, async () => {
      assert.match(await exchange(`${engine.root}/run/tlab.sock`, bytes, { isHalfClosed }), answer);
    }),
  );
}

test('a body of 100 MB is refused before it has arrived', needsRoot, async () => {
  const head = create('').replace('Content-Length: 0', `Content-Length: ${100 << 20}`);
  const seen = await exchange(
    `${engine.root}/run/tlab.sock`,
    Buffer.concat([Buffer.from(head), Buffer.alloc(8 << 20, 0x20)]),
  );
  assert.match(seen, /^HTTP\/1\.1 400 .*more than 4194304 bytes/s);
});

test('garbage on every socket of the engine disturbs none of them', needsRoot, async () => {
  const runRoot = `${engine.root}/run`;
  const shims = namesIn(`${runRoot}/s`).map((name) => `${runRoot}/s/${name}`);
  assert.ok(shims.length > 0, 'a shim listens');
  const containerd = `${runRoot}/containerd/containerd.sock`;
  const hugeFrame = Buffer.from('7fffffff0000000101000000', 'hex');
  const sockets = [`${runRoot}/tlab.sock`, containerd, `${containerd}.ttrpc`, ...shims];
  const garbage = [
    Buffer.alloc(65_536, 0xff),
    Buffer.alloc(9, 0),
    hugeFrame,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense',
  ];
  await Promise.all(sockets.flatMap((path) => garbage.map((bytes) => exchange(path, bytes, { isHalfClosed: true }))));
  assert.equal(await engine.must('exec', 'first', 'echo', 'well'), 'well');
  assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'well'), 'well');
});

const recordOf = async (name: string): Promise<string> =>
  `${engine.root}/data/containers/${await engine.must('inspect', '--format', '{{.Id}}', name)}/container.json`;

async function restart(): Promise<void> {
  await engine.must('system', 'stop');
  await engine.must('system', 'start');
}

test('a damaged record is reported and left alone; the others are there', needsRoot, async () => {
  const record = await recordOf('first');
  const text = readFileSync(record, 'utf8');
  writeFileSync(record, 'garbage');
  await restart();
  assert.equal(await engine.must('ps', '-aq'), '');
  assert.match(readFileSync(`${engine.root}/run/tlabd.log`, 'utf8'), /container\.json is damaged: .*not valid JSON/);
  writeFileSync(record, text);
  await restart();
  assert.equal(await engine.must('exec', 'first', 'echo', 'still here'), 'still here');
});

test('a bad daemon.json is refused with the file and the key', needsRoot, async () => {
  await engine.must('system', 'stop');
  const path = engine.env.TLAB_CONFIG ?? '';
  for (const [text, words] of [
    ['{', /daemon\.json: it is not JSON/],
    ['[]', /daemon\.json: expected an object, got a list/],
    ['{"mtuu":1}', /daemon\.json: mtuu: unknown key/],
    ['{"bip":"300.0.0.1/24"}', /daemon\.json: bip "300\.0\.0\.1\/24": expected an address with a prefix/],
  ] as const) {
    writeFileSync(path, text);
    const ran = await engine.tlab(['system', 'start']);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, words);
  }
  rmSync(path);
  await engine.must('system', 'start');
});

test('a damaged meta.db is refused, and works again once a copy is back', needsRoot, async () => {
  await engine.must('system', 'stop');
  const store = `${engine.root}/data/containerd`;
  assert.ok(!existsSync(`${store}/meta.db-wal`), 'a stop closes the database');
  const copy = readFileSync(`${store}/meta.db`);
  writeFileSync(`${store}/meta.db`, 'x'.repeat(8192));
  const refused = await engine.tlab(['system', 'start']);
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /meta\.db of the image store is damaged: file is not a database\ntry: put a copy of it back/,
  );
  writeFileSync(`${store}/meta.db`, copy);
  await engine.must('system', 'start');
  assert.equal(await engine.must('exec', 'first', 'echo', 'still here'), 'still here');
});

test('a layer with one byte changed is refused by its digest; the good one works afterwards', needsRoot, async () => {
  await engine.must('rm', '-f', 'first');
  await engine.must('rmi', 'busybox');
  const blobs = `${engine.root}/data/library/busybox/blobs/sha256`;
  const layer = readdirSync(blobs).find((name) => readFileSync(`${blobs}/${name}`).length > 100_000) ?? '';
  const good = readFileSync(`${blobs}/${layer}`);
  const bad = Buffer.from(good);
  bad[50_000] = (bad[50_000] ?? 0) ^ 1;
  writeFileSync(`${blobs}/${layer}`, bad);
  const refused = await engine.tlab(['run', '--rm', 'busybox', 'true']);
  assert.equal(refused.status, 125);
  assert.match(refused.stderr, new RegExp(`its digest is sha256:[0-9a-f]{64}, expected sha256:${layer}`));
  const stored = `${engine.root}/data/containerd`;
  assert.ok(!existsSync(`${stored}/blobs/sha256/${layer}`));
  assert.deepEqual([namesIn(`${stored}/snapshots`), namesIn(`${stored}/ingest`)], [[], []]);
  writeFileSync(`${blobs}/${layer}`, good.subarray(0, 100_000));
  assert.equal((await engine.tlab(['run', '--rm', 'busybox', 'true'])).status, 125, 'a layer that is cut off');
  writeFileSync(`${blobs}/${layer}`, good);
  assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'well'), 'well');
});

test('on a full disk a create fails whole, a removal works, and room heals everything', needsRoot, async () => {
  const data = `${engine.root}/full`;
  mkdirSync(data);
  assert.equal((await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', data])).status, 0);
  const env = { TLAB_RUN_ROOT: `${engine.root}/run2`, TLAB_DATA_ROOT: `${data}/data` };
  const tlab = (...args: string[]) => engine.tlab(args, { env });
  try {
    mkdirSync(`${data}/data`);
    cpSync(`${engine.root}/data/library/busybox`, `${data}/data/library/busybox`, { recursive: true });
    assert.equal((await tlab('system', 'start')).status, 0);
    const made = await tlab('create', '--name', 'early', 'busybox', 'true');
    assert.equal(made.status, 0, made.stderr);
    const snapshots = namesIn(`${data}/data/containerd/snapshots`);
    await run('dd', ['if=/dev/zero', `of=${data}/fill`, 'bs=4k']);
    for (let round = 0; round < 2; round++) {
      const refused = await tlab('run', '--rm', 'busybox', 'true');
      assert.equal(refused.status, 125);
      assert.match(
        refused.stderr,
        /(disk of the image store is full|ENOSPC).*: [\d.]+ k?B free of 16\.8 MB at \S+\ntry: remove /,
      );
      assert.deepEqual(namesIn(`${data}/data/containerd/snapshots`), snapshots);
    }
    const removed = await tlab('rm', 'early');
    assert.equal(removed.status, 0, removed.stderr);
    truncateSync(`${data}/fill`);
    const healed = await tlab('run', '--rm', 'busybox', 'echo', 'well');
    assert.equal(healed.stdout, 'well\n', healed.stderr);
  } finally {
    await tlab('system', 'reset', '--yes');
    await run('umount', [data]);
  }
});
