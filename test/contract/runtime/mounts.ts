// Mounts and the root filesystem: binds, their flags and propagation, tmpfs, destinations that are made, paths that stay inside.
// @source oci-runtime config#mounts, config#root, config-linux#rootfs-mount-propagation
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { must } from '../../helpers/shell.ts';
import { type Behaviour, on, type Refused, readings, refusals, type Suite } from '../behaviour.ts';
import type { Document, Place } from '../place.ts';
import { withoutPivot } from './no-pivot.ts';

export const mountsSuite: Suite = (place) => [
  ...binds(place),
  ...memory(place),
  ...defaults(place),
  ...roots(place),
  ...links(place),
  ...propagation(place),
  ...betweenNamespaces(place),
  ...withoutPivot(place),
  ...refusals(place, wrong),
];

/** A folder of the host with a file, a folder and a mount below it. */
function source(place: Place): string {
  const folder = `${place.folder}/source`;
  if (existsSync(folder)) return folder;
  mkdirSync(`${folder}/inner`, { recursive: true, mode: 0o755 });
  writeFileSync(`${folder}/file`, 'of the host\n', { mode: 0o666 });
  return folder;
}

const bind = (place: Place, destination: string, ...options: string[]): Document => ({
  destination,
  type: 'bind',
  source: source(place),
  options,
});

/** Flags of the mount at a path: those of the mount itself, not of its filesystem. */
const flagsAt = (path: string): string => `awk '$5 == "${path}" {print $6}' /proc/self/mountinfo`;

const binds = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: (config) => {
        config.mounts.push(
          bind(place, '/bound', 'bind'),
          bind(place, '/deep/er/made', 'rbind'),
          bind(place, '/read-only', 'bind', 'ro'),
          bind(place, '/flags', 'bind', 'nosuid', 'nodev', 'noexec', 'noatime'),
          bind(place, '/undone', 'bind', 'ro', 'rw', 'noexec', 'exec'),
          { ...bind(place, '/one-file', 'bind'), source: `${source(place)}/file` },
          { ...bind(place, '/untyped', 'bind'), type: undefined },
          { ...bind(place, '/typed-none', 'rbind'), type: 'none' },
          { destination: '/over', type: 'tmpfs', source: 'tmpfs' },
          { ...bind(place, '/over/inner', 'bind') },
        );
      },
    },
    [
      ['a bind shows the files of its source', 'cat /bound/file', 'of the host'],
      ['a bind without ro can be written', 'echo more >> /bound/inner/from-inside && echo done', 'done'],
      ['directories that lead to a destination are made', 'cat /deep/er/made/file', 'of the host'],
      ['a bind with ro cannot be written', 'echo x >> /read-only/file', /Read-only file system/],
      [
        'a bind with nosuid, nodev, noexec and noatime has these flags',
        flagsAt('/flags'),
        /^rw,nosuid,nodev,noexec,noatime/,
      ],
      ['noexec refuses to execute a file', 'cp /bin/busybox /flags/inner/true; /flags/inner/true', /Permission denied/],
      ['of options that exclude each other the last one holds', flagsAt('/undone'), /^rw(?!.*noexec)/],
      ['a bind of a file makes a file as its destination', 'cat /one-file', 'of the host'],
      ['a bind needs no type', 'cat /untyped/file', 'of the host'],
      ['a bind may have the type none', 'cat /typed-none/file', 'of the host'],
      ['mounts are made in the order of the list', 'cat /over/inner/file', 'of the host'],
    ],
  );

const memory = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: (config) => {
        const tmpfs = (destination: string, ...options: string[]) => ({
          destination,
          type: 'tmpfs',
          source: 'tmpfs',
          options,
        });
        config.mounts.push(
          tmpfs('/sized', 'size=64k', 'mode=0750'),
          tmpfs('/owned', 'uid=12', 'gid=34', 'mode=1777'),
          tmpfs('/sealed', 'ro'),
          tmpfs('/existing'),
        );
      },
      prepare: (rootfs) => mkdirSync(`${rootfs}/existing`, { mode: 0o711 }),
    },
    [
      [
        'a tmpfs has the size of its options',
        'dd if=/dev/zero of=/sized/f bs=1k count=100 2>&1 | grep -c "No space"',
        '1',
      ],
      ['a tmpfs has the mode of its options', 'stat -c %a /sized', '750'],
      ['a tmpfs has the owner of its options', 'stat -c "%u %g %a" /owned', '12 34 1777'],
      ['a tmpfs with ro cannot be written', 'touch /sealed/x', /Read-only file system/],
      ['a tmpfs without a mode has that of the directory that it covers', 'stat -c %a /existing', '711'],
    ],
  );

