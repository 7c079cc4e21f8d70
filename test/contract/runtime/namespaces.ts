// Namespaces: new ones, those of a path, the host's; user namespaces with their maps; names of the host.
// @source oci-runtime config-linux#namespaces, config-linux#user-namespace-mappings, config#hostname
import { readFileSync, readlinkSync } from 'node:fs';
import { must } from '../../helpers/shell.ts';
import { type Behaviour, on, once, type Refused, readings, refusals, type Suite } from '../behaviour.ts';
import type { Container } from '../container.ts';
import type { Document, Place } from '../place.ts';

export const namespacesSuite: Suite = (place) => [
  ...fresh(place),
  ...absent(place),
  ...joined(place),
  ...names(place),
  ...users(place),
  ...refusals(place, wrong),
];

/** type in config.json → name in /proc/<pid>/ns */
const files: Readonly<Record<string, string>> = {
  pid: 'pid',
  network: 'net',
  mount: 'mnt',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
};

const linkOf = (pid: number | 'self', type: string): string => readlinkSync(`/proc/${pid}/ns/${files[type]}`);

const withNamespace = (config: Document, type: string): void => {
  if (!config.linux.namespaces.some((namespace: Document) => namespace.type === type))
    config.linux.namespaces.push({ type });
};
const without = (config: Document, type: string): void => {
  config.linux.namespaces = config.linux.namespaces.filter((namespace: Document) => namespace.type !== type);
};

const sleeping = ['sleep', '1000'];

function fresh(place: Place): Behaviour[] {
  const edit = (config: Document): void => withNamespace(config, 'cgroup');
  const container = once(() => place.keep(place.container(sleeping, { edit })).start());
  return Object.keys(files).map((type) => ({
    title: `a ${type} namespace without a path is a new one`,
    observe: async () => linkOf((await container()).pid, type) !== linkOf('self', type),
    expected: true,
  }));
}

const absent = (place: Place): Behaviour[] => [
  ...['network', 'ipc', 'uts', 'cgroup'].map((type) => ({
    title: `without a ${type} namespace the container is in that of the runtime`,
    observe: on(
      place,
      sleeping,
      {
        edit: (config) => {
          without(config, type);
          if (type === 'uts') delete config.hostname;
          // A new sysfs needs a network namespace of its own.
          if (type === 'network') config.mounts = config.mounts.filter((mount: Document) => mount.type !== 'sysfs');
        },
      },
      async (container) => linkOf((await container.start()).pid, type) === linkOf('self', type),
    ),
    expected: true,
  })),
  {
    title: 'without a pid namespace the container sees the processes of the host',
    observe: on(
      place,
      ['sh', '-c', '[ $$ -gt 1 ] && echo more'],
      { edit: (c) => without(c, 'pid') },
      async (container) => {
        return (await container.run()).stdout;
      },
    ),
    expected: 'more',
  },
];

/** One container joins what another has. */
function joined(place: Place): Behaviour[] {
  const first = once(() =>
    place
      .keep(
        place.container(['sh', '-c', 'mkdir /dev/shm/of-the-first; exec sleep 1000'], {
          edit: (config) => {
            config.hostname = 'the-first';
            withNamespace(config, 'cgroup');
          },
        }),
      )
      .start(),
  );
  const second = once(async () => {
    const { pid } = await first();
    const edit = (config: Document): void => {
      delete config.hostname;
      config.linux.namespaces = [
        { type: 'mount' },
        ...['pid', 'network', 'ipc', 'uts'].map((type) => ({ type, path: `/proc/${pid}/ns/${files[type]}` })),
      ];
    };
    return place.keep(place.container(['sh', '-c', 'hostname; ps -o pid,args; exec sleep 1000'], { edit })).start();
  });
  return [
    ...['pid', 'network', 'ipc', 'uts'].map((type) => ({
      title: `a ${type} namespace with a path is joined`,
      observe: async () => linkOf((await second()).pid, type) === linkOf((await first()).pid, type),
      expected: true,
    })),
    {
      title: 'a container in the uts namespace of another has its host name',
      observe: async () => (await second()).says(/the-first\n/),
      expected: /^the-first\n/,
    },
    {
      title: 'a container in the pid namespace of another sees its processes',
      observe: async () => (await second()).says(/ps -o/),
      expected: / 1 sleep 1000\n/,
    },
    {
      title: 'the end of a container that has joined a pid namespace leaves the other one running',
      observe: async () => {
        await (await second()).stopped();
        return (await first()).status();
      },
      expected: 'running',
    },
  ];
}

const names = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: (config) => {
        config.hostname = 'chosen-name';
      },
    },
    [
      ['hostname is the host name of the container', 'hostname', 'chosen-name'],
      [
        'only the loopback interface is in a new network namespace',
        "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
        'lo',
      ],
      ['the loopback interface of a new network namespace is up', 'ip link show lo', /LOOPBACK,UP/],
      ['a new pid namespace has no process of the host', 'ls /proc | grep -Ec "^[0-9]+$"', /^[1-9]$/],
    ],
  ),
  ...readings(
    place,
    {
      edit: (config) => {
        config.domainname = 'example.org';
      },
    },
    [['domainname is the NIS domain name of the container', 'cat /proc/sys/kernel/domainname', 'example.org']],
  ),
  {
    title: 'the host name of the host is what it was',
    observe: async () => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim() !== 'chosen-name',
    expected: true,
  },
];

