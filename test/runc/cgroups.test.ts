import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '../../src/oci/runtime-resources.ts';
import { cgroupPathOf } from '../../src/runc/compile/cgroup-path.ts';
import { cgroupOperations, joinOperations, resourceWrites } from '../../src/runc/compile/cgroups.ts';
import { weightOfBlkio, weightOfShares } from '../../src/runc/compile/cgroups-v2.ts';
import { parseCgroupMounts } from '../../src/runc/host/cgroups.ts';
import { parseHardLimits } from '../../src/runc/host/facts.ts';
import { inSafeOrder } from '../../src/runc/verbs/update.ts';
import { brief, contextWith, version2 } from './host.ts';

const writes = (resources: Resources, host: Parameters<typeof contextWith>[1] = {}): string[] =>
  resourceWrites(contextWith({ linux: { cgroupsPath: '/c' } }, host), resources)
    .filter(({ path }) => !path.includes('/devices.'))
    .map(({ path, value }) => `${path.slice(path.lastIndexOf('/') + 1)}=${value}`);

const onVersion2 = (resources: Resources): string[] => writes(resources, { cgroups: version2 });

const cases: readonly [title: string, resources: Resources, v1: string[], v2: string[]][] = [
  ['a memory limit', { memory: { limit: 268435456 } }, ['memory.limit_in_bytes=268435456'], ['memory.max=268435456']],
  [
    'swap, which version 2 counts alone',
    { memory: { limit: 100, swap: 250 } },
    ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=250'],
    ['memory.max=100', 'memory.swap.max=150'],
  ],
  [
    'unlimited swap',
    { memory: { limit: 100, swap: -1 } },
    ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=-1'],
    ['memory.max=100', 'memory.swap.max=max'],
  ],
  ['a memory limit taken away', { memory: { limit: -1 } }, ['memory.limit_in_bytes=-1'], ['memory.max=max']],
  ['a reservation', { memory: { reservation: 50 } }, ['memory.soft_limit_in_bytes=50'], ['memory.low=50']],
  ['CPU shares, a weight in version 2', { cpu: { shares: 1024 } }, ['cpu.shares=1024'], ['cpu.weight=39']],
  [
    'quota and period',
    { cpu: { quota: 150000, period: 100000 } },
    ['cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=150000'],
    ['cpu.max=150000 100000'],
  ],
  ['a quota alone', { cpu: { quota: 50000 } }, ['cpu.cfs_quota_us=50000'], ['cpu.max=50000']],
  [
    'no quota',
    { cpu: { quota: -1, period: 100000 } },
    ['cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=-1'],
    ['cpu.max=max 100000'],
  ],
  [
    'a cpuset',
    { cpu: { cpus: '0-1', mems: '0' } },
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
  ],
  ['a pids limit', { pids: { limit: 64 } }, ['pids.max=64'], ['pids.max=64']],
  ['no pids limit', { pids: { limit: -1 } }, ['pids.max=max'], ['pids.max=max']],
  [
    'zeros, which ask for nothing',
    { memory: { limit: 0, swap: 0 }, cpu: { shares: 0, quota: 0 }, pids: { limit: 0 }, blockIO: { weight: 0 } },
    [],
    [],
  ],
  [
    'block I/O',
    { blockIO: { weight: 500, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1048576 }] } },
    ['blkio.weight=500', 'blkio.throttle.read_bps_device=8:0 1048576'],
    ['io.weight=4950', 'io.max=8:0 rbps=1048576'],
  ],
];
for (const [title, resources, v1, v2] of cases) {
  test(`writes ${title}`, () => {
    assert.deepEqual(writes(resources), v1);
    assert.deepEqual(onVersion2(resources), v2);
  });
}

test('version 2 takes unified values as they are, but only names of cgroup files', () => {
  assert.deepEqual(onVersion2({ unified: { 'memory.high': '5', 'hugetlb.2MB.max': '0' } }), [
    'memory.high=5',
    'hugetlb.2MB.max=0',
  ]);
  for (const name of ['../cgroup.procs', 'memory.high/x', 'memory'])
    assert.throws(() => onVersion2({ unified: { [name]: '1' } }), /expected the name of a cgroup file/);
});

test('version 2 refuses what only version 1 has', () => {
  assert.throws(() => onVersion2({ memory: { swappiness: 10 } }), /swappiness on a version 2 host/);
  assert.throws(() => onVersion2({ network: { classID: 7 } }), /a network class/);
});