const defaults = (place: Place): Behaviour[] =>
  readings(place, {}, [
    ['proc is mounted where the configuration says', 'awk \'$2 == "/proc" {print $3}\' /proc/mounts', 'proc'],
    ['sysfs is read-only when its options say so', 'mkdir /sys/x', /Read-only file system|not permitted/],
    ['a devpts has newinstance and its ptmx mode', 'stat -c %a /dev/pts/ptmx', '666'],
    ['/dev/shm is a tmpfs with the size of its options', "df -k /dev/shm | tail -n 1 | awk '{print $2}'", '65536'],
    ['/dev/mqueue is a message queue filesystem', 'awk \'$2 == "/dev/mqueue" {print $3}\' /proc/mounts', 'mqueue'],
    ['the old root is not reachable', 'ls / | grep -cE "^(var|usr|boot|work)$"', '0'],
    ['.. of the root is the root', '[ "$(stat -c %i /)" = "$(stat -c %i /..)" ] && echo same', 'same'],
    ['without rootfsPropagation no mount is shared with the host', 'grep -c shared: /proc/self/mountinfo', '0'],
    [
      'a cgroup mount shows the hierarchies of the container',
      'ls /sys/fs/cgroup | grep -cE "^(memory|pids|cpu)$"',
      '3',
    ],
    ['a cgroup mount shows the container’s own cgroup', 'cat /sys/fs/cgroup/pids/cgroup.procs | head -n 1', '1'],
    ['a cgroup mount with ro cannot be written', 'echo 5 > /sys/fs/cgroup/pids/pids.max', /Read-only file system/],
    ['a cgroup hierarchy shows nothing above the container', 'ls /sys/fs/cgroup/pids | grep -c tlab-contract', '0'],
  ]);

const roots = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: (config) => {
        config.root.readonly = true;
      },
    },
    [
      ['with root.readonly the root filesystem cannot be written', 'touch /x', /Read-only file system/],
      ['with root.readonly a tmpfs can be written', 'touch /dev/shm/x && echo done', 'done'],
    ],
  ),
  {
    title: 'without root.readonly what the container writes is in the bundle’s root filesystem',
    observe: on(place, ['touch', '/written'], {}, async (container) => {
      await container.run();
      return existsSync(`${container.rootfs}/written`);
    }),
    expected: true,
  },
  {
    title: 'root.path may be absolute',
    observe: on(place, ['cat', '/marker'], {}, async (container) => {
      const other = `${container.bundle}/elsewhere`;
      await must('cp', ['-a', container.rootfs, other]);
      writeFileSync(`${other}/marker`, 'the other root');
      const text = JSON.stringify({ ...container.config, root: { path: other } });
      place.write(container.bundle, { id: container.id, text, withoutPlan: false });
      return (await container.run()).stdout;
    }),
    expected: 'the other root',
  },
  {
    title: 'root.path is relative to the bundle',
    observe: on(
      place,
      ['echo', 'relative'],
      { edit: ({ root }) => Object.assign(root, { path: './rootfs/../rootfs' }) },
      async (container) => {
        return (await container.run()).stdout;
      },
    ),
    expected: 'relative',
  },
];

/** A link in the image is resolved inside the root, whatever it says. */
const links = (place: Place): Behaviour[] => [
  {
    title: 'a destination below a link of the image stays inside the root filesystem',
    observe: async () => {
      const outside = `${place.folder}/outside`;
      mkdirSync(outside, { recursive: true });
      const edit = (config: Document): void => config.mounts.push(bind(place, '/link/below', 'bind'));
      const prepare = (rootfs: string): void => symlinkSync(outside, `${rootfs}/link`);
      await using container = place.container(['cat', '/link/below/file'], { edit, prepare });
      const ran = await container.run();
      return [ran.stdout, readdirSync(outside)];
    },
    expected: ['of the host\n', []],
  },
  {
    title: 'a destination below a link with .. stays inside the root filesystem',
    observe: on(
      place,
      ['cat', '/link/file'],
      {
        edit: (config) => config.mounts.push(bind(place, '/link', 'bind')),
        prepare: (rootfs) => symlinkSync('../../../../../../../tmp/target', `${rootfs}/link`),
      },
      async (container) => {
        const { stdout } = await container.run();
        return [stdout, existsSync('/tmp/target'), existsSync(`${container.rootfs}/tmp/target`)];
      },
    ),
    expected: ['of the host\n', false, true],
  },
  {
    title: 'a process.cwd below a link stays inside the root filesystem',
    observe: on(
      place,
      ['sh', '-c', 'ls / | grep -c busybox-of-host; pwd -P'],
      {
        edit: ({ process }) => Object.assign(process, { cwd: '/link/here' }),
        prepare: (rootfs) => {
          mkdirSync(`${rootfs}/real/here`, { recursive: true });
          symlinkSync('/real', `${rootfs}/link`);
        },
      },
      async (container) => (await container.run()).stdout,
    ),
    expected: '0\n/real/here',
  },
];

const propagationOf = (path: string): string =>
  `awk '$5 == "${path}" {o = ""; for (i = 7; $i != "-"; i++) o = o " " $i; print "is" o}' /proc/self/mountinfo | sed 's/:[0-9]*//g'`;

