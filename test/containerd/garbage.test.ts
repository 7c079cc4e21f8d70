import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { snapshotterOf } from '../../src/containerd/snapshot/snapshotters.ts';
import type { Stage } from '../../src/containerd/stage.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { waitUntil } from '../helpers/wait.ts';
import { inMemory, putBlob, testStage } from './stores.ts';

const overlay = (stage: Stage) => snapshotterOf(stage, '');
const layerSnapshot = async (stage: Stage, name: string, parent = ''): Promise<void> => {
  await overlay(stage).prepare('n', { key: `making ${name}`, parent, labels: {}, kind: 'active' });
  await overlay(stage).commit('n', { key: `making ${name}`, name, labels: {} });
};

const blobs = (stage: Stage): number => stage.content.list('n').length;
const keys = (stage: Stage): string[] =>
  overlay(stage)
    .list('n')
    .map(({ key }) => key);

/** An image of one manifest, one config, one layer, unpacked into two snapshots. */
async function makeImage(stage: Stage) {
  const layer = await putBlob(stage, 'n', 'a layer');
  const config = await putBlob(stage, 'n', '{"architecture":"amd64"}', {
    'containerd.io/gc.ref.snapshot.overlayfs': 'chain-2',
  });
  const manifest = await putBlob(
    stage,
    'n',
    JSON.stringify({ config: { digest: config }, layers: [{ digest: layer }] }),
  );
  await layerSnapshot(stage, 'chain-1');
  await layerSnapshot(stage, 'chain-2', 'chain-1');
  const target = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: manifest,
    size: 1,
    annotations: {},
  };
  stage.images.create('n', { name: 'img', target, labels: {} });
}

test('what an image names, down to its snapshots, stays until the image goes', async () => {
  using lab = await testStage();
  await makeImage(lab.stage);
  await putBlob(lab.stage, 'n', 'nobody needs me');
  await layerSnapshot(lab.stage, 'orphan');
  assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 1, snapshots: 1 });
  assert.equal(blobs(lab.stage), 3);
  assert.deepEqual(keys(lab.stage), ['chain-1', 'chain-2']);
  lab.stage.images.delete('n', 'img');
  assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 3, snapshots: 2 });
});

test('a container keeps its snapshot and all below it after the image is gone', async () => {
  using lab = await testStage();
  await makeImage(lab.stage);
  await overlay(lab.stage).prepare('n', { key: 'c1', parent: 'chain-2', labels: {}, kind: 'active' });
  lab.stage.images.delete('n', 'img');
  await lab.stage.collectGarbage();
  assert.deepEqual(keys(lab.stage), ['chain-1', 'chain-2', 'c1']);
  assert.equal(blobs(lab.stage), 0);
});

test('a lease keeps what it holds until it is deleted or expires', async () => {
  using lab = await testStage();
  const digest = await putBlob(lab.stage, 'n', 'held');
  const { id } = lab.stage.leases.create('n', '', {});
  lab.stage.leases.addResource('n', id, { type: 'content', id: digest });
  await lab.stage.collectGarbage();
  assert.equal(blobs(lab.stage), 1);
  const expired = lab.stage.leases.create('n', '', { 'containerd.io/gc.expire': '2001-01-01T00:00:00Z' });
  await lab.stage.collectGarbage();
  assert.deepEqual(
    lab.stage.leases.list('n').map((lease) => lease.id),
    [id],
  );
  assert.throws(() => lab.stage.leases.delete('n', expired.id), { kind: 'notFound' });
  lab.stage.leases.delete('n', id);
  await lab.stage.collectGarbage();
  assert.equal(blobs(lab.stage), 0);
});