test('weights keep the ends of their ranges', () => {
  assert.deepEqual(
    [weightOfShares(2), weightOfShares(262144), weightOfShares(1), weightOfShares(1e9)],
    [1, 10000, 1, 10000],
  );
  assert.deepEqual([weightOfBlkio(10), weightOfBlkio(1000)], [1, 10000]);
});

test("the container's cgroup defaults to one of its own below /tlab", () => {
  const pathFor = (cgroupsPath?: string) =>
    cgroupPathOf(contextWith({ linux: cgroupsPath === undefined ? {} : { cgroupsPath } })).path;
  assert.equal(pathFor(), '/tlab/web');
  assert.equal(pathFor('/a//b/../c/'), '/a/c');
  assert.equal(pathFor('../../x'), '/tlab/x');
});

test('version 2 hands controllers down at each level before making the next', () => {
  const operations = cgroupOperations(contextWith({ linux: { cgroupsPath: '/tlab/web' } }, { cgroups: version2 }));
  assert.deepEqual(brief(operations), [
    'cgroup_write:/sys/fs/cgroup/cgroup.subtree_control',
    'cgroup_make:/sys/fs/cgroup/tlab',
    'cgroup_write:/sys/fs/cgroup/tlab/cgroup.subtree_control',
    'cgroup_make:/sys/fs/cgroup/tlab/web',
    'cgroup_devices:/sys/fs/cgroup/tlab/web',
  ]);
});

test('a cpuset inherits level by level, and a parent that someone narrowed keeps its value', () => {
  const files: Record<string, string> = {
    '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-7',
    '/sys/fs/cgroup/cpuset/cpuset.mems': '0',
    '/sys/fs/cgroup/cpuset/a/cpuset.cpus': '2',
  };
  const context = contextWith({ linux: { cgroupsPath: '/a/b' } }, { readCgroupFile: (path) => files[path] ?? '' });
  const written = cgroupOperations(context).flatMap((operation) =>
    operation.name === 'cgroup_write' && operation.arguments.path.includes('/cpuset/')
      ? [`${operation.arguments.path.slice(22)} ${operation.arguments.value}`]
      : [],
  );
  assert.deepEqual(written, ['a/cpuset.mems 0', 'a/b/cpuset.cpus 2', 'a/b/cpuset.mems 0']);
});

test('the child joins version 1 itself, in a user namespace too, the runtime version 2', () => {
  const actors = (types: ('mount' | 'user')[]) =>
    joinOperations(contextWith({ linux: { namespaces: types.map((type) => ({ type })) } })).map(({ actor }) => actor);
  assert.deepEqual(new Set(actors(['mount']).slice(1)), new Set(['init']));
  assert.equal(actors(['mount'])[0], 'runtime');
  assert.deepEqual(actors(['mount', 'user']), actors(['mount']));
});

test('an update raises memory and swap together first, so that memory never passes it', () => {
  const write = (file: string, value: string) => ({ path: `/c/${file}`, value, cause: '/linux' as const });
  const pair = [write('memory.limit_in_bytes', '200'), write('memory.memsw.limit_in_bytes', '400')];
  const order = (present: string) => inSafeOrder(pair, () => present).map(({ value }) => value);
  assert.deepEqual(order('100'), ['400', '200']);
  assert.deepEqual(order('1000'), ['200', '400']);
});

test('reads hybrid mounts; a controller is version 1 if it is mounted so', () => {
  const text = `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/with\\040space rw - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
42 31 0:29 / /elsewhere rw - cgroup cgroup rw,cpu,cpuacct
43 31 0:99 / /tmp rw - tmpfs cgroup rw`;
  assert.deepEqual(parseCgroupMounts(text), {
    v1: [
      { controllers: ['cpu', 'cpuacct'], mountpoint: '/sys/fs/cgroup/cpu,cpuacct' },
      { controllers: ['memory'], mountpoint: '/sys/fs/cgroup/with space' },
      { controllers: ['name=systemd'], mountpoint: '/sys/fs/cgroup/systemd' },
    ],
    v2: '/sys/fs/cgroup/unified',
    v2Options: ['nsdelegate'],
  });
});

test('reads hard limits', () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            1024                 20000                files     
Max nice priority         0                    0                    `;
  assert.deepEqual(
    [...parseHardLimits(text)],
    [
      [7, 20000n],
      [13, 0n],
    ],
  );
});
