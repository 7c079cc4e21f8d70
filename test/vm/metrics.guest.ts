// The numbers of version 2: what our shim and the real one make of the same files of a cgroup, with huge pages in use and an RDMA device
// (rdma_rxe of Debian's kernel, over a dummy link).
// The table here says which file and key a field of containerd's message is; each shim is held to it, so the real one judges the table.
// Runs inside a machine of machine.ts, as root.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type BareShim, ourShim, ShimPlace } from '../helpers/bare-shim.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { decodeWire, type WireTree, type WireValue } from '../helpers/wire.ts';

const realShim = '/usr/bin/containerd-shim-runc-v2';
const id = 'm';
const hugePages = '/tmp/huge';
const rdmaDevice = 'rxe0';

before(async () => {
  await must('mkdir', ['-p', hugePages]);
  writeFileSync('/proc/sys/vm/nr_hugepages', '8');
  await must('mount', ['-t', 'hugetlbfs', '-o', 'pagesize=2M', 'huge', hugePages]);
  for (const module of ['dummy', 'rdma_rxe']) await must('modprobe', [module]);
  await must('ip', ['link', 'add', 'rdma', 'type', 'dummy']);
  await must('ip', ['link', 'set', 'rdma', 'up']);
  await must('rdma', ['link', 'add', rdmaDevice, 'type', 'rxe', 'netdev', 'rdma']);
});
after(async () => {
  await run('rdma', ['link', 'delete', rdmaDevice]);
  await run('ip', ['link', 'delete', 'rdma']);
  await run('umount', [hugePages]);
});

/** Keys of memory.stat by the number of their field. @source containerd cgroups v2 metrics.proto MemoryStat */
const memoryStat = [
  ...[
    'anon',
    'file',
    'kernel_stack',
    'slab',
    'sock',
    'shmem',
    'file_mapped',
    'file_dirty',
    'file_writeback',
    'anon_thp',
  ],
  ...['inactive_anon', 'active_anon', 'inactive_file', 'active_file', 'unevictable', 'slab_reclaimable'],
  ...['slab_unreclaimable', 'pgfault', 'pgmajfault', 'workingset_refault', 'workingset_activate'],
  ...['workingset_nodereclaim', 'pgrefill', 'pgscan', 'pgsteal', 'pgactivate', 'pgdeactivate', 'pglazyfree'],
  ...['pglazyfreed', 'thp_fault_alloc', 'thp_collapse_alloc'],
];
const cpuStat = ['usage_usec', 'user_usec', 'system_usec', 'nr_periods', 'nr_throttled', 'throttled_usec'];
const memoryEvents = ['low', 'high', 'max', 'oom', 'oom_kill'];
/** Behind memory.stat, from field 32 on. The last two are of containerd 1.7. */
const memoryFiles = [
  'memory.current',
  'memory.max',
  'memory.swap.current',
  'memory.swap.max',
  'memory.peak',
  'memory.swap.peak',
];
const ofContainerd17 = [36, 37];

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');
const numberOf = (text: string, max: WireValue = 2n ** 64n - 1n): WireValue => (text === 'max' ? max : Number(text));

const numbered = (values: readonly WireValue[], first = 1): WireTree =>
  Object.fromEntries(values.map((value, index) => [index + first, value]));

function keyed(text: string, keys: readonly string[]): WireTree {
  const table = new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
  return numbered(keys.map((key) => Number(table.get(key) ?? 0)));
}

/** `rxe0 hca_handle=3 hca_object=max` a line: 1 device, 2 handles, 3 objects; no limit is the greatest number of 32 bits. */
const rdmaEntries = (text: string): WireTree[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [device = '', ...limits] = line.split(' ');
      return numbered([device, ...limits.map((word) => numberOf(word.split('=')[1] ?? '', 2 ** 32 - 1))]);
    });

function expectedFrom(folder: string): WireTree {
  const file = (name: string): string => textOf(`${folder}/${name}`);
  const stat = keyed(file('memory.stat'), memoryStat);
  const io = file('io.stat').split('\n').filter(Boolean);
  return plain({
    1: numbered([numberOf(file('pids.current')), numberOf(file('pids.max'), 0)]),
    2: keyed(file('cpu.stat'), cpuStat),
    4: {
      ...stat,
      ...numbered(
        memoryFiles.map((name) => numberOf(file(name))),
        32,
      ),
    },
    5: { 1: rdmaEntries(file('rdma.current')), 2: rdmaEntries(file('rdma.max')) },
    6: { 1: io.map((line) => numbered((line.match(/\d+/g) ?? []).slice(0, 6).map(Number))) },
    7: ['1GB', '2MB'].map((size) => ({
      1: numberOf(file(`hugetlb.${size}.current`)),
      2: numberOf(file(`hugetlb.${size}.max`)),
      3: size,
    })),
    8: keyed(file('memory.events'), memoryEvents),
  });
}

