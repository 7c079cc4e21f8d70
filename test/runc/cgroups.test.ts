import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '../../src/oci/runtime-resources.ts';
import type { CgroupWrite } from '../../src/runc/compile/cgroup-directories.ts';
import { cgroupPathOf } from '../../src/runc/compile/cgroup-path.ts';
import { cgroupOperations, joinOperations, resourceWrites } from '../../src/runc/compile/cgroups.ts';
import { deviceChanges } from '../../src/runc/compile/cgroups-v1.ts';
import { weightOfBlkio, weightOfShares } from '../../src/runc/compile/cgroups-v2.ts';
import { devicePolicy, deviceWords } from '../../src/runc/compile/device-rules.ts';
import { checkBeforeUpdate } from '../../src/runc/compile/memory-rules.ts';
import { parseCgroupMounts } from '../../src/runc/host/cgroups.ts';
import { type HostFacts, parseHardLimits } from '../../src/runc/host/facts.ts';
import { inSafeOrder } from '../../src/runc/verbs/update.ts';
import { brief, contextWith, named, version1, version2 } from './host.ts';

const wordsOf = ({ path, value }: CgroupWrite): string => `${path.slice(path.lastIndexOf('/') + 1)}=${value}`;

const writes = (resources: Resources, host: Parameters<typeof contextWith>[1] = {}): string[] =>
  resourceWrites(contextWith({ linux: { cgroupsPath: '/c' } }, host), resources)
    .filter(({ path }) => !path.includes('/devices.'))
    .map(wordsOf);

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
  ['CPU shares, a weight in version 2', { cpu: { shares: 1024 } }, ['cpu.shares=1024'], ['cpu.weight=100']],
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

test('where BFQ is, weights are its own, in the scale of version 1', () => {
  const resources = { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 300 }] } };
  const on = (host: Partial<HostFacts>) => writes(resources, { hasBfq: () => true, ...host });
  assert.deepEqual(on({}), ['blkio.bfq.weight=500', 'blkio.bfq.weight_device=8:0 300']);
  assert.deepEqual(on({ cgroups: version2 }), ['io.bfq.weight=500', 'io.bfq.weight=8:0 300']);
});

test('limits of huge pages hold for what is reserved too', () => {
  const resources = { hugepageLimits: [{ pageSize: '2MB', limit: 4194304 }] };
  const hugetlb = { v1: [{ controllers: ['hugetlb'], mountpoint: '/sys/fs/cgroup/hugetlb' }], v2: undefined };
  assert.deepEqual(writes(resources, { cgroups: { ...hugetlb, v1: [...hugetlb.v1, ...version1.v1] } }), [
    'hugetlb.2MB.limit_in_bytes=4194304',
    'hugetlb.2MB.rsvd.limit_in_bytes=4194304',
  ]);
  assert.deepEqual(onVersion2(resources), ['hugetlb.2MB.max=4194304', 'hugetlb.2MB.rsvd.max=4194304']);
});

test('a limit of kernel memory is left out with a warning', () => {
  const context = contextWith({});
  resourceWrites(context, { memory: { kernel: 4096 } });
  assert.match(context.warnings.join(), /memory\/kernel: 4096 is ignored/);
});

test('with checkBeforeUpdate no limit goes below what is used', () => {
  const used = { memory: 100n, swap: 50n };
  assert.throws(() => checkBeforeUpdate({ limit: 99 }, used), /memory\/limit: 99: expected at least .* 100/);
  assert.throws(
    () => checkBeforeUpdate({ limit: 100, swap: 149 }, used),
    /memory\/swap: 149: expected at least .* 150/,
  );
  checkBeforeUpdate({ limit: 100, swap: 150 }, used);
  checkBeforeUpdate({ limit: -1, swap: -1 }, used);
});

const threadedAt = (path: string, type: string): Partial<HostFacts> => ({
  cgroups: version2,
  readCgroupFile: (file) => (file === `/sys/fs/cgroup${path}/cgroup.type` ? type : ''),
});

test('below a threaded cgroup, and below the root of such, the levels that are made become threaded', () => {
  for (const type of ['threaded', 'domain threaded', 'domain invalid']) {
    const operations = cgroupOperations(contextWith({ linux: { cgroupsPath: '/t/a/b' } }, threadedAt('/t', type)));
    assert.deepEqual(
      named(operations, 'cgroup_write').map(({ path, value }) => `${path}=${value}`),
      [...(type === 'domain invalid' ? ['/t'] : []), '/t/a', '/t/a/b'].map(
        (path) => `/sys/fs/cgroup${path}/cgroup.type=threaded`,
      ),
    );
  }
  const plain = cgroupOperations(contextWith({ linux: { cgroupsPath: '/t/a' } }, threadedAt('/t', 'domain')));
  assert.deepEqual(named(plain, 'cgroup_write'), []);
});

test('a threaded cgroup takes limits of cpu, cpuset and pids, and refuses those of whole domains by name', () => {
  const context = contextWith({ linux: { cgroupsPath: '/t/a' } }, threadedAt('/t', 'threaded'));
  const words = (resources: Resources) => resourceWrites(context, resources).map(wordsOf);
  assert.deepEqual(words({ cpu: { shares: 1024, cpus: '0' }, pids: { limit: 5 } }), [
    'cpuset.cpus=0',
    'cpu.weight=100',
    'pids.max=5',
  ]);
  assert.throws(
    () => words({ memory: { limit: 1 } }),
    /resources\/memory: the cgroup ".*\/t\/a" is threaded: expected/,
  );
  assert.throws(() => words({ unified: { 'io.max': '8:0 rbps=1' } }), /unified\/io\.max: .* is threaded/);
});

test('new device rules of a cgroup in use are written as the difference, and whole where that is not known', () => {
  const changes = (devices: Resources['devices'], list: string) =>
    deviceChanges(contextWith({}), { devices: devices ?? [] }, list).map(
      ({ path, value }) => `${path.split('.').at(-1)} ${value}`,
    );
  const defaults = devicePolicy([])
    .exceptions.map((exception) => deviceWords(exception))
    .join('\n');
  assert.deepEqual(changes([], defaults), []);
  assert.deepEqual(
    changes([{ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' }], `${defaults}\nc 7:1 rwm\nc 10:229 rm`),
    ['allow c 10:229 w', 'deny c 7:1 rwm', 'deny c 10:229 m'],
  );
  assert.equal(changes([], 'a *:* rwm')[0], 'deny a *:* rwm');
  assert.deepEqual(changes([{ allow: true }], defaults), ['allow a *:* rwm']);
});

test('weights keep the ends of their ranges, and defaults are defaults', () => {
  assert.deepEqual([1024, 2000, 512].map(weightOfShares), [100, 170, 59]);
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
