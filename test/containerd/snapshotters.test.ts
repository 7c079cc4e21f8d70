// What every snapshotter promises, for each of them: life of a snapshot, what a snapshot of a layer shows, what a crash leaves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import type { Mount } from '../../src/containerd/snapshot/mounts.ts';
import { type PrepareRequest, snapshotFields } from '../../src/containerd/snapshot/snapshots.ts';
import { snapshotterOf, snapshotterWith } from '../../src/containerd/snapshot/snapshotters.ts';
import { layersOf } from '../../src/kernel/snapshot-mounts.ts';
import { root } from '../helpers/root.ts';
import { type TestStage, testStage } from './stores.ts';

interface Lab extends TestStage {
  folder: string;
  prepare(key: string, parent?: string, kind?: PrepareRequest['kind']): Promise<Mount[]>;
  commit(key: string, name: string): Promise<void>;
  /** A committed snapshot; `fill` writes its files. */
  layer(name: string, parent?: string, fill?: (directory: string) => void): Promise<void>;
  names(): string[];
}

async function labOf(name: string): Promise<Lab> {
  const stage = await testStage();
  const snapshots = () => snapshotterOf(stage.stage, name);
  const lab: Lab = Object.assign(stage, {
    prepare: (key: string, parent = '', kind: PrepareRequest['kind'] = 'active') =>
      snapshots().prepare('n', { key, parent, labels: {}, kind }),
    commit: (key: string, committed: string) => snapshots().commit('n', { key, name: committed, labels: {} }),
    async layer(committed: string, parent = '', fill: (directory: string) => void = () => undefined) {
      const [directory = ''] = layersOf(await lab.prepare(`making ${committed}`, parent));
      fill(directory);
      await lab.commit(`making ${committed}`, committed);
    },
    names: () => readdirSync(snapshots().folder).sort(),
  });
  return lab;
}

/** Of the merged tree, by the directories that the mounts stack: enough for files that nothing hides. */
const found = (mounts: readonly Mount[], path: string): string | undefined =>
  layersOf(mounts)
    .map((layer) => `${layer}/${path}`)
    .find((place) => existsSync(place));

