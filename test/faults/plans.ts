// The containers whose plans are failed and killed at every operation. An operation that is in none of them is without a fault test,
// which test/faults/operations.test.ts says by name: add here what asks for it.
import type { RuntimeConfig } from '../helpers/bundle.ts';

export interface FaultPlan {
  name: string;
  /** `socket`: where somebody takes every connection. */
  edit(config: RuntimeConfig, socket: string): void;
}

const hook = { path: '/bin/true', args: ['true'] };

/** What an engine asks for, and nearly everything that is asked for beside it. */
function usual(config: RuntimeConfig): void {
  Object.assign(config.process, {
    user: { uid: 1000, gid: 1000, additionalGids: [10, 20], umask: 0o027 },
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 512, hard: 1024 }],
    oomScoreAdj: 100,
    noNewPrivileges: true,
    cwd: '/tmp',
    scheduler: { policy: 'SCHED_BATCH', nice: 5 },
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 },
  });
  Object.assign(config, {
    hostname: 'faulty',
    domainname: 'example',
    annotations: { 'org.example.fault': 'yes' },
    hooks: {
      prestart: [hook],
      createRuntime: [hook],
      createContainer: [hook],
      startContainer: [hook],
      poststart: [hook],
      poststop: [hook],
    },
  });
  config.root.readonly = true;
  // One of the container's own file systems is enough of cgroups: the rest of the version 1 hierarchies are the same mount again.
  const mounts = (config.mounts as { type: string }[]).filter(({ type }) => type !== 'cgroup');
  config.mounts = [
    ...mounts,
    { destination: '/mnt/extra', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=64k'] },
  ];
  Object.assign(config.linux, {
    sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.shm_rmid_forced': '1' },
    personality: { domain: 'LINUX' },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' },
    devices: [{ path: '/dev/extra', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }],
    maskedPaths: ['/proc/kcore', '/proc/scsi'],
    readonlyPaths: ['/proc/bus', '/proc/sys'],
    seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['acct'], action: 'SCMP_ACT_ERRNO' }] },
    resources: {
      devices: [{ allow: false, access: 'rwm' }],
      memory: { limit: 64 << 20 },
      pids: { limit: 100 },
      cpu: { shares: 512, quota: 50_000, period: 100_000 },
    },
  });
}

/** A namespace of somebody else's, and programs of the host's network. */
function joining(config: RuntimeConfig): void {
  const namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'network');
  const own = { type: 'user', path: '/proc/self/ns/user' };
  const map = [{ containerID: 0, hostID: 0, size: 4294967295 }];
  config.linux.namespaces = [...namespaces, own, { type: 'network', path: '/proc/self/ns/net' }];
  Object.assign(config.linux, { uidMappings: map, gidMappings: map });
  config.mounts = [];
}

/** The rarer ones: a user namespace with its maps, a terminal, a cgroup mount, seccomp with privileges. */
function rare(config: RuntimeConfig, socket: string): void {
  const map = [{ containerID: 0, hostID: 0, size: 65536 }];
  config.process.terminal = true;
  Object.assign(config.process, { noNewPrivileges: false });
  const namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'cgroup');
  Object.assign(config.linux, {
    namespaces: [...namespaces, { type: 'user' }, { type: 'cgroup' }, { type: 'time' }],
    timeOffsets: { monotonic: { secs: 100 } },
    uidMappings: map,
    gidMappings: map,
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['acct'], action: 'SCMP_ACT_NOTIFY' }],
      listenerPath: socket,
    },
  });
  const mounts = config.mounts as { type: string; options?: string[] }[];
  const mapped = { destination: '/mnt', source: '/var/tmp', options: ['bind'], uidMappings: map, gidMappings: map };
  const copied = { destination: '/bin', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] };
  config.mounts = [...mounts.filter(({ type }) => type !== 'mqueue' && type !== 'sysfs'), mapped, copied];
}

/** In the mount namespace of the caller, where nothing may be mounted. */
function sharing(config: RuntimeConfig): void {
  const namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'mount');
  Object.assign(config.linux, { namespaces, maskedPaths: [], readonlyPaths: [] });
  Object.assign(config, { mounts: [], root: { ...config.root, readonly: false } });
}

export const faultPlans: readonly FaultPlan[] = [
  { name: 'a usual container', edit: usual },
  { name: 'a container with the rarer operations', edit: rare },
  { name: 'a container in the network of another', edit: joining },
  { name: 'a container among the mounts of its caller', edit: sharing },
];

/** The process document of the execs that are failed. */
export const faultyExec = { args: ['sleep', '1000'], execCPUAffinity: { initial: '0', final: '0' } };

/** Operations that no plan of this host can have, and why. */
export const notHere: Readonly<Record<string, string>> = {
  cgroup_devices: 'it belongs to hosts whose devices are in the version 2 hierarchy',
  net_device: 'it takes a device of the host: test/faults/net-devices.test.ts',
  id_map_helper: 'it belongs to the containers of an ordinary user',
  systemd_call: 'it needs systemd as the first process; test/vm/systemd.guest.ts fails and kills it',
  apparmor_profile: 'it needs AppArmor in the kernel; test/vm/apparmor.guest.ts fails and kills it',
};
