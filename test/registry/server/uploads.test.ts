// What the registry's store promises while several clients are at it: a blob has the bytes that its name says, a manifest has its blob.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { Store } from '../../../src/registry/server/store.ts';
import { Uploads } from '../../../src/registry/server/uploads.ts';

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
  const upload = await uploads.begin('team/app');
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
