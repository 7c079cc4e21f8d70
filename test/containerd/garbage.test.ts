import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stage } from '../../src/containerd/stage.ts';
import { putBlob, testStage } from './stores.ts';

const layerSnapshot = (stage: Stage, name: string, parent = ''): void => {
  stage.snapshots.prepare('n', { key: `making ${name}`, parent, labels: {}, kind: 'active' });
  stage.snapshots.commit('n', { key: `making ${name}`, name, labels: {} });
};

const blobs = (stage: Stage): number => stage.content.list('n').length;
const keys = (stage: Stage): string[] => stage.snapshots.list('n').map(({ key }) => key);

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
  layerSnapshot(stage, 'chain-1');
  layerSnapshot(stage, 'chain-2', 'chain-1');
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
  layerSnapshot(lab.stage, 'orphan');
  assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 1, snapshots: 1 });
  assert.equal(blobs(lab.stage), 3);
  assert.deepEqual(keys(lab.stage), ['chain-1', 'chain-2']);
  lab.stage.images.delete('n', 'img');
  assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 3, snapshots: 2 });
});

test('a container keeps its snapshot and all below it after the image is gone', async () => {
  using lab = await testStage();
  await makeImage(lab.stage);
  lab.stage.snapshots.prepare('n', { key: 'c1', parent: 'chain-2', labels: {}, kind: 'active' });
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
  lab.stage.snapshots.prepare('n', { key: 'extract-1 chain', parent: '', labels: {}, kind: 'active' });
  await lab.stage.collectGarbage();
  assert.equal(blobs(lab.stage), 2);
  assert.deepEqual(keys(lab.stage), []);
});