for (const name of ['overlayfs', 'native']) {
  test(`${name}: keys are unique, parents are committed, children keep their parents`, async () => {
    using lab = await labOf(name);
    const snapshots = snapshotterOf(lab.stage, name);
    await lab.layer('base');
    await lab.prepare('c', 'base');
    await assert.rejects(lab.prepare('c', 'base'), { kind: 'alreadyExists' });
    await assert.rejects(lab.prepare('base'), { kind: 'alreadyExists' });
    await assert.rejects(lab.prepare('d', 'nope'), { kind: 'notFound' });
    await assert.rejects(lab.prepare('d', 'c'), { kind: 'invalidArgument' });
    await assert.rejects(lab.prepare(''), { kind: 'invalidArgument' });
    await assert.rejects(snapshots.remove('n', 'base'), { kind: 'conflict' });
    await assert.rejects(lab.commit('base', 'x'), { kind: 'conflict' });
    await assert.rejects(lab.commit('c', 'base'), { kind: 'alreadyExists' });
    await assert.rejects(lab.commit('nope', 'x'), { kind: 'notFound' });
    assert.throws(() => snapshots.mounts('n', 'base'), { kind: 'conflict' });
    await snapshots.remove('n', 'c');
    await snapshots.remove('n', 'base');
    await assert.rejects(snapshots.remove('n', 'base'), { kind: 'notFound' });
    assert.deepEqual(lab.names(), []);
  });

  test(`${name}: of two who prepare the same key at once one gets it, and nothing is left of the other`, async () => {
    using lab = await labOf(name);
    await lab.layer('base');
    const both = await Promise.allSettled([lab.prepare('c', 'base'), lab.prepare('c', 'base')]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(lab.names().length, 2);
  });

  test(`${name}: namespaces do not see each other's snapshots`, async () => {
    using lab = await labOf(name);
    const snapshots = snapshotterOf(lab.stage, name);
    await lab.layer('base');
    assert.throws(() => snapshots.stat('other', 'base'), { kind: 'notFound' });
    await assert.rejects(snapshots.prepare('other', { key: 'c', parent: 'base', labels: {}, kind: 'active' }), {
      kind: 'notFound',
    });
    assert.deepEqual(snapshots.list('other'), []);
  });

  test(`${name}: a snapshot shows its parents' files; what is written into it changes no parent`, async () => {
    using lab = await labOf(name);
    await lab.layer('base', '', (directory) => writeFileSync(`${directory}/base`, 'of base'));
    await lab.layer('top', 'base', (directory) => writeFileSync(`${directory}/top`, 'of top'));
    const mounts = await lab.prepare('c', 'top');
    for (const file of ['base', 'top']) assert.equal(readFileSync(found(mounts, file) ?? '', 'utf8'), `of ${file}`);
    assert.deepEqual(snapshotterOf(lab.stage, name).mounts('n', 'c'), mounts);
    writeFileSync(`${layersOf(mounts)[0]}/base`, 'changed');
    const others = await lab.prepare('d', 'top', 'view');
    assert.equal(readFileSync(found(others, 'base') ?? '', 'utf8'), 'of base');
    assert.ok(
      others.every(({ options }) => options.includes('ro') || options.every((one) => !one.startsWith('upperdir'))),
    );
  });

  test(`${name}: the tree of a parent is there as it was`, root(), async () => {
    using lab = await labOf(name);
    await lab.layer('base', '', (directory) => {
      writeFileSync(`${directory}/a`, 'a', { mode: 0o4711 });
      linkSync(`${directory}/a`, `${directory}/b`);
      symlinkSync('/nowhere', `${directory}/link`);
      mkdirSync(`${directory}/sticky`);
      const shell = `cd '${directory}' && chmod 1777 sticky . && chown 70000:4000000000 a && chmod 4711 a && mknod device c 1 3 && mkfifo fifo &&
        setfattr -n user.x -v y a && setfattr -n trusted.t -v z sticky && truncate -s 10000000 hole && touch -d @1.123456789 a sticky`;
      const { status, stderr } = spawnSync('sh', ['-ec', shell], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      utimesSync(`${directory}/hole`, 1, 1);
    });
    const mounts = await lab.prepare('c', 'base');
    const place = (path: string) => found(mounts, path) ?? '';
    const told = (path: string) => {
      const { uid, gid, mode, mtimeNs, nlink, rdev } = lstatSync(path, { bigint: true });
      return `${uid} ${gid} ${mode.toString(8)} ${mtimeNs} ${nlink} ${rdev}`;
    };
    assert.equal(told(place('a')), '70000 4000000000 104711 1123456789 2 0');
    assert.equal(statSync(place('a')).ino, statSync(place('b')).ino);
    assert.equal(told(place('sticky')), '0 0 41777 1123456789 2 0');
    assert.match(told(place('device')), / 20644 \d+ 1 259$/);
    assert.ok(lstatSync(place('fifo')).isFIFO());
    assert.ok(statSync(place('hole')).blocks < 100);
    assert.equal(lstatSync(`${layersOf(mounts).at(-1)}/link`).isSymbolicLink(), true);
    assert.equal(statSync(layersOf(mounts)[0] ?? '').mode & 0o7777, 0o1777);
    const attributes = spawnSync('getfattr', ['-dm-', '--absolute-names', place('a'), place('sticky')]);
    assert.match(attributes.stdout.toString(), /user\.x="y"[\s\S]*trusted\.t="z"/);
  });

  test(`${name}: a start removes directories without a record, records without a directory, and what was being made`, async () => {
    using lab = await labOf(name);
    const { folder } = snapshotterOf(lab.stage, name);
    await lab.prepare('kept');
    await lab.prepare('lost');
    const [kept, lost] = lab.names();
    rmSync(`${folder}/${lost}`, { recursive: true });
    for (const half of ['77', 'rm-5', 'new-x']) mkdirSync(`${folder}/${half}/fs/deep`, { recursive: true });
    await lab.restart();
    assert.deepEqual(lab.names(), [kept]);
    const left = snapshotterOf(lab.stage, name).list('n');
    assert.deepEqual(
      left.map(({ key }) => key),
      ['kept'],
    );
  });

  test(`${name}: cleaning up takes nothing that is being made`, async () => {
    using lab = await labOf(name);
    await lab.layer('base', '', (directory) => writeFileSync(`${directory}/file`, 'x'));
    const making = lab.prepare('c', 'base');
    await snapshotterOf(lab.stage, name).sweep();
    assert.ok(found(await making, 'file'));
  });

  test(`${name}: a layer is unpacked only into an active snapshot of it`, async () => {
    using lab = await labOf(name);
    const mounts = await lab.prepare('a');
    const chosen = snapshotterWith(lab.stage, mounts);
    assert.equal(chosen.name, name);
    const { directory } = chosen.unpackingPlace(mounts);
    assert.ok(existsSync(directory));
    for (const source of ['/etc', `${directory}/../../../..`, '', chosen.folder]) {
      assert.throws(() => snapshotterWith(lab.stage, [{ type: 'bind', source, options: [] }]), {
        kind: 'invalidArgument',
      });
    }
  });

  test(`${name}: usage counts what the snapshot's own directory holds; labels and filters as clients know them`, async () => {
    using lab = await labOf(name);
    const snapshots = snapshotterOf(lab.stage, name);
    const mounts = await lab.prepare('a');
    writeFileSync(`${layersOf(mounts)[0]}/file`, 'x'.repeat(10_000));
    const { sizeBytes, inodes } = await snapshots.usage('n', 'a');
    assert.equal(inodes, 2);
    assert.ok(sizeBytes >= 10_000);
    await lab.commit('a', 'layer');
    assert.deepEqual(await snapshots.usage('n', 'layer'), { sizeBytes, inodes });
    assert.equal(snapshots.stat('n', 'layer').labels['io.tlab/file-bytes'], '10000');
    snapshots.update('n', { key: 'layer', labels: { one: '1' }, mask: ['labels.one'] });
    assert.equal(snapshotFields(snapshots.stat('n', 'layer'))(['labels', 'one']), '1');
  });

  test(`${name}: a container's snapshot keeps its parents from the collector, a lease keeps its own`, async () => {
    using lab = await labOf(name);
    const snapshots = snapshotterOf(lab.stage, name);
    lab.stage.namespaces.ensure('n');
    for (const key of ['base', 'held', 'orphan']) await lab.layer(key);
    await lab.layer('top', 'base');
    await lab.prepare('c', 'top');
    const { id } = lab.stage.leases.create('n', '', {});
    lab.stage.leases.addResource('n', id, { type: `snapshots/${name}`, id: 'held' });
    assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 0, snapshots: 1 });
    assert.deepEqual(
      snapshots.list('n').map(({ key }) => key),
      ['base', 'held', 'top', 'c'],
    );
    await snapshots.remove('n', 'c');
    lab.stage.leases.delete('n', id);
    assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 0, snapshots: 3 });
    assert.deepEqual(lab.names(), []);
  });
}

