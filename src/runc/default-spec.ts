// The config.json that `spec` writes. @source runc libcontainer/specconv/example.go; runc-spec(8)
import type { RuntimeConfigInput } from '../oci/runtime.ts';

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];
const private_ = ['nosuid', 'noexec', 'nodev'];

export const defaultSpec = (): RuntimeConfigInput => ({
  ociVersion: '1.0.2',
  process: {
    terminal: true,
    user: { uid: 0, gid: 0 },
    args: ['sh'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
    cwd: '/',
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'tlab',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...private_, 'mode=1777', 'size=65536k'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: private_ },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...private_, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...private_, 'relatime', 'ro'] },
  ],
  linux: {
    resources: { devices: [{ allow: false, access: 'rwm' }] },
    namespaces: [{ type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
    maskedPaths: [
      '/proc/acpi',
      '/proc/asound',
      '/proc/kcore',
      '/proc/keys',
      '/proc/latency_stats',
      '/proc/timer_list',
      '/proc/timer_stats',
      '/proc/sched_debug',
      '/sys/firmware',
      '/proc/scsi',
    ],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
  },
});

/** For a user without root: a user namespace that maps just them, the host's network and cgroups, its /sys by bind. */
export function rootlessSpec(uid: number, gid: number): RuntimeConfigInput {
  const { mounts = [], linux = {}, ...rest } = defaultSpec();
  const { resources: _resources, namespaces = [], ...linuxRest } = linux;
  return {
    ...rest,
    mounts: mounts.map((mount) => {
      if (mount.destination === '/dev/pts')
        return { ...mount, options: (mount.options ?? []).filter((word) => word !== 'gid=5') };
      if (mount.destination !== '/sys') return mount;
      return { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', ...private_, 'ro'] };
    }),
    linux: {
      ...linuxRest,
      uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
      namespaces: [...namespaces.filter(({ type }) => type !== 'network'), { type: 'user' }],
    },
  };
}
