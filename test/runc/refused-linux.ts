// Documents that the compiler refuses for their part `linux`, their mounts and their hooks.
import type { Refused } from './refused-documents.ts';

export const refusedLinux: readonly Refused[] = [
  [
    'what takes a mount, without a mount namespace of its own: mounts',
    (c) => {
      c.linux.namespaces = [{ type: 'pid' }];
      c.linux.maskedPaths ??= ['/proc/keys'];
      c.linux.readonlyPaths ??= ['/proc/sys'];
    },
    /mounts: expected a mount namespace of its own/,
  ],
  [
    'what takes a mount, without a mount namespace of its own: linux/maskedPaths',
    (c) => {
      c.linux.namespaces = [{ type: 'pid' }];
      c.linux.maskedPaths ??= ['/proc/keys'];
      c.linux.readonlyPaths ??= ['/proc/sys'];
      Object.assign(c, { mounts: [], root: { path: 'rootfs' } });
      c.linux.readonlyPaths = [];
    },
    /linux\/maskedPaths: expected a mount namespace of its own/,
  ],
  [
    'what takes a mount, without a mount namespace of its own: linux/readonlyPaths',
    (c) => {
      c.linux.namespaces = [{ type: 'pid' }];
      c.linux.maskedPaths ??= ['/proc/keys'];
      c.linux.readonlyPaths ??= ['/proc/sys'];
      Object.assign(c, { mounts: [], root: { path: 'rootfs' } });
      c.linux.maskedPaths = [];
    },
    /linux\/readonlyPaths: expected a mount namespace of its own/,
  ],
  [
    'what takes a mount, without a mount namespace of its own: root/readonly',
    (c) => {
      c.linux.namespaces = [{ type: 'pid' }];
      c.linux.maskedPaths ??= ['/proc/keys'];
      c.linux.readonlyPaths ??= ['/proc/sys'];
      c.mounts = [];
      c.root.readonly = true;
    },
    /root\/readonly: expected a mount namespace of its own/,
  ],
  [
    'a namespace twice',
    (c) => {
      c.linux.namespaces.push({ type: 'pid' });
    },
    /namespaces\/5: "pid": expected each namespace once/,
  ],
  [
    'time offsets without a time namespace',
    (c) => {
      c.linux.timeOffsets = { monotonic: { secs: 1 } };
    },
    /timeOffsets: expected none without a time namespace/,
  ],
  [
    'time offsets of a joined time namespace',
    (c) => {
      c.linux.namespaces.push({ type: 'time', path: '/proc/1/ns/time' });
      c.linux.timeOffsets = { monotonic: { secs: 1 } };
    },
    /timeOffsets: expected none, since the time namespace is joined/,
  ],
  [
    'the offset of a clock that has none',
    (c) => {
      c.linux.namespaces.push({ type: 'time' });
      c.linux.timeOffsets = { realtime: { secs: 1 } };
    },
    /timeOffsets\/realtime: "realtime": expected monotonic or boottime/,
  ],
  [
    'an offset of more than a second in nanoseconds',
    (c) => {
      c.linux.namespaces.push({ type: 'time' });
      c.linux.timeOffsets = { monotonic: { nanosecs: 1000000000 } };
    },
    /timeOffsets\/monotonic\/nanosecs: 1000000000: expected less than a second/,
  ],
  [
    'an unknown namespace',
    (c) => {
      c.linux.namespaces.push({ type: 'moon' });
    },
    /namespaces\/5\/type: "moon"/,
  ],
  [
    'a user namespace without maps',
    (c) => {
      c.linux.namespaces.push({ type: 'user' });
    },
    /uidMappings: missing/,
  ],
  [
    'maps without a user namespace',
    (c) => {
      c.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
    },
    /expected none without a user namespace/,
  ],
  [
    "a host name in a UTS namespace that is joined and the host's",
    (c) => {
      const others = c.linux.namespaces.filter((n: { type: string }) => n.type !== 'uts');
      c.linux.namespaces = [...others, { type: 'uts', path: '/host' }];
    },
    /\/hostname: expected a uts namespace/,
  ],
  [
    "a sysctl of a network namespace that is joined and the host's",
    (c) => {
      const others = c.linux.namespaces.filter((n: { type: string }) => n.type !== 'network');
      c.linux.namespaces = [...others, { type: 'network', path: '/host' }];
      c.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
    },
    /net.ipv4.ip_forward: expected a network namespace of its own, since it would change the host/,
  ],
  [
    "a network device for the host's own network",
    (c) => {
      c.linux.namespaces = c.linux.namespaces.filter((n: { type: string }) => n.type !== 'network');
      c.linux.netDevices = { eth0: {} };
    },
    /netDevices: expected a network namespace of its own/,
  ],
  [
    'two network devices of one name',
    (c) => {
      c.linux.netDevices = { eth0: { name: 'lan' }, eth1: { name: 'lan' } };
    },
    /netDevices\/eth1\/name: "lan": expected each name once/,
  ],
  [
    'a network device whose name is too long',
    (c) => {
      c.linux.netDevices = { eth0: { name: 'sixteen-letters-' } };
    },
    /netDevices\/eth0\/name: "sixteen-letters-": expected the name of a network device/,
  ],
  [
    'a name of a network device that the kernel is to complete',
    (c) => {
      c.linux.netDevices = { eth0: { name: 'lan%d' } };
    },
    /a name that the kernel completes \("lan%d"\) is not supported/,
    'notImplemented',
  ],
  [
    "a host name in the host's UTS namespace",
    (c) => {
      c.linux.namespaces = c.linux.namespaces.filter((n: { type: string }) => n.type !== 'uts');
    },
    /\/hostname: expected a uts namespace/,
  ],
  [
    'a sysctl of the host',
    (c) => {
      c.linux.sysctl = { 'vm.overcommit_memory': '1' };
    },
    /vm.overcommit_memory: is not kept apart by a namespace/,
  ],
  [
    'a sysctl that climbs',
    (c) => {
      c.linux.sysctl = { 'net/../kernel/panic': '1' };
    },
    /expected a key such as/,
  ],
  [
    'a sysctl of a shared namespace',
    (c) => {
      c.linux.namespaces = c.linux.namespaces.filter((n: { type: string }) => n.type !== 'network');
      c.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
    },
    /expected a network namespace of its own/,
  ],
  [
    'a relative masked path',
    (c) => {
      c.linux.maskedPaths = ['proc/x'];
    },
    /maskedPaths\/0: "proc\/x": expected an absolute path/,
  ],
  [
    'a cgroup at the root',
    (c) => {
      c.linux.cgroupsPath = '/x/..';
    },
    /cgroupsPath: "\/x\/..": expected a path below the root/,
  ],
  [
    'a systemd cgroup',
    (c) => {
      c.linux.cgroupsPath = 'system.slice:docker:web';
    },
    /--systemd-cgroup asks for/,
  ],
  [
    'swap below memory',
    (c) => {
      c.linux.resources.memory = { limit: 200, swap: 100 };
    },
    /swap: 100: expected at least the memory limit, 200/,
  ],
  [
    'swap without memory',
    (c) => {
      c.linux.resources.memory = { swap: 100 };
    },
    /expected a memory limit beside it/,
  ],
  [
    'unified values on version 1',
    (c) => {
      c.linux.resources.unified = { 'memory.high': '1' };
    },
    /resources\/unified: this host has version 1/,
  ],
  [
    'a list for the hooks',
    (c) => {
      c.hooks = [];
    },
    /config\.json \/hooks: an array: expected an object/,
  ],
  [
    'a list for annotations',
    (c) => {
      c.annotations = ['a'];
    },
    /config\.json \/annotations: an array: expected an object/,
  ],
  [
    'a list for linux',
    (c) => {
      c.linux = [];
    },
    /config\.json \/linux: an array: expected an object/,
  ],
  [
    'a list for the memory limits',
    (c) => {
      c.linux.resources.memory = [];
    },
    /resources\/memory: an array: expected an object/,
  ],
  [
    'a word for a process',
    (c) => {
      c.process = 'sh';
    },
    /config\.json \/process: "sh": expected an object/,
  ],
  [
    'a controller that the host lacks',
    (c) => {
      c.linux.resources.hugepageLimits = [{ pageSize: '2MB', limit: 0 }];
    },
    /this host has no hugetlb controller/,
  ],
  [
    'a hook with a relative path',
    (c) => {
      c.hooks = { prestart: [{ path: 'x' }] };
    },
    /hooks\/prestart\/0\/path: "x": expected an absolute path/,
  ],
  [
    'a device without numbers',
    (c) => {
      c.linux.devices = [{ type: 'c', path: '/dev/x' }];
    },
    /devices\/0: "\/dev\/x": expected major and minor/,
  ],
  [
    'taking part of a wide device rule away',
    (c) => {
      c.linux.resources.devices = [
        { allow: true, type: 'c', access: 'rwm' },
        { allow: false, type: 'c', major: 1, minor: 1, access: 'r' },
      ];
    },
    /devices\/1: takes part of an earlier rule for c \*:\* rwm away/,
  ],
];
