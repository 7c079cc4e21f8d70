import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { mountCommand } from '../../src/containerd/snapshot/mounts.ts';
import { snapshotterOf } from '../../src/containerd/snapshot/snapshotters.ts';
import type { Stage } from '../../src/containerd/stage.ts';
import { root } from '../helpers/root.ts';
import { testStage } from './stores.ts';

// What is true of overlay alone; snapshotters.test.ts has what is true of every snapshotter.
const overlay = (stage: Stage) => snapshotterOf(stage, 'overlayfs');

const prepare = (stage: Stage, key: string, parent = '', kind: 'active' | 'view' = 'active') =>
  overlay(stage).prepare('n', { key, parent, labels: {}, kind });

/** A committed snapshot of that name. */
async function layer(stage: Stage, name: string, parent = ''): Promise<void> {
  await prepare(stage, `making ${name}`, parent);
  await overlay(stage).commit('n', { key: `making ${name}`, name, labels: {} });
}

test('without a parent a snapshot is a bind mount, with parents an overlay of all of them, nearest first', async () => {
  using lab = await testStage();
  const folder = `${lab.folder}/root/snapshots`;
  assert.deepEqual(await prepare(lab.stage, 'first'), [
    { type: 'bind', source: `${folder}/1/fs`, options: ['rw', 'rbind'] },
  ]);
  await overlay(lab.stage).commit('n', { key: 'first', name: 'base', labels: {} });
  await layer(lab.stage, 'top', 'base');
  assert.deepEqual(await prepare(lab.stage, 'c1', 'top'), [
    {
      type: 'overlay',
      source: 'overlay',
      options: [
        'index=off',
        `workdir=${folder}/3/work`,
        `upperdir=${folder}/3/fs`,
        `lowerdir=${folder}/2/fs:${folder}/1/fs`,
      ],
    },
  ]);
});

test('a view cannot be written', async () => {
  using lab = await testStage();
  await layer(lab.stage, 'base');
  assert.deepEqual(await (await prepare(lab.stage, 'v', 'base', 'view'))[0]?.options, ['ro', 'rbind']);
  await layer(lab.stage, 'top', 'base');
  const [mount] = await prepare(lab.stage, 'w', 'top', 'view');
  assert.ok(mount?.options.every((option) => !option.startsWith('upperdir')));
});

test('the root of a snapshot looks like the root of the layer below', async () => {
  using lab = await testStage();
  await prepare(lab.stage, 'base');
  chmodSync(`${lab.folder}/root/snapshots/1/fs`, 0o1777);
  await overlay(lab.stage).commit('n', { key: 'base', name: 'sticky', labels: {} });
  await prepare(lab.stage, 'c', 'sticky');
  assert.equal(statSync(`${lab.folder}/root/snapshots/2/fs`).mode & 0o7777, 0o1777);
});

const mapping = {
  'containerd.io/snapshot/uidmapping': '0:100000:65536',
  'containerd.io/snapshot/gidmapping': '0:200000:65536',
};

test(
  'labels ask for mapped ids: options of the mounts, the owner of the upper directory, not one of a layer',
  root(),
  async () => {
    using lab = await testStage();
    await layer(lab.stage, 'base');
    const [mount] = await overlay(lab.stage).prepare('n', {
      key: 'c',
      parent: 'base',
      labels: mapping,
      kind: 'active',
    });
    assert.deepEqual(mount?.options.slice(-2), ['uidmap=0:100000:65536', 'gidmap=0:200000:65536']);
    assert.deepEqual(overlay(lab.stage).mounts('n', 'c')[0]?.options, mount?.options);
    const { uid, gid } = statSync(`${lab.folder}/root/snapshots/2/fs`);
    assert.deepEqual([uid, gid], [100000, 200000]);
    assert.equal(statSync(`${lab.folder}/root/snapshots/1/fs`).uid, 0);
    const command = mountCommand(mount ?? { type: '', source: '', options: [] });
    assert.match(
      command,
      /^mount --bind -o 'X-mount\.idmap=u:0:100000:65536 g:0:200000:65536' (\S+\/1\/fs) \1 && mount -t overlay /,
    );
    assert.ok(!command.includes('uidmap'));
    assert.ok(!(await prepare(lab.stage, 'd', 'base'))[0]?.options.some((option) => option.startsWith('uidmap')));
  },
);

test('what was written under one map cannot become a layer of all', root(), async () => {
  using lab = await testStage();
  await layer(lab.stage, 'base');
  await overlay(lab.stage).prepare('n', { key: 'c', parent: 'base', labels: mapping, kind: 'active' });
  await assert.rejects(overlay(lab.stage).commit('n', { key: 'c', name: 'made', labels: {} }), /its ids are mapped/);
});

test('a mapping that is half or malformed is refused by its label', async () => {
  using lab = await testStage();
  await layer(lab.stage, 'base');
  for (const labels of [
    { 'containerd.io/snapshot/uidmapping': '0:1:1' },
    { ...mapping, 'containerd.io/snapshot/gidmapping': '0-1' },
  ])
    await assert.rejects(
      overlay(lab.stage).prepare('n', { key: 'c', parent: 'base', labels, kind: 'active' }),
      /label containerd.io\/snapshot\/gidmapping "(0-1)?": expected container:host:count/,
    );
});
