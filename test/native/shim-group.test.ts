// Groups: containers whose config.json names the same group share one shim, under real containerd and driven directly.
// Needs root, containerd, ctr, runc, busybox-static. Leaves nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type BareShim, ourShim, ShimPlace } from '../helpers/bare-shim.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { Containerd, hasEnded, missing } from '../helpers/real-containerd.ts';
import { SwapPlace, SwapTask } from '../helpers/swap.ts';
import { waitUntil } from '../helpers/wait.ts';

const parentOf = (pid: number): number =>
  Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('a group of containers', { skip: missing('/usr/sbin/runc') }, () => {
  let containerd: Containerd;
  before(async () => {
    containerd = new Containerd({ runtime: '/usr/sbin/runc' });
    await containerd.start();
  });
  after(() => containerd.dispose());

  /** Starts a container of the group and returns the pids of its process and of its shim. */
  const join = (group: string, id: string, ...argv: string[]) => {
    const flags = ['-d', '--annotation', `io.containerd.runc.v2.group=${group}`];
    const { status, stderr } = containerd.ctr(
      ...containerd.runArgs(flags, id, ...(argv.length ? argv : ['/bin/sleep', '1000'])),
    );
    assert.equal(status, 0, stderr);
    const pid = containerd.task(id)?.pid ?? 0;
    return { pid, shim: parentOf(pid) };
  };
  const remove = (id: string): void => {
    containerd.ctr('t', 'rm', '-f', id);
    assert.equal(containerd.ctr('c', 'rm', id).status, 0);
  };
  const sockets = (): string[] => readdirSync(`${containerd.root}/run/s`);

  test('has one shim, which goes with the last of them', async () => {
    const [a, b, c] = [join('pod', 'a'), join('pod', 'b'), join('other', 'c')];
    assert.equal(b.shim, a.shim);
    assert.notEqual(c.shim, a.shim);
    assert.equal(sockets().length, 2);
    assert.equal(containerd.ctr('t', 'exec', '--exec-id', 'e', 'b', '/bin/sh', '-c', 'exit 6').status, 6);
    remove('a'); // the one whose bundle is the shim's working directory
    assert.equal(existsSync(containerd.bundle('a')), false);
    assert.equal(containerd.task('b')?.status, 'RUNNING');
    assert.deepEqual(containerd.ctr('t', 'exec', '--exec-id', 'f', 'b', '/bin/echo', 'still'), {
      ...{ status: 0, stdout: 'still\n' },
      stderr: '',
    });
    assert.equal(join('pod', 'd').shim, a.shim);
    for (const id of ['b', 'd', 'c']) remove(id);
    await waitUntil(() => hasEnded(a.shim) && hasEnded(c.shim), { what: 'the shims to go' });
    assert.deepEqual(sockets(), []);
  });

  test('starts at once, and still meets at one shim', async () => {
    const ids = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];
    const flags = ['-d', '--annotation', 'io.kubernetes.cri.sandbox-id=many'];
    const children = ids.map((id) => containerd.spawn(...containerd.runArgs(flags, id, '/bin/sleep', '1000')));
    const statuses = await Promise.all(children.map((child) => new Promise((done) => child.once('exit', done))));
    assert.deepEqual(
      statuses,
      ids.map(() => 0),
    );
    const shims = new Set(ids.map((id) => parentOf(containerd.task(id)?.pid ?? 0)));
    assert.equal(shims.size, 1);
    for (const id of ids) remove(id);
    assert.deepEqual(sockets(), []);
  });

  test('is cleared container by container after its shim was killed', async () => {
    const [x, y] = [join('lost', 'x'), join('lost', 'y')];
    process.kill(x.shim, 'SIGKILL');
    await waitUntil(() => !existsSync(containerd.bundle('x')) && !existsSync(containerd.bundle('y')), {
      what: 'the bundles to go',
    });
    await waitUntil(() => hasEnded(x.pid) && hasEnded(y.pid), { what: 'the programs to end' });
    assert.deepEqual(sockets(), []);
    for (const id of ['x', 'y']) containerd.ctr('c', 'rm', id);
  });
});

describe('the delete action of one of a group', { skip: missing('/usr/sbin/runc') }, () => {
  const place = new ShimPlace();
  after(() => place.dispose());
  const ends = async (key: string, group: string): Promise<void> => {
    const edit = (config: RuntimeConfig): void => {
      config.annotations = { [key]: group };
    };
    const [one, two] = [
      await place.start('one', ['/bin/sleep', '1000'], { edit }),
      await place.start('two', ['/bin/sleep', '1000'], { edit }),
    ];
    assert.equal(two.pid, one.pid);
    const { pid: first } = await one.client.task.create({ id: 'one', bundle: one.bundle, rootfs: place.rootfs() });
    const { pid: second } = await two.client.task.create({ id: 'two', bundle: two.bundle, rootfs: place.rootfs() });
    await assert.rejects(two.client.task.create({ id: 'two', bundle: two.bundle }), /already exists/);
    await one.client.task.start({ id: 'one' });
    await two.client.task.start({ id: 'two' });
    assert.equal((await two.client.task.connect({ id: 'two' })).taskPid, second);
    assert.equal(place.action(one.bundle, 'one', 'delete').status, 0);
    await waitUntil(() => hasEnded(first), { what: 'the first to end' });
    await assert.rejects(one.client.task.state({ id: 'one' }), /container "one": not found/);
    assert.equal((await two.client.task.state({ id: 'two' })).pid, second);
    assert.equal(place.mounts().length, 1);
    assert.equal(place.action(two.bundle, 'two', 'delete').status, 0);
    await waitUntil(() => hasEnded(second) && hasEnded(two.pid), { what: 'the second and the shim to end' });
    assert.deepEqual(place.mounts(), []);
    assert.deepEqual(readdirSync(`${place.root}/run/s`), []);
    one.client.close();
    two.client.close();
    for (const { bundle } of [one, two]) rmSync(bundle, { recursive: true });
  };

  test('ends that container, and leaves the others their shim', () =>
    ends('io.containerd.runc.v2.group', 'a "quoted" name'));

  test('does so too for the first of a pod, whose id is the name of the group', () =>
    ends('io.kubernetes.cri.sandbox-id', 'one'));
});

