// The disk fills up in the middle of a pull, a build and a commit: the error says what, how much room there is and what to do; nothing is
// half stored; the image that was there runs on, on the same disk. Needs root. Small data root: a tmpfs.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';

const needsRoot = root();
const megabyte = 1 << 20;
let engine: TestEngine;
let data: string;

const tlab = (...args: string[]) =>
  engine.tlab(args, { env: { TLAB_RUN_ROOT: `${engine.root}/small-run`, TLAB_DATA_ROOT: `${data}/data` } });

async function must(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await tlab(...args);
  assert.equal(status, 0, stderr);
  return stdout;
}

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  data = `${engine.root}/small`;
  mkdirSync(data);
  assert.equal((await run('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'none', data])).status, 0);
  mkdirSync(`${data}/data`);
  cpSync(`${engine.root}/data/library`, `${data}/data/library`, { recursive: true });
  await must('system', 'start');
  await must('pull', 'busybox');
});
after(async () => {
  if (needsRoot.skip !== false) return;
  await tlab('system', 'reset', '--yes');
  await run('umount', [data]);
  await engine.stop();
});

/** So much is left free while `body` runs. */
async function withRoomOf(bytes: number, body: () => Promise<void>): Promise<void> {
  const { bavail, bsize } = statfsSync(data);
  const fill = bavail * bsize - bytes;
  assert.ok(fill > 0, `only ${bavail * bsize} bytes are free`);
  writeFileSync(`${data}/fill`, Buffer.alloc(fill, 'x'));
  try {
    await body();
  } finally {
    rmSync(`${data}/fill`);
  }
}

const stored = (): Record<string, string[]> => {
  const folder = `${data}/data/containerd`;
  const names = (path: string) => (existsSync(path) ? readdirSync(path).sort() : []);
  return {
    blobs: names(`${folder}/blobs/sha256`),
    ingests: names(`${folder}/ingest`),
    snapshots: names(`${folder}/snapshots`),
    builds: names(`${data}/data/build/tmp`),
  };
};

/** The command fails for want of room and says so; what is stored is what was stored, and the image that is there runs. */
async function fails(args: string[], freeBytes: number): Promise<void> {
  const before = stored();
  await withRoomOf(freeBytes, async () => {
    const { status, stdout, stderr } = await tlab(...args);
    const said = `${stdout}${stderr}`;
    assert.notEqual(status, 0, `${args.join(' ')} with ${freeBytes} bytes\n${said}`);
    assert.match(said, /ENOSPC|disk of the image store is full|No space left on device/, said);
    assert.match(said, /: [\d.]+ k?M?B free of 50\.3 MB at \S+/, said);
    assert.match(said, /try: remove /, said);
    assert.deepEqual(stored(), before, said);
    assert.equal(await must('run', '--rm', 'busybox', 'echo', 'well'), 'well\n');
  });
}

for (const megabytes of [2, 5, 9]) {
  test(`a pull with ${megabytes} MB left fails whole`, needsRoot, async () => {
    await fails(['pull', 'nginx'], megabytes * megabyte);
    assert.doesNotMatch(await must('images'), /nginx/);
  });
}

test('a build whose context, or whose COPY, does not fit fails whole', needsRoot, async () => {
  const context = `${engine.root}/context`;
  mkdirSync(context);
  writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nCOPY large /\n');
  writeFileSync(`${context}/large`, Buffer.alloc(8 * megabyte, 'context'));
  await fails(['build', '-t', 'large', context], 3 * megabyte);
  await fails(['build', '-t', 'large', context], 11 * megabyte);
  assert.doesNotMatch(await must('images'), /large/);
});

test('a RUN that fills the disk fails with what its program says', needsRoot, async () => {
  const context = `${engine.root}/run-context`;
  mkdirSync(context);
  writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nRUN dd if=/dev/zero of=/large bs=1M count=40\n');
  const before = stored();
  await withRoomOf(4 * megabyte, async () => {
    const { status, stdout, stderr } = await tlab('build', context);
    assert.notEqual(status, 0);
    assert.match(`${stdout}${stderr}`, /No space left on device/);
    assert.deepEqual(stored(), before);
    assert.equal(await must('run', '--rm', 'busybox', 'echo', 'well'), 'well\n');
  });
});

test('a commit that does not fit fails whole, and the container is as it was', needsRoot, async () => {
  await must('run', '--name', 'writer', 'busybox', 'dd', 'if=/dev/urandom', 'of=/random', 'bs=1M', 'count=6');
  await fails(['commit', 'writer', 'kept'], 3 * megabyte);
  await fails(['commit', 'writer', 'kept'], 9 * megabyte);
  assert.match(await must('diff', 'writer'), /A \/random/);
  await must('commit', 'writer', 'kept');
  assert.match(await must('run', '--rm', 'kept', 'ls', '-l', '/random'), /6291456/);
  await must('rm', 'writer');
  await must('rmi', 'kept');
});

test(
  'a container that ends when nothing can be written down any more has ended for all who wait',
  needsRoot,
  async () => {
    const ends = 'until [ -e /go ]; do sleep 0.1; done; exit 4';
    await must('run', '--detach', '--restart', 'on-failure:1', '--name', 'brief', 'busybox', 'sh', '-c', ends);
    await must('run', '--detach', '--name', 'stays', 'busybox', 'sleep', '1000');
    await withRoomOf(0, async () => {
      const waited = tlab('wait', 'brief');
      await must('exec', 'brief', 'touch', '/go');
      const { status, stdout, stderr } = await waited;
      assert.deepEqual({ status, stdout }, { status: 0, stdout: '4\n' }, stderr);
      await must('pause', 'stays');
      await must('unpause', 'stays');
      await must('stop', '--time', '0', 'stays');
      await must('start', 'stays');
      assert.match(await must('ps'), /stays/);
      assert.equal((await tlab('stop', '--time', '0', 'stays', 'brief')).status, 0);
    });
    await must('rm', 'stays', 'brief');
  },
);

test('with room again all of it goes through', needsRoot, async () => {
  await must('pull', 'nginx');
  assert.match(await must('images'), /nginx/);
});
