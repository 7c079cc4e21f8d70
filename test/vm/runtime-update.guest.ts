// The runtime by itself on a version 2 host, second part: updates, threaded cgroups, statistics, a host that is a container itself. Runs
// inside the machine of run.ts, as root.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import {
  alike,
  beside,
  bundleOf,
  call,
  cgroupRoot,
  everything,
  folder,
  id,
  mustCall,
  programs,
  type Runtime,
  setting,
  settings,
} from './runtime-place.ts';

before(() => {
  assert.deepEqual(readFileSync('/proc/self/cgroup', 'utf8').split('\n').length, 2, 'only version 2 is mounted');
});
after(() => must('rmdir', [`${cgroupRoot}/tlab-vm`]));

test('update writes the files that runc writes', async () => {
  const bundle = await bundleOf(['sleep', '1000'], everything);
  const flags = ['--memory', '134217728', '--memory-swap', '167772160', '--cpu-quota', '20000', '--cpu-share', '2048'];
  const updated = (runtime: Runtime) =>
    beside(runtime, bundle, async () => {
      await mustCall(runtime, 'update', ...flags, '--pids-limit', '7', id);
      return settings();
    });
  const ours = await updated('tlab');
  assert.equal(ours['cpu.weight'], '174');
  assert.deepEqual(alike(ours), alike(await updated('runc')));
});

const updateWith = (resources: unknown): Promise<Ran> => {
  const file = `${folder}/resources.json`;
  writeFileSync(file, JSON.stringify(resources));
  return call('tlab', 'update', '--resources', file, id);
};

test('an update of device rules puts another program on the cgroup, and one of other limits leaves it', async () => {
  const bundle = await bundleOf(['sleep', '1000'], (config) => {
    const { capabilities } = config.process as unknown as { capabilities: Record<string, string[]> };
    for (const set of ['bounding', 'permitted', 'effective']) capabilities[set]?.push('CAP_MKNOD');
  });
  await beside('tlab', bundle, async () => {
    const opens = async (node: string): Promise<boolean> => {
      const script = `rm -f /dev/node; mknod /dev/node ${node} && : </dev/node`;
      return (await call('tlab', 'exec', id, 'sh', '-c', script)).status === 0;
    };
    const seen = async () => [await opens('c 10 237'), await opens('c 1 3')];
    assert.deepEqual(await seen(), [false, true]);
    assert.equal(
      (await updateWith({ devices: [{ allow: true, type: 'c', major: 10, minor: 237, access: 'rw' }] })).status,
      0,
    );
    assert.deepEqual(await seen(), [true, true]);
    assert.equal((await updateWith({ pids: { limit: 50 } })).status, 0);
    assert.deepEqual(await seen(), [true, true]);
    assert.equal((await updateWith({ devices: [] })).status, 0);
    assert.deepEqual(await seen(), [false, true]);
  });
});

test('with checkBeforeUpdate a limit below the use is refused, and nobody is killed', async () => {
  const bundle = await bundleOf(['sh', '-c', 'head -c 20000000 /dev/zero >/dev/shm/file; exec sleep 1000']);
  await beside('tlab', bundle, async () => {
    while (Number(setting('memory.current')) < 20_000_000) await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = await updateWith({ memory: { limit: 8_000_000, checkBeforeUpdate: true } });
    assert.match(refused.stderr, /memory\/limit: 8000000: expected at least what is used/);
    assert.deepEqual([refused.status, setting('memory.max')], [1, 'max']);
    assert.match(setting('memory.events'), /oom_kill 0/);
  });
});

test('in a threaded cgroup a container runs, is signalled and removed; limits of a whole domain are refused', async () => {
  const threaded = `${cgroupRoot}/tlab-vm-threads/threaded`;
  mkdirSync(threaded, { recursive: true });
  try {
    writeFileSync(`${threaded}/cgroup.type`, 'threaded');
    const inThreads = (resources: unknown) =>
      bundleOf(
        ['sleep', '1000'],
        (config) => Object.assign(config.linux, { cgroupsPath: `/tlab-vm-threads/threaded/${id}`, resources }),
        false,
      );
    const bundle = await inThreads({ cpu: { shares: 1024 }, pids: { limit: 9 } });
    await start(programs.tlab, ['--root', `${folder}/tlab`, 'create', '--bundle', bundle, id]).ended;
    await mustCall('tlab', 'start', id);
    const { pid } = JSON.parse(await mustCall('tlab', 'state', id));
    assert.equal(readFileSync(`${threaded}/${id}/cgroup.type`, 'utf8').trim(), 'threaded');
    assert.equal(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), `0::/tlab-vm-threads/threaded/${id}\n`);
    assert.equal(readFileSync(`${threaded}/${id}/pids.max`, 'utf8'), '9\n');
    assert.deepEqual(JSON.parse(await mustCall('tlab', 'ps', '--format', 'json', id)), [pid]);
    const second = await call('tlab', 'create', '--bundle', bundle, 'second');
    assert.match(second.stderr, /not empty: 1 process/);
    await mustCall('tlab', 'delete', '--force', id);
    assert.ok(!existsSync(`${threaded}/${id}`));
    const refused = await call('tlab', 'create', '--bundle', await inThreads({ memory: { limit: 67108864 } }), id);
    assert.match(refused.stderr, /resources\/memory: the cgroup ".*" is threaded/);
  } finally {
    await call('tlab', 'delete', '--force', id);
    await must('rmdir', [threaded, `${cgroupRoot}/tlab-vm-threads`]);
  }
});

test('stats agree with the files of the cgroup', async () => {
  const bundle = await bundleOf(['sleep', '1000'], everything);
  const { data } = await beside('tlab', bundle, async () =>
    JSON.parse(await mustCall('tlab', 'events', '--stats', id)),
  );
  assert.deepEqual(
    [data.memory.usage.limit, data.memory.swap.limit, data.pids, data.cpu.usage.total > 0],
    [67108864, 33554432, { current: 1, limit: 42 }, true],
  );
});

test('where the root of the hierarchy holds processes, as inside of a container, a container without limits runs', async () => {
  const bundle = await bundleOf(['cat', '/proc/self/cgroup'], undefined, false);
  const outer = `${cgroupRoot}/tlab-vm-outer`;
  const enter = `mkdir ${outer} && echo 0 >${outer}/cgroup.procs && exec unshare --cgroup --mount sh -c`;
  const inside = `mount --bind ${outer} ${cgroupRoot} && ${programs.tlab} --root ${folder}/inner run --bundle ${bundle} ${id}`;
  const ran = await run('sh', ['-c', `${enter} '${inside}'`]);
  await run('rmdir', [`${outer}/tlab-vm`, outer]);
  assert.deepEqual([ran.stdout, ran.status], ['0::/\n', 0], ran.stderr);
  assert.ok(!existsSync(outer));
});
