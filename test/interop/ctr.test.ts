// The real ctr against tlab-containerd: images, containers, tasks, with containerd's own shim and runc and with ours.
// Needs root, and Debian's containerd (ctr, containerd-shim-runc-v2), runc and busybox-static.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connectContainerd } from '../../src/containerd/client.ts';
import { makeArchive } from '../helpers/oci-archive.ts';
import { root } from '../helpers/root.ts';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = new URL('../../src/containerd/main.ts', import.meta.url).pathname;
const image = 'docker.io/library/hello:latest';
const runtimes = ['io.containerd.runc.v2', 'io.containerd.tlab.v2'] as const;

let folder = '';
let address = '';
let server: ReturnType<typeof start>;

const ctr = (...args: string[]): Promise<Ran> => run('ctr', ['-a', address, ...args], { timeoutMs: 20_000 });
const ok = (...args: string[]): Promise<string> => must('ctr', ['-a', address, ...args], { timeoutMs: 20_000 });

async function startServer(): Promise<void> {
  rmSync(address, { force: true });
  server = start(process.execPath, [program], {
    env: { TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` },
  });
  await waitUntil(() => existsSync(address), { what: 'the server to listen' });
}

const bundles = (): string[] => {
  const place = `${folder}/run/containerd/io.containerd.runtime.v2.task/default`;
  return existsSync(place) ? readdirSync(place) : [];
};

const hasStopped = (id: string) => async (): Promise<boolean> =>
  new RegExp(`${id}\\s+\\d+\\s+STOPPED`).test(await ok('tasks', 'ls'));

before(async () => {
  if (root().skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-ctr-');
  address = `${folder}/run/containerd/containerd.sock`;
  await startServer();
  await ok('images', 'import', '--base-name', 'docker.io/library/hello', await makeArchive(folder));
});

after(async () => {
  if (root().skip !== false) return;
  await server.stop();
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder));
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(mounts, []);
});

test('version, plugins and namespaces are told', root(), async () => {
  assert.match(await ok('version'), /Server:\n\s+Version:\s+\S*tlab/);
  assert.match(await ok('plugins', 'ls'), /snapshotter\.v1\s+overlayfs\s+linux\/\w+\s+ok/);
  await ok('namespaces', 'create', 'other', 'a=b');
  assert.match(await ok('namespaces', 'ls'), /other\s+a=b/);
  await ok('namespaces', 'rm', 'other');
});

test('an imported image has its content and one snapshot a layer', root(), async () => {
  assert.match(await ok('images', 'ls'), /docker\.io\/library\/hello:latest/);
  assert.equal((await ok('snapshots', 'ls')).split('\n').length, 3);
  const digest = /sha256:\w+/.exec(await ok('images', 'ls'))?.[0] ?? '';
  assert.match(await ok('content', 'get', digest), /"layers"/);
});

test('a tag can be added and removed; the image goes with all that it held', root(), async () => {
  await ok('-n', 'gone', 'images', 'import', '--base-name', 'docker.io/library/hello', `${folder}/image.tar`);
  await ok('-n', 'gone', 'images', 'tag', image, 'docker.io/library/hello:two');
  await ok('-n', 'gone', 'images', 'rm', '--sync', image);
  assert.equal((await ok('-n', 'gone', 'snapshots', 'ls')).split('\n').length, 3);
  await ok('-n', 'gone', 'images', 'rm', '--sync', 'docker.io/library/hello:two');
  assert.equal(await ok('-n', 'gone', 'content', 'ls', '-q'), '');
  assert.equal((await ok('-n', 'gone', 'snapshots', 'ls')).split('\n').length, 1);
});

for (const runtime of runtimes) {
  const name = runtime.split('.')[2];
  const inRuntime = (...args: string[]) => ctr('run', '--runtime', runtime, ...args);

  test(`${name}: run prints its output, hands on its status and leaves nothing`, root(), async () => {
    const ran = await inRuntime('--rm', image, 'r1', '/bin/sh', '-c', 'cat /etc/hello; exit 7');
    assert.deepEqual([ran.stdout, ran.status], ['hi\n', 7]);
    assert.equal(await ok('containers', 'ls', '-q'), '');
    assert.equal(await ok('tasks', 'ls', '-q'), '');
    assert.deepEqual(bundles(), []);
  });

  test(`${name}: a program that does not exist is refused and leaves no bundle`, root(), async () => {
    const ran = await inRuntime('--rm', image, 'bad', '/nope');
    assert.notEqual(ran.status, 0);
    assert.match(ran.stderr, /nope/);
    assert.deepEqual(bundles(), []);
  });

  test(`${name}: a root filesystem without an image will do`, root(), async () => {
    const ran = await inRuntime('--rm', '--rootfs', `${folder}/base`, 'plain', '/bin/echo', 'from a folder');
    assert.equal(ran.stdout, 'from a folder\n');
  });

  test(
    `${name}: exec, ps, pause, resume and metrics work, and a task outlives kill -9 of its server`,
    root(),
    async () => {
      await ok('run', '-d', '--runtime', runtime, image, 'long', '/bin/sleep', '1000');
      assert.equal(await ok('tasks', 'exec', '--exec-id', 'e1', 'long', '/bin/echo', 'inside'), 'inside');
      assert.match(await ok('tasks', 'ps', 'long'), /^\d+/m);
      await ok('tasks', 'pause', 'long');
      assert.match(await ok('tasks', 'ls'), /PAUSED/);
      assert.match((await ctr('tasks', 'pause', 'long')).stderr, /it is paused, must be running/);
      await ok('tasks', 'resume', 'long');
      assert.match(await ok('tasks', 'metrics', 'long'), /memory/);
      assert.notEqual((await ctr('containers', 'rm', 'long')).status, 0);

      await server.stop('SIGKILL');
      await startServer();
      assert.match(await ok('tasks', 'ls'), /long\s+\d+\s+RUNNING/);
      assert.equal(await ok('tasks', 'exec', '--exec-id', 'e2', 'long', '/bin/echo', 'again'), 'again');
      await ok('tasks', 'kill', '-s', 'SIGKILL', 'long');
      await waitUntil(hasStopped('long'), { what: 'the task to stop' });
      await ctr('tasks', 'rm', 'long');
      await ok('containers', 'rm', 'long');
      assert.deepEqual(bundles(), []);
    },
  );

  test(`${name}: when a shim is killed its container goes too, and its end is an event`, root(), async () => {
    await ok('run', '-d', '--runtime', runtime, image, 'orphan', '/bin/sleep', '1000');
    const client = connectContainerd({ address, namespace: 'default' });
    const stop = new AbortController();
    const exits = client.events.subscribe(
      { filters: ['topic==/tasks/exit,event.container_id==orphan'] },
      { signal: stop.signal },
    );
    const exit = exits[Symbol.asyncIterator]().next();
    const { processes } = await client.tasks.listPids({ containerId: 'orphan' });
    const pid = processes[0]?.pid ?? 0;
    process.kill(parentOf(pid), 'SIGKILL');
    assert.equal((await exit).value.topic, '/tasks/exit');
    stop.abort();
    await assert.rejects(client.tasks.get({ containerId: 'orphan' }), { kind: 'notFound' });
    client.close();
    await waitUntil(() => !isAlive(pid), { what: 'the container to be gone' });
    await ok('containers', 'rm', 'orphan');
    assert.deepEqual(bundles(), []);
  });
}

/** @source man proc(5) /proc/pid/status */
const parentOf = (pid: number): number =>
  Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/status`) && !/State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
