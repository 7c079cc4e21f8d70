import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { mountCommand } from '../../src/containerd/snapshot/mounts.ts';
import type { Stage } from '../../src/containerd/stage.ts';
import { root } from '../helpers/root.ts';
import { testStage } from './stores.ts';

const prepare = (stage: Stage, key: string, parent = '', kind: 'active' | 'view' = 'active') =>
  stage.snapshots.prepare('n', { key, parent, labels: {}, kind });

/** A committed snapshot of that name. */
function layer(stage: Stage, name: string, parent = ''): void {
  prepare(stage, `making ${name}`, parent);
  stage.snapshots.commit('n', { key: `making ${name}`, name, labels: {} });
}

test('without a parent a snapshot is a bind mount, with parents an overlay of all of them, nearest first', async () => {
  using lab = await testStage();
  const folder = `${lab.folder}/root/snapshots`;
  assert.deepEqual(prepare(lab.stage, 'first'), [{ type: 'bind', source: `${folder}/1/fs`, options: ['rw', 'rbind'] }]);
  lab.stage.snapshots.commit('n', { key: 'first', name: 'base', labels: {} });
  layer(lab.stage, 'top', 'base');
  assert.deepEqual(prepare(lab.stage, 'c1', 'top'), [
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
  layer(lab.stage, 'base');
  assert.deepEqual(prepare(lab.stage, 'v', 'base', 'view')[0]?.options, ['ro', 'rbind']);
  layer(lab.stage, 'top', 'base');
  const [mount] = prepare(lab.stage, 'w', 'top', 'view');
  assert.ok(mount?.options.every((option) => !option.startsWith('upperdir')));
});

test('the root of a snapshot looks like the root of the layer below', async () => {
  using lab = await testStage();
  prepare(lab.stage, 'base');
  chmodSync(`${lab.folder}/root/snapshots/1/fs`, 0o1777);
  lab.stage.snapshots.commit('n', { key: 'base', name: 'sticky', labels: {} });
  prepare(lab.stage, 'c', 'sticky');
  assert.equal(statSync(`${lab.folder}/root/snapshots/2/fs`).mode & 0o7777, 0o1777);
});

test('keys are unique, parents are committed, children keep their parents', async () => {
  using lab = await testStage();
  layer(lab.stage, 'base');
  prepare(lab.stage, 'c', 'base');
  assert.throws(() => prepare(lab.stage, 'c', 'base'), { kind: 'alreadyExists' });
  assert.throws(() => prepare(lab.stage, 'd', 'nope'), { kind: 'notFound' });
  assert.throws(() => prepare(lab.stage, 'd', 'c'), { kind: 'invalidArgument' });
  assert.throws(() => lab.stage.snapshots.remove('n', 'base'), { kind: 'conflict' });
  assert.throws(() => lab.stage.snapshots.commit('n', { key: 'base', name: 'x', labels: {} }), { kind: 'conflict' });
  lab.stage.snapshots.remove('n', 'c');
  lab.stage.snapshots.remove('n', 'base');
  assert.deepEqual(readdirSync(`${lab.folder}/root/snapshots`), []);
});

test('a start removes directories without a record and records without a directory', async () => {
  using lab = await testStage();
  prepare(lab.stage, 'kept');
  prepare(lab.stage, 'lost');
  rmSync(`${lab.folder}/root/snapshots/2`, { recursive: true });
  for (const name of ['77', 'rm-5']) mkdirSync(`${lab.folder}/root/snapshots/${name}/fs`, { recursive: true });
  await lab.restart();
  assert.deepEqual(readdirSync(`${lab.folder}/root/snapshots`), ['1']);
  assert.deepEqual(
    lab.stage.snapshots.list('n').map(({ key }) => key),
    ['kept'],
  );
});

test('a layer is unpacked only into a snapshot of this snapshotter', async () => {
  using lab = await testStage();
  const target = lab.stage.snapshots.writableDirectory(prepare(lab.stage, 'a'));
  assert.ok(existsSync(target));
  for (const source of ['/etc', `${lab.folder}/root/snapshots/../../..`, '']) {
    assert.throws(() => lab.stage.snapshots.writableDirectory([{ type: 'bind', source, options: [] }]), {
      kind: 'invalidArgument',
    });
  }
});

test('usage counts what the snapshot itself holds', async () => {
  using lab = await testStage();
  prepare(lab.stage, 'a');
  writeFileSync(`${lab.folder}/root/snapshots/1/fs/file`, 'x'.repeat(10_000));
  const { sizeBytes, inodes } = lab.stage.snapshots.usage('n', 'a');
  assert.equal(inodes, 2);
  assert.ok(sizeBytes >= 10_000);
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
    layer(lab.stage, 'base');
    const [mount] = lab.stage.snapshots.prepare('n', { key: 'c', parent: 'base', labels: mapping, kind: 'active' });
    assert.deepEqual(mount?.options.slice(-2), ['uidmap=0:100000:65536', 'gidmap=0:200000:65536']);
    assert.deepEqual(lab.stage.snapshots.mounts('n', 'c')[0]?.options, mount?.options);
    const { uid, gid } = statSync(`${lab.folder}/root/snapshots/2/fs`);
    assert.deepEqual([uid, gid], [100000, 200000]);
    assert.equal(statSync(`${lab.folder}/root/snapshots/1/fs`).uid, 0);
    const command = mountCommand(mount ?? { type: '', source: '', options: [] });
    assert.match(
      command,
      /^mount --bind -o 'X-mount\.idmap=u:0:100000:65536 g:0:200000:65536' (\S+\/1\/fs) \1 && mount -t overlay /,
    );
    assert.ok(!command.includes('uidmap'));
    assert.ok(!prepare(lab.stage, 'd', 'base')[0]?.options.some((option) => option.startsWith('uidmap')));
  },
);

test('what was written under one map cannot become a layer of all', root(), async () => {
  using lab = await testStage();
  layer(lab.stage, 'base');
  lab.stage.snapshots.prepare('n', { key: 'c', parent: 'base', labels: mapping, kind: 'active' });
  assert.throws(() => lab.stage.snapshots.commit('n', { key: 'c', name: 'made', labels: {} }), /its ids are mapped/);
});

test('a mapping that is half or malformed is refused by its label', async () => {
  using lab = await testStage();
  layer(lab.stage, 'base');
  for (const labels of [
    { 'containerd.io/snapshot/uidmapping': '0:1:1' },
    { ...mapping, 'containerd.io/snapshot/gidmapping': '0-1' },
  ])
    assert.throws(
      () => lab.stage.snapshots.prepare('n', { key: 'c', parent: 'base', labels, kind: 'active' }),
      /label containerd.io\/snapshot\/gidmapping "(0-1)?": expected container:host:count/,
    );
});