const propagation = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: (config) => {
        config.mounts.push(
          bind(place, '/private', 'bind', 'private'),
          bind(place, '/shared', 'bind', 'shared'),
          bind(place, '/slave', 'bind', 'rslave'),
          bind(place, '/unbindable', 'bind', 'unbindable'),
          bind(place, '/usual', 'bind'),
        );
      },
    },
    [
      ['a mount with private has no peers', propagationOf('/private'), 'is'],
      ['a mount with shared is shared', propagationOf('/shared'), /shared/],
      ['a mount with unbindable is so', propagationOf('/unbindable'), 'is unbindable'],
      ['a mount with rslave is not shared', `${propagationOf('/slave')} | grep -c shared`, '0'],
      ['a mount without propagation is private', propagationOf('/usual'), 'is'],
    ],
  ),
  ...(['shared', 'slave', 'private', 'unbindable'] as const).map(
    (kind): Behaviour => ({
      title: `rootfsPropagation ${kind} makes the root filesystem ${kind}`,
      observe: on(
        place,
        ['sh', '-c', propagationOf('/')],
        { edit: ({ linux }) => Object.assign(linux, { rootfsPropagation: kind }) },
        async (container) => {
          const ran = await container.run();
          return ran.stdout || `refused: ${ran.stderr}`;
        },
      ),
      expected: { shared: /shared/, slave: /^is( master)?$/, private: 'is', unbindable: 'is unbindable' }[kind],
    }),
  ),
];

/** A mount of the runtime's namespace that is shared, while a behaviour looks at it. */
async function whileShared(
  place: Place,
  body: (folder: string, host: typeof must) => Promise<unknown>,
): Promise<unknown> {
  const folder = `${place.folder}/peers`;
  const host: typeof must = (program, args) =>
    must('nsenter', [`--mount=${place.runtime.proc}/ns/mnt`, program, ...args]);
  mkdirSync(`${folder}/late`, { recursive: true });
  await host('mount', ['--bind', folder, folder]);
  await host('mount', ['--make-rshared', folder]);
  try {
    return await body(folder, host);
  } finally {
    await host('umount', ['--recursive', folder]);
  }
}

const travelling = (place: Place, kind: 'rslave' | 'rshared' | 'rprivate', rootfsPropagation: string) => {
  const edit = (config: Document): void => {
    config.linux.rootfsPropagation = rootfsPropagation;
    config.mounts.push({
      destination: '/peers',
      type: 'bind',
      source: `${place.folder}/peers`,
      options: ['rbind', kind],
    });
    for (const set of ['bounding', 'permitted', 'effective']) config.process.capabilities[set].push('CAP_SYS_ADMIN');
  };
  return place.container(['sleep', '1000'], { edit });
};

const appears = (place: Place, kind: 'rslave' | 'rprivate') => () =>
  whileShared(place, async (folder, host) => {
    await using container = travelling(place, kind, 'rslave');
    await container.start();
    await host('mount', ['-t', 'tmpfs', 'late', `${folder}/late`]);
    return (await container.exec({ args: ['grep', '-c', '/peers/late', '/proc/mounts'] })).stdout;
  });

const betweenNamespaces = (place: Place): Behaviour[] => [
  {
    title: 'a later mount of the host appears below a bind with rslave',
    observe: appears(place, 'rslave'),
    expected: '1',
  },
  {
    title: 'a later mount of the host does not appear below a bind with rprivate',
    observe: appears(place, 'rprivate'),
    expected: '0',
  },
  {
    title:
      'a mount of the container below a bind with rshared appears on the host when the root’s propagation is shared',
    observe: () =>
      whileShared(place, async (_folder, host) => {
        await using container = travelling(place, 'rshared', 'shared');
        await container.start();
        await container.exec({ args: ['mount', '-t', 'tmpfs', 'from-inside', '/peers/late'] });
        return (await host('cat', ['/proc/mounts'])).split('\n').filter((line) => line.startsWith('from-inside '))
          .length;
      }),
    expected: 1,
  },
  {
    title: 'a root whose propagation is shared leaves no mount on the host',
    observe: on(
      place,
      ['true'],
      { edit: ({ linux }) => Object.assign(linux, { rootfsPropagation: 'shared' }) },
      async (container) => {
        await container.created();
        return place.traces().mounts;
      },
    ),
    expected: [],
  },
];

const wrong: readonly Refused[] = [
  [
    'a bind of a source that is not there is refused',
    (config) => config.mounts.push({ destination: '/x', type: 'bind', source: '/no/where', options: ['bind'] }),
    /\/no\/where/,
  ],
  [
    'an unknown filesystem type is refused',
    (config) => config.mounts.push({ destination: '/x', type: 'nofs', source: 'none' }),
    /nofs|no such device/i,
  ],
  [
    'an option that a tmpfs does not know is refused',
    (config) => config.mounts.push({ destination: '/x', type: 'tmpfs', source: 'tmpfs', options: ['colour=red'] }),
    /colour=red|invalid|EINVAL/i,
  ],
  [
    'an unknown rootfsPropagation is refused',
    ({ linux }) => Object.assign(linux, { rootfsPropagation: 'sideways' }),
    /sideways|propagation/i,
  ],
  ['a root filesystem that is not there is refused', ({ root }) => Object.assign(root, { path: 'nowhere' }), /nowhere/],
  ['a configuration without root is refused', (config) => delete config.root, /root/i],
];
