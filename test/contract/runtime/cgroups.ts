// Control groups of version 1: where a container is, what its limits become, update, pause, statistics, ps.
// @source oci-runtime config-linux#control-groups, man runc-update(8), runc-events(8), runc-ps(8)
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, once, type Refused, refusals, type Suite } from '../behaviour.ts';
import { type Container, succeeded } from '../container.ts';
import type { Document, Place } from '../place.ts';
import { frozenCgroups } from './frozen-cgroups.ts';
import { processesIn, takenCgroups } from './taken-cgroups.ts';

export const cgroupsSuite: Suite = (place) => [
  ...limits(place),
  ...places(place),
  ...enforced(place),
  ...updates(place),
  ...frozenCgroups(place),
  ...takenCgroups(place),
  ...reports(place),
  ...refusals(place, wrong),
];

const sleeping = ['sleep', '1000'];

/** [statement, file, value] */
const values: readonly (readonly [title: string, file: string, value: string])[] = [
  ['memory.limit is written', 'memory.limit_in_bytes', '67108864'],
  ['memory.swap is the limit of memory and swap together', 'memory.memsw.limit_in_bytes', '134217728'],
  ['memory.reservation is written', 'memory.soft_limit_in_bytes', '33554432'],
  ['memory.swappiness is written', 'memory.swappiness', '11'],
  ['memory.disableOOMKiller is written', 'memory.oom_control', 'oom_kill_disable 1\nunder_oom 0\noom_kill 0'],
  ['cpu.shares is written', 'cpu.shares', '512'],
  ['cpu.quota is written', 'cpu.cfs_quota_us', '50000'],
  ['cpu.period is written', 'cpu.cfs_period_us', '100000'],
  ['cpu.cpus is written', 'cpuset.cpus', '0'],
  ['cpu.mems is written', 'cpuset.mems', '0'],
  ['pids.limit is written', 'pids.max', '42'],
  ['blockIO.throttleReadBpsDevice is written', 'blkio.throttle.read_bps_device', '254:0 1048576'],
  ['blockIO.throttleWriteIOPSDevice is written', 'blkio.throttle.write_iops_device', '254:0 99'],
];

const limited = ({ linux }: Document): void => {
  linux.resources = {
    ...linux.resources,
    memory: { limit: 67108864, swap: 134217728, reservation: 33554432, swappiness: 11, disableOOMKiller: true },
    cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0', mems: '0' },
    pids: { limit: 42 },
    blockIO: {
      throttleReadBpsDevice: [{ major: 254, minor: 0, rate: 1048576 }],
      throttleWriteIOPSDevice: [{ major: 254, minor: 0, rate: 99 }],
    },
  };
};

const limits = (place: Place): Behaviour[] => {
  const container = once(() => place.keep(place.container(sleeping, { edit: limited })).created());
  return values.map(([title, file, value]) => ({
    title,
    observe: async () => (await container()).cgroupFile(file),
    expected: value,
  }));
};

const places = (place: Place): Behaviour[] => [
  {
    title: 'the process is at cgroupsPath in every hierarchy',
    observe: on(place, sleeping, {}, async (container) => {
      const { pid } = await container.created();
      const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
      const own = `${place.cgroup}/${container.id}`;
      return lines.filter((line) => !line.startsWith('0::') && !line.endsWith(own));
    }),
    expected: [],
  },
  {
    title: 'children of the process are in its cgroup',
    observe: on(place, ['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], {}, async (container) => {
      await container.start();
      return waitUntil(() => processesIn(container.cgroup('pids')).split('\n').length === 3, { what: 'three' });
    }),
    expected: true,
  },
  {
    title: 'without cgroupsPath a container has a cgroup of its own',
    observe: on(place, sleeping, { edit: ({ linux }) => delete linux.cgroupsPath }, async (container) => {
      const { pid } = await container.created();
      const path = (of: number | 'self') => /:pids:(.*)/.exec(readFileSync(`/proc/${of}/cgroup`, 'utf8'))?.[1];
      return path(pid) !== path('self') && path(pid)?.includes(container.id);
    }),
    expected: true,
  },
  {
    title: 'two containers may have the same parent cgroup',
    observe: on(place, sleeping, {}, async (first) => {
      await first.created();
      await using second = place.container(sleeping);
      await second.created();
      await first.verb('delete', '--force');
      return existsSync(second.cgroup('memory'));
    }),
    expected: true,
  },
  {
    title: 'a cgroup that the container has made itself is removed with it',
    observe: on(
      place,
      ['sh', '-c', 'mkdir /sys/fs/cgroup/pids/below && echo made; exec sleep 1000'],
      {
        edit: ({ mounts }) => {
          const mount = mounts.find(({ type }: Document) => type === 'cgroup');
          mount.options = mount.options.filter((option: string) => option !== 'ro');
        },
      },
      async (container) => {
        await container.start();
        await container.says(/made/);
        await container.stopped();
        const { status } = await container.verb('delete');
        return [status, container.left()];
      },
    ),
    expected: [0, []],
  },
  {
    title: 'a cgroup that was there before is used',
    observe: async () => {
      const container = place.container(sleeping);
      mkdirSync(container.cgroup('pids'), { recursive: true });
      await using _removed = container;
      const { pid } = await container.created();
      return processesIn(container.cgroup('pids')) === String(pid);
    },
    expected: true,
  },
];

