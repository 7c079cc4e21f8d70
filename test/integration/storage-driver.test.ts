// A daemon whose storage-driver is vfs: everything that touches layers, without overlay; then the same data under overlay2. Needs root.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine({ configuration: { 'storage-driver': 'vfs' } });
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const snapshots = (name: string): string[] => readdirSync(`${engine.root}/data/containerd/${name}`);

test('a container runs on a copy of its image, and what it changes is told', needsRoot, async () => {
  const said = await engine.must(
    'run',
    '--name',
    'web',
    'busybox',
    'sh',
    '-c',
    'echo hello >/new && rm -f /bin/wc && stat -f -c %T /',
  );
  assert.doesNotMatch(said, /overlay/);
  assert.deepEqual(snapshots('snapshots'), []);
  assert.equal(snapshots('snapshots-native').length, 2);
  assert.match(await engine.must('info'), /Storage Driver: native/);
  const changes = (await engine.must('diff', 'web')).split('\n');
  assert.deepEqual(changes.filter((line) => /new|wc/.test(line)).sort(), ['A /new', 'D /usr/bin/wc']);
  assert.equal(await engine.must('run', '--rm', 'busybox', 'sh', '-c', 'ls /bin/wc'), '/bin/wc');
});

test('a commit and a build pack what was changed; what a layer hides is gone above it', needsRoot, async () => {
  await engine.must('commit', 'web', 'changed');
  assert.equal(
    await engine.must('run', '--rm', 'changed', 'sh', '-c', 'cat /new; ls /bin/wc 2>/dev/null || echo gone'),
    'hello\ngone',
  );
  const context = `${engine.root}/context`;
  mkdirSync(`${context}/dir`, { recursive: true });
  writeFileSync(`${context}/dir/file`, 'copied\n');
  const steps = [
    'FROM changed',
    'COPY dir /dir',
    'RUN mkdir /a && echo 1 >/a/b',
    'RUN rm -r /a && mkdir /a && echo 2 >/a/c && rm /new',
  ];
  writeFileSync(`${context}/Dockerfile`, `${steps.join('\n')}\n`);
  await engine.must('build', '-t', 'built', context);
  assert.equal(
    await engine.must('run', '--rm', 'built', 'sh', '-c', 'cat /dir/file; ls /a; ls /new 2>/dev/null || echo gone'),
    'copied\nc\ngone',
  );
});

test('an image goes with its snapshots', needsRoot, async () => {
  const before = snapshots('snapshots-native').length;
  await engine.must('rmi', 'built');
  await engine.must('builder', 'prune', '--all', '--force');
  assert.ok(snapshots('snapshots-native').length < before);
});

test(
  'under overlay2 images are unpacked when they are needed, and containers of before still start',
  needsRoot,
  async () => {
    await engine.must('system', 'stop');
    writeFileSync(`${engine.root}/daemon.json`, JSON.stringify({ 'storage-driver': 'overlay2' }));
    await engine.must('system', 'start');
    assert.match(await engine.must('info'), /Storage Driver: overlayfs/);
    assert.equal(
      await engine.must('run', '--rm', 'changed', 'sh', '-c', 'cat /new; ls /bin/wc 2>/dev/null || echo gone'),
      'hello\ngone',
    );
    const kept = snapshots('snapshots');
    assert.equal(kept.length, 2);
    await engine.must('image', 'prune', '--force');
    assert.deepEqual(snapshots('snapshots'), kept, 'the image keeps what was unpacked for it');
    assert.match(await engine.must('start', '-a', 'web'), /\S/);
    await engine.must('rm', 'web');
    const context = `${engine.root}/again`;
    mkdirSync(context);
    writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nRUN test -e /bin/wc\n');
    await engine.must('build', '-t', 'again', context);
  },
);

test('a layer beyond the limits of daemon.json is refused, with the limit', needsRoot, async () => {
  await engine.must('system', 'stop');
  writeFileSync(`${engine.root}/daemon.json`, JSON.stringify({ 'layer-limits': { bytes: '1g', entries: 3 } }));
  await engine.must('system', 'start');
  const { status, stderr, stdout } = await engine.tlab(['pull', 'nginx']);
  assert.notEqual(status, 0);
  assert.match(`${stdout}${stderr}`, /more than 3 entries/);
});