/** As a message says it: no zeros, nothing empty, lists in one order. */
function plain(value: WireTree): WireTree;
function plain(value: WireValue): WireValue | undefined;
function plain(value: WireValue): WireValue | undefined {
  if (Array.isArray(value)) {
    const list = value.map((item) => plain(item)).filter((item) => item !== undefined) as WireTree[];
    return list.length === 0
      ? undefined
      : list.length === 1
        ? list[0]
        : list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object')
    return value === 0 || value === '' ? undefined : typeof value === 'bigint' ? String(value) : value;
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const rest = plain(item as WireValue);
    return rest === undefined ? [] : [[key, rest] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const resources = () => ({
  memory: { limit: 67108864, swap: 100663296, reservation: 1048576 },
  cpu: { quota: 50000, period: 100000 },
  pids: { limit: 42 },
  hugepageLimits: [{ pageSize: '2MB', limit: 8388608 }],
  rdma: { [rdmaDevice]: { hcaHandles: 3 } },
});

async function beside(binary: string, during: (shim: BareShim, folder: string) => Promise<void>): Promise<void> {
  const place = new ShimPlace(binary);
  try {
    const edit = (config: { linux: Record<string, unknown> }): unknown =>
      Object.assign(config.linux, { resources: resources() });
    const script = 'head -c 4000000 /dev/zero >/dev/shm/file; echo >/tmp/done; exec sleep 1000';
    const shim = await place.start(id, ['/bin/sh', '-c', script], { edit });
    await shim.client.task.create({ id, bundle: shim.bundle, rootfs: place.rootfs() });
    await shim.client.task.start({ id });
    const folder = place.cgroupFolder(id, 'pids');
    await waitUntil(() => /sleep/.test(textOf(`/proc/${textOf(`${folder}/cgroup.procs`)}/comm`)), {
      what: 'sleep',
      deadlineMs: 60_000,
    });
    await must('sh', ['-c', `echo $$ >${folder}/cgroup.procs; exec fallocate -l 4M ${hugePages}/file`]);
    await shim.client.task.pause({ id });
    await during(shim, folder);
    await shim.client.task.resume({ id });
    await shim.client.task.kill({ id, signal: 9, all: true });
    await shim.client.task.wait({ id });
    await place.end(shim);
  } finally {
    await run('rm', ['-f', `${hugePages}/file`]);
    place.dispose();
  }
}

for (const [name, binary] of [
  ['our shim', ourShim],
  ['the real shim', realShim],
] as const) {
  test(`${name} makes of the files what the table says`, async () => {
    await beside(binary, async ({ client }, folder) => {
      // The kernel adds up some of them late: a moment is taken in which they stand still.
      const seen = await waitUntil(
        async () => {
          const [early, { stats }, late] = [
            expectedFrom(folder),
            await client.task.stats({ id }),
            expectedFrom(folder),
          ];
          const isStill = JSON.stringify(early) === JSON.stringify(late);
          return isStill && stats !== undefined ? { expected: late, stats } : undefined;
        },
        { what: 'the numbers to stand still', deadlineMs: 120_000 },
      );
      assert.equal(seen.stats.typeUrl, 'io.containerd.cgroups.v2.Metrics');
      const expected = structuredClone(seen.expected) as Record<number, Record<number, unknown>>;
      if (binary === realShim) for (const field of ofContainerd17) delete expected[4]?.[field];
      assert.deepEqual(plain(decodeWire(seen.stats.value)), expected);
      const huge = seen.expected[7] as WireTree[];
      assert.deepEqual(
        huge.find((entry) => entry[3] === '2MB'),
        { 1: 4194304, 2: 8388608, 3: '2MB' },
      );
      assert.deepEqual((seen.expected[5] as WireTree)[2], { 1: rdmaDevice, 2: 3, 3: 2 ** 32 - 1 });
    });
  });
}