describe('the trace of a group', { skip: missing('/usr/sbin/runc') }, () => {
  const traceId = '0123456789abcdef0123456789abcdef';
  const place = new ShimPlace(ourShim, { TRACEPARENT: `00-${traceId}-00000000000000aa-01` });
  const parts = `${place.root}/traces/${traceId}/parts`;
  before(() => void mkdirSync(parts, { recursive: true }));
  after(() => place.dispose());

  test('says who started the shim and who joined it', () => {
    const edit = (config: RuntimeConfig): void => {
      config.annotations = { 'io.containerd.runc.v2.group': 'pod' };
    };
    for (const id of ['first', 'second'])
      assert.equal(place.action(place.bundle(id, ['true'], { edit }), id, 'start').status, 0);
    const events = readdirSync(parts).flatMap((name) =>
      readFileSync(`${parts}/${name}`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    const told = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
    const [started] = told('shim.server-started');
    assert.equal(started.id, 'first');
    assert.deepEqual(told('shim.server-joined'), [{ id: 'second', group: 'pod', socket: started.socket }]);
    process.kill(started.shimPid, 'SIGTERM');
  });
});

describe('a group of thirty under a limit of 128 descriptors', { skip: missing('/usr/sbin/runc') }, () => {
  const folder = mkdtempSync('/tmp/tlab-few-');
  writeFileSync(`${folder}/shim`, `#!/bin/sh\nulimit -Sn 128\nexec ${ourShim} "$@"\n`, { mode: 0o755 });
  writeFileSync(`${folder}/runc`, `#!/bin/sh\nulimit -Sn >>${folder}/limits\nexec runc "$@"\n`, { mode: 0o755 });
  const place = new ShimPlace(`${folder}/shim`, { TLAB_RUNTIME: `${folder}/runc` });
  after(() => {
    place.dispose();
    rmSync(folder, { recursive: true });
  });

  test('fits into one small shim, which raises the limit for itself and not for them', async () => {
    const edit = (config: RuntimeConfig): void => {
      config.annotations = { 'io.containerd.runc.v2.group': 'thirty' };
    };
    const shims: BareShim[] = [];
    for (let n = 1; n <= 30; n++) {
      const shim = await place.start(`n${n}`, ['/bin/sleep', '1000'], { edit });
      const stdio = { stdin: shim.fifo('in'), stdout: shim.fifo('out'), stderr: shim.fifo('err') };
      const { task } = shim.client;
      await task.create({ id: shim.id, bundle: shim.bundle, rootfs: place.rootfs(), ...stdio });
      await task.start({ id: shim.id });
      shims.push(shim);
    }
    const [first] = shims as [BareShim];
    assert.deepEqual([...new Set(shims.map(({ pid }) => pid))], [first.pid]);
    assert.deepEqual(new Set(readFileSync(`${folder}/limits`, 'utf8').trim().split('\n')), new Set(['128']));
    const status = readFileSync(`/proc/${first.pid}/status`, 'utf8');
    if (!process.env.TLAB_SANITIZE) assert.ok(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) <= 1536, status);
    for (const { client, id } of shims) {
      await client.task.kill({ id, signal: 9 });
      assert.equal((await client.task.wait({ id })).exitStatus, 137);
      await client.task.delete({ id });
      await client.task.shutdown({ id });
      client.close();
    }
    await waitUntil(() => hasEnded(first.pid), { what: 'the shim to go' });
    assert.deepEqual(place.mounts(), []);
  });
});

describe('a group under tlab-containerd', { skip: missing('/usr/sbin/runc') }, () => {
  const place = new SwapPlace('tlab-containerd');
  before(() => place.start());
  after(() => place.dispose());

  test('has one shim, and each of its tasks ends by itself', async () => {
    const [one, two] = [new SwapTask(place), new SwapTask(place)];
    try {
      for (const task of [one, two]) {
        const edit = (config: RuntimeConfig): void => {
          config.annotations = { 'io.containerd.runc.v2.group': 'pod' };
        };
        await task.create(['tlab-containerd', 'containerd-shim-tlab-v2', 'tlab-runc'], {
          args: ['/bin/sleep', '1000'],
          edit,
        });
        await task.start();
      }
      assert.equal(parentOf(two.pid), parentOf(one.pid));
      await place.client.tasks.kill({ containerId: one.id, signal: 9 });
      assert.equal(await one.wait(), 137);
      assert.equal(await one.delete(), 137);
      assert.deepEqual(one.left(), []);
      assert.equal((await two.exec('e', ['/bin/echo', 'still'])).output, 'still\n');
    } finally {
      await one.discard();
      await two.discard();
    }
    assert.deepEqual(two.left(), []);
  });
});