const ownUsers = (config: Document): void => {
  withNamespace(config, 'user');
  config.linux.uidMappings = [
    { containerID: 0, hostID: 100000, size: 1000 },
    { containerID: 2000, hostID: 300000, size: 10 },
  ];
  config.linux.gidMappings = [{ containerID: 0, hostID: 200000, size: 1000 }];
  config.mounts = config.mounts.filter((mount: Document) => mount.type !== 'cgroup');
  for (const set of ['bounding', 'permitted', 'effective']) config.process.capabilities[set].push('CAP_SYS_ADMIN');
};

/** Its root filesystem belongs to the mapped root. */
const mapped = async (container: Container): Promise<Container> => {
  await must('chown', ['-R', '100000:200000', container.rootfs]);
  return container;
};

function users(place: Place): Behaviour[] {
  const script = `echo uid $(id -u) gid $(id -g); echo uid_map $(cat /proc/self/uid_map); echo gid_map $(cat /proc/self/gid_map)
    echo x > /dev/null && echo null works; touch /made && echo made; hostname in-there && hostname; exec sleep 1000`;
  const container = once(async () => {
    const made = await mapped(place.keep(place.container(['sh', '-c', script], { edit: ownUsers })));
    await made.start();
    await made.says(/in-there|not permitted/);
    return made;
  });
  const ownerOf = async (field: string): Promise<string | undefined> =>
    new RegExp(`^${field}:\t(\\d+)`, 'm').exec(readFileSync(`/proc/${(await container()).pid}/status`, 'utf8'))?.[1];
  const says = (words: RegExp) => async () => words.test((await container()).output());
  return [
    { title: 'in a user namespace root is uid 0 inside', observe: says(/^uid 0 gid 0$/m), expected: true },
    { title: 'in a user namespace root is the mapped user outside', observe: () => ownerOf('Uid'), expected: '100000' },
    {
      title: 'in a user namespace the group is the mapped group outside',
      observe: () => ownerOf('Gid'),
      expected: '200000',
    },
    {
      title: 'every row of uidMappings is in uid_map',
      observe: says(/^uid_map 0 100000 1000 2000 300000 10$/m),
      expected: true,
    },
    { title: 'every row of gidMappings is in gid_map', observe: says(/^gid_map 0 200000 1000$/m), expected: true },
    { title: 'in a user namespace the default devices work', observe: says(/^null works$/m), expected: true },
    { title: 'in a user namespace root may write to its root filesystem', observe: says(/^made$/m), expected: true },
    {
      title: 'in a user namespace root has its capabilities over its own namespaces',
      observe: says(/^in-there$/m),
      expected: true,
    },
    {
      title: 'exec in a user namespace is root inside too',
      observe: async () =>
        (await (await container()).exec({ args: ['cat', '/proc/self/uid_map'] })).stdout.trim().split(/\s+/)[1],
      expected: '100000',
    },
    {
      title: 'a container joins the user namespace of another by path',
      observe: async () => {
        const { pid } = await container();
        const edit = (config: Document): void => {
          ownUsers(config);
          delete config.linux.uidMappings;
          delete config.linux.gidMappings;
          config.linux.namespaces.find((namespace: Document) => namespace.type === 'user').path =
            `/proc/${pid}/ns/user`;
        };
        await using other = await mapped(place.container(['cat', '/proc/self/uid_map'], { edit }));
        const ran = await other.run();
        return ran.stdout.trim().split(/\s+/).slice(0, 3).join(' ') || ran.stderr;
      },
      expected: '0 100000 1000',
    },
  ];
}

const wrong: readonly Refused[] = [
  ['an unknown namespace type is refused', ({ linux }) => linux.namespaces.push({ type: 'color' }), /color|namespace/],
  [
    'a namespace that is listed twice is refused',
    ({ linux }) => linux.namespaces.push({ type: 'pid' }),
    /pid|duplicate|twice|already/,
  ],
  [
    'a namespace path that does not exist is refused',
    (config) => {
      without(config, 'network');
      config.linux.namespaces.push({ type: 'network', path: '/no/where' });
    },
    /\/no\/where/,
  ],
  [
    'a namespace path to one of another type is refused',
    (config) => {
      without(config, 'network');
      config.linux.namespaces.push({ type: 'network', path: '/proc/self/ns/uts' });
    },
    /network|setns|EINVAL|invalid|sync socket/i,
  ],
  [
    'a hostname without a uts namespace is refused',
    (config) => {
      without(config, 'uts');
      config.hostname = 'of-the-host';
    },
    /uts|hostname/i,
  ],
  ['a user namespace without maps is refused', (config) => withNamespace(config, 'user'), /map/i],
  [
    'maps without a user namespace are refused',
    ({ linux }) => {
      linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 10 }];
      linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 10 }];
    },
    /user|map/i,
  ],
];
