// Files that the runtime itself provides or protects: devices and links of /dev, masked and read-only paths, sysctls.
// @source oci-runtime config-linux#default-devices, config-linux#devices, config-linux#masked-paths, config-linux#sysctl
import { mkdirSync, writeFileSync } from 'node:fs';
import { type Behaviour, type Refused, readings, refusals, type Suite } from '../behaviour.ts';
import type { Place } from '../place.ts';

export const filesSuite: Suite = (place) => [
  ...defaultDevices(place),
  ...givenDevices(place),
  ...hidden(place),
  ...sysctls(place),
  ...refusals(place, wrong),
];

const nodes: readonly (readonly [name: string, numbers: string])[] = [
  ['null', '1 3'],
  ['zero', '1 5'],
  ['full', '1 7'],
  ['random', '1 8'],
  ['urandom', '1 9'],
  ['tty', '5 0'],
];

/** busybox prints major and minor as hexadecimal. */
const shapeOf = (path: string): string => `stat -c '%F %t %T %a %u %g' ${path}`;

const defaultDevices = (place: Place): Behaviour[] =>
  readings(place, {}, [
    ...nodes.map(
      ([name, numbers]) =>
        [
          `/dev/${name} is there for everyone with its numbers`,
          shapeOf(`/dev/${name}`),
          `character special file ${numbers} 666 0 0`,
        ] as const,
    ),
    ['/dev/ptmx leads to the container’s own devpts', 'readlink /dev/ptmx', /^(\/dev\/)?pts\/ptmx$/],
    [
      '/dev/fd, stdin, stdout and stderr lead to /proc/self/fd',
      'for n in fd stdin stdout stderr; do readlink /dev/$n; done',
      '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2',
    ],
    ['/dev/null swallows and /dev/zero gives', 'echo x > /dev/null && head -c 2 /dev/zero | wc -c', '2'],
    ['/dev/full is full', 'echo x > /dev/full', /No space left/],
    ['no disk of the host is in /dev', 'find /dev -type b | wc -l', '0'],
  ]);

const givenDevices = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: ({ linux, process }) => {
        linux.devices = [
          { path: '/dev/given', type: 'c', major: 1, minor: 5, fileMode: 0o640, uid: 12, gid: 34 },
          { path: '/dev/deep/er/block', type: 'b', major: 7, minor: 200, fileMode: 0o600 },
          { path: '/dev/queue', type: 'p', fileMode: 0o622 },
          { path: '/dev/half', type: 'c', major: 10, minor: 237, fileMode: 0o666 },
          { path: '/dev/forbidden', type: 'c', major: 1, minor: 11, fileMode: 0o666 },
        ];
        linux.resources = {
          devices: [
            { allow: false, access: 'rwm' },
            { allow: true, type: 'c', major: 10, minor: 237, access: 'r' },
          ],
        };
        for (const set of ['bounding', 'permitted', 'effective']) process.capabilities[set].push('CAP_MKNOD');
      },
    },
    [
      [
        'a device of the list has its numbers, mode and owner',
        shapeOf('/dev/given'),
        'character special file 1 5 640 12 34',
      ],
      ['directories that lead to a device are made', shapeOf('/dev/deep/er/block'), 'block special file 7 c8 600 0 0'],
      ['a fifo of the list is made', shapeOf('/dev/queue'), 'fifo 0 0 622 0 0'],
      ['a device that the rules allow can be read', ': < /dev/half && echo opened', 'opened'],
      ['a device that no rule allows cannot be opened', 'head -c 1 /dev/forbidden', /not permitted/],
      ['a device that the rules let be read cannot be written', ': >> /dev/half', /not permitted/],
      [
        'a device that no rule allows cannot be opened by a node of the container’s own',
        'mknod /log c 1 11; head -c 1 /log',
        /not permitted/,
      ],
      ['the default devices work whatever the rules are', 'echo x > /dev/null && head -c 1 /dev/urandom | wc -c', '1'],
    ],
  );

const hidden = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: ({ linux }) => {
        linux.maskedPaths = ['/proc/keys', '/secrets', '/file', '/not/there'];
        linux.readonlyPaths = ['/proc/sys', '/kept', '/kept-file', '/nor/there'];
      },
      prepare: (rootfs) => {
        for (const name of ['secrets', 'kept']) mkdirSync(`${rootfs}/${name}`);
        for (const name of ['secrets/one', 'file', 'kept/one', 'kept-file'])
          writeFileSync(`${rootfs}/${name}`, 'text', { mode: 0o666 });
      },
    },
    [
      ['a masked file is empty', 'wc -c < /file', '0'],
      ['a masked file of procfs is empty', 'wc -c < /proc/keys', '0'],
      ['a masked directory is empty', 'ls -A /secrets | wc -l', '0'],
      ['nothing can be written into a masked directory', 'touch /secrets/two', /Read-only|denied/],
      ['a read-only path can be read', 'cat /kept/one /kept-file', 'texttext'],
      ['a read-only directory cannot be written', 'touch /kept/two', /Read-only file system/],
      ['a read-only file cannot be written', 'echo x > /kept-file', /Read-only file system/],
      ['a read-only path of procfs cannot be written', 'echo 1 > /proc/sys/kernel/domainname', /Read-only file system/],
      ['masked and read-only paths that are not there are no error', '[ -e /not ] || [ -e /nor ] || echo none', 'none'],
    ],
  );

const sysctls = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: ({ linux }) => {
        linux.sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096', 'net/ipv4/ip_default_ttl': '77' };
      },
    },
    [
      ['a sysctl of the network namespace is set', 'cat /proc/sys/net/ipv4/ip_forward', '1'],
      ['a sysctl of the ipc namespace is set', 'cat /proc/sys/kernel/msgmax', '4096'],
      ['a sysctl may be written with slashes', 'cat /proc/sys/net/ipv4/ip_default_ttl', '77'],
    ],
  );

const wrong: readonly Refused[] = [
  [
    'a sysctl of the whole host is refused',
    ({ linux }) => Object.assign(linux, { sysctl: { 'kernel.panic': '0' } }),
    /kernel.panic/,
  ],
  [
    'a sysctl of a file system is refused',
    ({ linux }) => Object.assign(linux, { sysctl: { 'vm.swappiness': '60' } }),
    /vm.swappiness/,
  ],
  [
    'a sysctl of a namespace that is the host’s is refused',
    ({ linux }) => {
      linux.sysctl = { 'kernel.msgmax': '4096' };
      linux.namespaces = linux.namespaces.filter(({ type }: { type: string }) => type !== 'ipc');
    },
    /ipc|kernel.msgmax/i,
  ],
  [
    'a sysctl that does not exist is refused',
    ({ linux }) => Object.assign(linux, { sysctl: { 'net.nothing': '1' } }),
    /net.nothing|net\/nothing/,
  ],
  [
    'a device of an unknown type is refused',
    ({ linux }) => Object.assign(linux, { devices: [{ path: '/dev/x', type: 'z', major: 1, minor: 3 }] }),
    /type|device|"z"/i,
  ],
];