test('the same key in two snapshotters is two snapshots', async () => {
  using lab = await testStage();
  lab.stage.namespaces.ensure('n');
  for (const name of ['overlayfs', 'native']) {
    const snapshots = snapshotterOf(lab.stage, name);
    await snapshots.prepare('n', { key: 'making', parent: '', labels: {}, kind: 'active' });
    await snapshots.commit('n', { key: 'making', name: 'chain', labels: {} });
  }
  const { id } = lab.stage.leases.create('n', '', {});
  lab.stage.leases.addResource('n', id, { type: 'snapshots/native', id: 'chain' });
  assert.deepEqual(await lab.stage.collectGarbage(), { blobs: 0, snapshots: 1 });
  assert.equal(snapshotterOf(lab.stage, 'native').find('n', 'chain')?.key, 'chain');
  assert.equal(snapshotterOf(lab.stage, 'overlayfs').find('n', 'chain'), undefined);
});

test('a snapshotter that is not there is refused in the words of containerd', async () => {
  using lab = await testStage();
  assert.throws(() => snapshotterOf(lab.stage, 'zfs'), { message: 'snapshotter not loaded: zfs: not found' });
});

test('native: mapped ids are refused by name', async () => {
  using lab = await testStage();
  const labels = {
    'containerd.io/snapshot/uidmapping': '0:1000:10',
    'containerd.io/snapshot/gidmapping': '0:1000:10',
  };
  const made = snapshotterOf(lab.stage, 'native').prepare('n', { key: 'c', parent: '', labels, kind: 'active' });
  await assert.rejects(made, /native snapshotter cannot map the ids/);
});
