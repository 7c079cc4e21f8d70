// What the registry's store promises while several clients are at it: a blob has the bytes that its name says, a manifest has its blob.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, mock, test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { Refused } from '../../../src/registry/server/errors.ts';
import { Store } from '../../../src/registry/server/store.ts';
import { type Upload, Uploads } from '../../../src/registry/server/uploads.ts';
import { startOwnRegistry } from '../../helpers/own-registry.ts';
import { waitUntil } from '../../helpers/wait.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-uploads-`);
after(() => rmSync(folder, { recursive: true }));

const good = Buffer.from('good');
const digest = digestOf(good);
const limits = { mostBytes: 1024 };
const nobody = (): void => undefined;

async function begun() {
  const store = new Store(mkdtempSync(`${folder}/store-`));
  await store.open();
  const uploads = new Uploads(store);
  const upload = await uploads.begin('team/app', 'somebody');
  await uploads.append(upload, pieces(good), limits);
  return { store, uploads, upload };
}

async function* pieces(...all: Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

test('who writes to an upload that is being kept changes nothing of the blob', async () => {
  const { store, uploads, upload } = await begun();
  let isKept = nobody;
  const kept = new Promise<void>((resolve) => {
    isKept = resolve;
  });
  async function* late(): AsyncGenerator<Buffer> {
    await kept;
    yield Buffer.from('bad');
  }
  let isInterrupted = false;
  const keeping = uploads.take(
    upload,
    () => {
      isInterrupted = true;
    },
    () => uploads.commit(upload, digest),
  );
  await new Promise(setImmediate);
  const writing = uploads.take(upload, nobody, () => uploads.append(upload, late(), limits));
  await keeping;
  isKept();
  await assert.rejects(writing, { code: 'BLOB_UPLOAD_UNKNOWN' });
  assert.equal(readFileSync(store.blobPath(digest), 'utf8'), 'good');
  assert.equal(isInterrupted, false, 'and whoever waits for the answer gets it');
});

test('what a full disk left of a piece is no part of the blob', async () => {
  const { store, uploads, upload } = await begun();
  appendFileSync(uploads.dataPath(upload), 'half a piece');
  await uploads.commit(upload, digest);
  assert.equal(readFileSync(store.blobPath(digest), 'utf8'), 'good');
});

test('a manifest that is pushed while it is removed is there whole, or not at all', async () => {
  const { store } = await begun();
  const manifest = { bytes: good, digest, mediaType: 'application/vnd.oci.image.manifest.v1+json', tag: 'v1' };
  for (let round = 0; round < 50; round++) {
    await store.putManifest('team/app', manifest);
    await Promise.all([store.removeManifest('team/app', digest), store.putManifest('team/app', manifest)]);
    const isNamed = (await store.manifestType('team/app', digest)) !== undefined;
    assert.equal(isNamed, (await store.blobSize('team/app', digest)) !== undefined, `round ${round}`);
    assert.equal(isNamed, (await store.tagDigest('team/app', 'v1')) !== undefined, `its tag in round ${round}`);
  }
});

const full = (message: RegExp) => (error: unknown) =>
  error instanceof Refused &&
  error.status === 429 &&
  /^([1-9]|10)$/.test(error.headers['retry-after'] ?? '') &&
  message.test(error.message);

async function filled(uploads: Uploads, client: string, count: number): Promise<Upload[]> {
  const begun: Upload[] = [];
  for (let at = 0; at < count; at++) begun.push(await uploads.begin('team/app', client));
  return begun;
}

async function withClock(body: (tick: (ms: number) => void) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  try {
    await body((ms) => mock.timers.tick(ms));
  } finally {
    mock.timers.reset();
  }
}

test('whoever fills the places of one client waits, or loses its own idle uploads, and nobody else’s', async () => {
  await withClock(async (tick) => {
    const { uploads } = await begun();
    const [first, second, third] = await filled(uploads, 'filler', 200);
    assert.ok(first && second && third);
    await assert.rejects(uploads.begin('team/app', 'filler'), full(/200 uploads of filler are open already/));
    const other = await uploads.begin('team/app', 'other');
    tick(61_000);
    // Who is asked for, and who is written to, is not idle.
    await uploads.find(first.id, 'team/app');
    let end = nobody;
    const writing = uploads.take(second, nobody, () => new Promise<void>((resolve) => (end = resolve)));
    await new Promise(setImmediate);
    await uploads.begin('team/app', 'filler');
    await assert.rejects(uploads.find(third.id, 'team/app'), { code: 'BLOB_UPLOAD_UNKNOWN' });
    for (const kept of [first, second, other]) assert.equal(await uploads.find(kept.id, 'team/app'), kept);
    end();
    await writing;
  });
});

test('when all places are taken the longest idle gives way after ten minutes, whoever it is of', async () => {
  await withClock(async (tick) => {
    const { store, uploads } = await begun();
    const [first] = await filled(uploads, 'one', 199);
    for (const client of ['two', 'three', 'four', 'five']) await filled(uploads, client, 200);
    assert.equal(readdirSync(`${store.root}/uploads`).length, 1000);
    tick(61_000);
    await assert.rejects(uploads.begin('team/app', 'late'), full(/1000 uploads are open already/));
    await uploads.begin('team/app', 'one');
    assert.ok(first);
    await assert.rejects(uploads.find(first.id, 'team/app'), { code: 'BLOB_UPLOAD_UNKNOWN' });
    tick(600_000);
    await uploads.begin('team/app', 'late');
    // Many at once get no more places than there are.
    tick(600_000);
    await Promise.allSettled(Array.from({ length: 50 }, (_, at) => uploads.begin('team/app', `many-${at}`)));
    assert.equal(readdirSync(`${store.root}/uploads`).length, 1000);
  });
});

test('the next server goes on with the uploads of the last, and removes those that are a day old', async () => {
  await withClock(async (tick) => {
    const { store, upload } = await begun();
    const next = new Uploads(store);
    await next.sweep();
    const found = await next.find(upload.id, 'team/app');
    assert.equal(found.offset, 4);
    await next.commit(found, digest);
    const later = new Uploads(store);
    await later.begin('team/app', 'somebody');
    tick(25 * 3600_000);
    await later.sweep();
    assert.deepEqual(readdirSync(`${store.root}/uploads`), []);
  });
});

test('a blob that was to come in one POST and broke off holds no place', async () => {
  await using registry = await startOwnRegistry();
  const [, port] = registry.host.split(':');
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST /v2/team/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nsome`;
  const places = () => readdirSync(`${registry.storage}/uploads`);
  socket.on('error', nobody).write(head);
  await waitUntil(() => places().length === 1, { what: 'the upload' });
  socket.destroy();
  await waitUntil(() => places().length === 0, { what: 'the end of the upload' });
});

test('the refusal of a large upload reaches the client, however much of it is still on its way', async () => {
  const program = join(import.meta.dirname, 'serve-for-kill.ts');
  const server = spawn(process.execPath, [program, `${folder}/refusing`], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const path = '/v2/team/app/blobs/uploads/?digest=none';
    for (let time = 0; time < 100; time++)
      assert.deepEqual(await refusedUpload(Number(`${port}`), path), [400, 'DIGEST_INVALID'], `time ${time}`);
  } finally {
    server.kill('SIGKILL');
  }
});

/** Four megabytes, as they are taken. */
async function refusedUpload(port: number, path: string): Promise<[status: number | undefined, code: string]> {
  const large = Readable.from(
    (function* () {
      for (let at = 0; at < 64; at++) yield Buffer.alloc(64 * 1024);
    })(),
  );
  const request = httpRequest({ port, path, method: 'POST', agent: false });
  const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, string]>();
  request.on('error', reject).on('response', (response) => {
    response
      .setEncoding('utf8')
      .toArray()
      .then((text) => resolve([response.statusCode, JSON.parse(text.join('')).errors[0].code]), reject);
  });
  large.pipe(request);
  return await promise;
}