test('labels gc.root and gc.ref keep things; an interrupted unpacking is collected', async () => {
  using lab = await testStage();
  const referred = await putBlob(lab.stage, 'n', 'referred');
  await putBlob(lab.stage, 'n', 'root', { 'containerd.io/gc.root': 'x', 'containerd.io/gc.ref.content.0': referred });
  await overlay(lab.stage).prepare('n', { key: 'extract-1 chain', parent: '', labels: {}, kind: 'active' });
  await lab.stage.collectGarbage();
  assert.equal(blobs(lab.stage), 2);
  assert.deepEqual(keys(lab.stage), []);
});

test('a lease is good until its expiry passes; then what only it held goes', async (context) => {
  using lab = await testStage();
  const { leases } = lab.stage;
  const nowMs = Date.parse('2030-01-01T00:00:00Z');
  context.mock.timers.enable({ apis: ['Date'], now: nowMs });
  const digest = await putBlob(lab.stage, 'n', 'held for a minute');
  const lease = leases.create('n', '', { 'containerd.io/gc.expire': new Date(nowMs + 60_000).toISOString() });
  leases.addResource('n', lease.id, { type: 'content', id: digest });
  const forever = leases.create('n', '', { 'containerd.io/gc.expire': 'never, as it is no time' });
  context.mock.timers.setTime(nowMs + 60_000);
  assert.equal((await lab.stage.collectGarbage()).blobs, 0);
  context.mock.timers.setTime(nowMs + 60_001);
  assert.equal((await lab.stage.collectGarbage()).blobs, 1);
  assert.deepEqual(
    leases.list('n').map(({ id }) => id),
    [forever.id],
  );
});

test('a start collects what an expired lease held', async (context) => {
  using lab = await testStage();
  context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2030-01-01T00:00:00Z') });
  const digest = await putBlob(lab.stage, 'n', 'held');
  const { id } = lab.stage.leases.create('n', '', { 'containerd.io/gc.expire': '2030-01-02T00:00:00+01:00' });
  lab.stage.leases.addResource('n', id, { type: 'content', id: digest });
  await lab.restart();
  assert.equal(blobs(lab.stage), 1);
  context.mock.timers.setTime(Date.parse('2030-01-02T00:00:00Z'));
  await lab.restart();
  assert.equal(blobs(lab.stage), 0);
  assert.deepEqual(lab.stage.leases.list('n'), []);
});

test('what a lease held goes when the lease expires, without anybody asking', async () => {
  using lab = await testStage();
  await putBlob(lab.stage, 'n', 'held');
  const expires = new Date(Date.now() + 300).toISOString();
  const { id } = lab.stage.leases.create('n', '', { 'containerd.io/gc.expire': expires });
  lab.stage.leases.addResource('n', id, { type: 'content', id: digestOf('held') });
  lab.stage.expiry.watch();
  await waitUntil(() => blobs(lab.stage) === 0, { what: 'the blob to be collected' });
  assert.ok(Date.now() >= Date.parse(expires));
  assert.deepEqual(lab.stage.leases.list('n'), []);
});

test('what a pull of a process that is gone has brought stays for ten minutes', async (context) => {
  using lab = await testStage();
  const nowMs = Date.parse('2030-01-01T00:00:00Z');
  context.mock.timers.enable({ apis: ['Date'], now: nowMs });
  const digest = await putBlob(lab.stage, 'n', 'held');
  const id = lab.stage.leases.createOwn('n');
  lab.stage.leases.addResource('n', id, { type: 'content', id: digest });
  context.mock.timers.setTime(nowMs + 3600_000);
  await lab.restart();
  context.mock.timers.setTime(nowMs + 3600_000 + 599_000);
  await lab.restart();
  assert.equal(blobs(lab.stage), 1, 'a second restart gives no more time');
  context.mock.timers.setTime(nowMs + 3600_000 + 601_000);
  await lab.stage.collectGarbage();
  assert.equal(blobs(lab.stage), 0);
});

/** So many blobs that nothing refers to, without the long way of an ingest. */
function litter(stage: Stage, count: number): Digest[] {
  stage.namespaces.ensure('n');
  const texts = Array.from({ length: count }, (_, at) => `litter ${at}`);
  return stage.database.transaction(() =>
    texts.map((text) => {
      const digest = digestOf(text);
      writeFileSync(stage.content.pathOf(digest), text);
      stage.content.claim('n', digest, {});
      return digest;
    }),
  );
}