const enforced = (place: Place): Behaviour[] => [
  {
    title: 'pids.limit lets no further process be made',
    observe: on(
      place,
      ['sh', '-c', 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & echo all'],
      { edit: ({ linux }) => Object.assign(linux.resources, { pids: { limit: 3 } }) },
      async (container) => (await container.run()).stderr,
    ),
    expected: /can't fork|Resource temporarily unavailable/,
  },
  {
    title: 'a program above memory.limit is killed',
    observe: on(
      place,
      ['sh', '-c', 'x=0123456789abcdef; while :; do x=$x$x; done'],
      { edit: ({ linux }) => Object.assign(linux.resources, { memory: { limit: 16777216, swap: 16777216 } }) },
      async (container) => (await container.run()).status,
    ),
    expected: 137,
  },
];

/** [statement, flags, file, value] */
const changes: readonly (readonly [title: string, flags: readonly string[], file: string, value: string])[] = [
  ['update --memory changes the limit', ['--memory=50331648'], 'memory.limit_in_bytes', '50331648'],
  [
    'update --memory-reservation changes the soft limit',
    ['--memory-reservation=16777216'],
    'memory.soft_limit_in_bytes',
    '16777216',
  ],
  ['update --cpu-share changes the shares', ['--cpu-share=300'], 'cpu.shares', '300'],
  ['update --cpu-quota changes the quota', ['--cpu-quota=25000'], 'cpu.cfs_quota_us', '25000'],
  ['update --cpu-period changes the period', ['--cpu-period=50000', '--cpu-quota=25000'], 'cpu.cfs_period_us', '50000'],
  ['update --cpuset-cpus changes the processors', ['--cpuset-cpus=1'], 'cpuset.cpus', '1'],
  ['update --pids-limit changes the number of processes', ['--pids-limit=77'], 'pids.max', '77'],
  [
    'update with memory and swap raises both',
    ['--memory=268435456', '--memory-swap=536870912'],
    'memory.memsw.limit_in_bytes',
    '536870912',
  ],
];

function updates(place: Place): Behaviour[] {
  const edit = ({ linux }: Document): void => {
    linux.resources = {
      ...linux.resources,
      memory: { limit: 67108864, swap: 134217728 },
      cpu: { quota: 50000, period: 100000, shares: 512, cpus: '0', mems: '0' },
      pids: { limit: 42 },
    };
  };
  const container = once(() => place.keep(place.container(sleeping, { edit })).start());
  return [
    ...changes.map(([title, flags, file, value]) => ({
      title,
      observe: async () => {
        succeeded(await (await container()).verb('update', ...flags));
        return (await container()).cgroupFile(file);
      },
      expected: value,
    })),
    {
      title: 'update --resources takes a document',
      observe: async () => {
        const file = `${(await container()).bundle}/resources.json`;
        writeFileSync(file, JSON.stringify({ cpu: { shares: 256 }, pids: { limit: 55 } }));
        succeeded(await (await container()).verb('update', `--resources=${file}`));
        return [(await container()).cgroupFile('cpu.shares'), (await container()).cgroupFile('pids.max')];
      },
      expected: ['256', '55'],
    },
    {
      title: 'update -r - takes a document from standard input',
      observe: async () => {
        const { bundle, id } = await container();
        writeFileSync(`${bundle}/input.json`, JSON.stringify({ pids: { limit: 57 } }));
        const input = openSync(`${bundle}/input.json`, 'r');
        succeeded(await place.call(['update', '-r', '-', id], { input }));
        closeSync(input);
        return (await container()).cgroupFile('pids.max');
      },
      expected: '57',
    },
    {
      title: 'an update of one limit leaves the others',
      observe: async () => {
        succeeded(await (await container()).verb('update', '--pids-limit=66'));
        return [(await container()).cgroupFile('cpuset.mems'), (await container()).cgroupFile('cpu.shares') === '1024'];
      },
      expected: ['0', false],
    },
    {
      title: 'an update leaves the rules of devices',
      observe: async () => {
        const { stdout } = await (await container()).exec({ args: ['sh', '-c', 'echo x > /dev/null && echo writes'] });
        return stdout;
      },
      expected: 'writes',
    },
    {
      title: 'update --resources with rules of devices puts these in the place of the old ones',
      observe: async () => {
        const file = `${(await container()).bundle}/devices.json`;
        const has = async () => /^c 10:229 r/m.test((await container()).cgroupFile('devices.list'));
        const updated = async (devices: unknown[]) => {
          writeFileSync(file, JSON.stringify({ devices }));
          succeeded(await (await container()).verb('update', `--resources=${file}`));
          return has();
        };
        const rule = { allow: true, type: 'c', major: 10, minor: 229, access: 'r' };
        return [await has(), await updated([{ allow: false, access: 'rwm' }, rule]), await updated([])];
      },
      expected: [false, true, false],
    },
    {
      title: 'an update to a value that the kernel refuses fails',
      observe: async () => (await (await container()).verb('update', '--cpuset-cpus=999')).status !== 0,
      expected: true,
    },
  ];
}

function reports(place: Place): Behaviour[] {
  const container = once(() =>
    place
      .keep(
        place.container(['sh', '-c', 'sleep 1000 & echo up; wait'], {
          edit: ({ linux }) => Object.assign(linux.resources, { memory: { limit: 67108864 }, pids: { limit: 42 } }),
        }),
      )
      .start(),
  );
  const up = async (): Promise<Container> => {
    await (await container()).says(/up/);
    return container();
  };
  const stats = async (): Promise<Document> =>
    JSON.parse(succeeded(await (await up()).verb('events', '--stats')).stdout);
  return [
    {
      title: 'events --stats prints one statistics event of the container',
      observe: async () => {
        const { type, id } = await stats();
        return [type, id === (await container()).id];
      },
      expected: ['stats', true],
    },
    {
      title: 'events --stats counts the processes',
      observe: async () => (await stats()).data.pids,
      expected: { current: 2, limit: 42 },
    },
    {
      title: 'events --stats has the use and the limit of memory',
      observe: async () => {
        const { usage, limit } = (await stats()).data.memory.usage;
        return [usage > 0, limit];
      },
      expected: [true, 67108864],
    },
    {
      title: 'events --stats has all digits of a limit that is none',
      observe: async () => succeeded(await (await up()).verb('events', '--stats')).stdout,
      expected: /"swap":\{"limit":9223372036854771712,/,
    },
    {
      title: 'events --stats has the time of the processors in nanoseconds',
      observe: async () => {
        const { total, percpu } = (await stats()).data.cpu.usage;
        return [total > 0, Array.isArray(percpu)];
      },
      expected: [true, true],
    },
    {
      title: 'ps -f json has the pids of every process',
      observe: async () => {
        const listed: number[] = JSON.parse(succeeded(await (await up()).verb('ps', '--format=json')).stdout);
        return [listed.length, listed.includes((await container()).pid)];
      },
      expected: [2, true],
    },
    {
      title: 'ps prints a table of the container’s processes',
      observe: async () => {
        const lines = succeeded(await (await up()).verb('ps'))
          .stdout.trim()
          .split('\n');
        return [/PID/.test(lines[0] ?? ''), lines.length - 1, lines.some((line) => line.includes('sleep 1000'))];
      },
      expected: [true, 2, true],
    },
  ];
}

const resources =
  (change: Document) =>
  ({ linux }: Document): void => {
    linux.resources = { ...linux.resources, ...change };
  };

const wrong: readonly Refused[] = [
  ['a processor that the host does not have is refused', resources({ cpu: { cpus: '999' } }), /cpuset.cpus|999/],
  ['a quota that is too small is refused', resources({ cpu: { quota: 1, period: 100000 } }), /cfs_quota|cpu/],
  ['a period that is too long is refused', resources({ cpu: { period: 9000000 } }), /cfs_period|cpu/],
  [
    'more memory than memory and swap together is refused',
    resources({ memory: { limit: 134217728, swap: 67108864 } }),
    /memory|swap/i,
  ],
  [
    'a limit of pages of a size that the host does not have is refused',
    resources({ hugepageLimits: [{ pageSize: '3MB', limit: 0 }] }),
    /3MB|huge/i,
  ],
  [
    'a throttle of a device that is not there is refused',
    resources({ blockIO: { throttleReadBpsDevice: [{ major: 99, minor: 99, rate: 5 }] } }),
    /blkio|99:99/,
  ],
];