test('what is made or taken while a collection is under way stays, whole', async () => {
  using lab = await testStage(inMemory);
  const { stage } = lab;
  const digests = litter(stage, 3000);
  await layerSnapshot(stage, 'below');
  const lease = stage.leases.create('n', '', {}).id;
  const isThere = (digest: string) => stage.content.find('n', digest) !== undefined;
  const kept: string[] = [];
  let isDone = false;
  const collection = stage.collectGarbage().finally(() => {
    isDone = true;
  });
  for (let at = digests.length - 1; !isDone; at -= 7) {
    const [held, manifest, again] = digests.slice(Math.max(0, at - 3), at);
    if (held !== undefined && isThere(held)) {
      stage.leases.addResource('n', lease, { type: 'content', id: held });
      kept.push(held);
    }
    if (manifest !== undefined && isThere(manifest)) {
      const labels = { 'containerd.io/gc.ref.content.0': manifest };
      kept.push(
        await putBlob(stage, 'n', `made meanwhile ${at}`, { ...labels, 'containerd.io/gc.root': '' }),
        manifest,
      );
    }
    // The same bytes come again while their file may be on its way out.
    if (again !== undefined && !isThere(again)) {
      const ingest = await stage.ingests.open('n', { ref: again, expected: again });
      await ingest.write(Buffer.from(`litter ${digests.indexOf(again)}`));
      await ingest.commit({
        total: 0,
        expected: again,
        labels: {},
        hold: (digest) => stage.leases.hold('n', lease, { type: 'content', id: digest }),
      });
      kept.push(again);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { blobs: collected } = await collection;
  assert.ok(collected > 1000, `${collected} were collected`);
  assert.ok(kept.length > 10, `${kept.length} were taken meanwhile`);
  await stage.collectGarbage();
  for (const digest of kept) assert.equal(digestOf(await stage.content.readAll('n', digest)), digest);
  assert.deepEqual(readdirSync(`${lab.folder}/root/blobs/sha256`).length, stage.content.list('n').length);
});

test('a snapshot that gets a child while it is being marked stays', async () => {
  using lab = await testStage(inMemory);
  litter(lab.stage, 2000);
  await layerSnapshot(lab.stage, 'below');
  await layerSnapshot(lab.stage, 'above', 'below');
  const collection = lab.stage.collectGarbage();
  await overlay(lab.stage).prepare('n', { key: 'c', parent: 'above', labels: {}, kind: 'active' });
  assert.deepEqual(await collection, { blobs: 2000, snapshots: 0 });
  assert.deepEqual(keys(lab.stage), ['below', 'above', 'c']);
});

test('whoever asks while a collection is under way gets one that begins after', async () => {
  using lab = await testStage(inMemory);
  litter(lab.stage, 1000);
  const first = lab.stage.collectGarbage();
  await putBlob(lab.stage, 'n', 'came too late for the first');
  const [second, third] = [lab.stage.collectGarbage(), lab.stage.collectGarbage()];
  assert.equal((await first).blobs, 1000);
  assert.deepEqual([(await second).blobs, (await third).blobs], [1, 1]);
});

test('a collection of ten thousand blobs leaves everybody else a turn every few milliseconds', async () => {
  using lab = await testStage(inMemory);
  litter(lab.stage, 10_000);
  let isDone = false;
  const collection = lab.stage.collectGarbage().finally(() => {
    isDone = true;
  });
  // Of this thread's own time, which a busy machine does not lengthen.
  const spentMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longestMs = 0;
  for (let last = spentMs(); !isDone; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = spentMs();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  }
  assert.equal((await collection).blobs, 10_000);
  assert.ok(longestMs < 50, `the longest turn took ${longestMs} ms`);
});
