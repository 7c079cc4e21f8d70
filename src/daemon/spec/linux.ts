// /linux of config.json: namespaces, cgroup, limits, devices, masks, sysctls, seccomp.

import { pointerPart } from '../../oci/runtime.ts';
import type { Cause } from '../../trace/cause.ts';
import { cgroupsPathOf } from '../cgroups.ts';
import type { HostConfig } from '../schema/host-config.ts';
import type { IdRange } from '../userns.ts';
import { chooseCapabilities } from './capabilities.ts';
import type { Draft } from './draft.ts';
import type { SpecInput } from './input.ts';
import { cgroupNamespaceOf } from './mounts.ts';
import { seccompOf } from './seccomp.ts';
import { parseSecurityOptions } from './security-options.ts';

/** @source docker oci/defaults.go; recorded from dockerd 20.10 */
export const defaultMaskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
export const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** Major and minor numbers. @source linux Documentation/admin-guide/devices.txt; docker oci/defaults.go */
const defaultDeviceRules = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 9, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 8, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 0, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' },
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
];

export function putLinux(draft: Draft, input: SpecInput): void {
  putCgroup(draft, input);
  putNamespaces(draft, input);
  putMappings(draft, input);
  putSysctls(draft, input);
  putDevices(draft, input);
  putResources(draft, input.host);
  putMasks(draft, input);
  putSeccomp(draft, input);
}

function putCgroup(draft: Draft, { host, id, cgroupDriver = 'cgroupfs', cgroupParent }: SpecInput): void {
  const path = cgroupsPathOf(cgroupDriver, id, host.CgroupParent || cgroupParent);
  const byDefault: Cause = cgroupParent ? 'default:cgroup-parent' : 'default:cgroup-path';
  draft.put('/linux/cgroupsPath', path, host.CgroupParent ? 'api:/HostConfig/CgroupParent' : byDefault);
}

function putNamespaces(draft: Draft, { host, facts, networkNamespace, userNamespace }: SpecInput): void {
  const add = (type: string, cause: Cause, path?: string): void =>
    draft.append('/linux/namespaces', path === undefined ? { type } : { type, path }, cause);
  add('mount', 'default:default-namespaces');
  if (networkNamespace !== undefined) {
    const mode = host.NetworkMode ?? '';
    const isAsked = mode !== '' && mode !== 'default';
    add('network', isAsked ? 'api:/HostConfig/NetworkMode' : 'default:default-network', networkNamespace);
  }
  if (userNamespace !== undefined) add('user', 'default:userns-remap', userNamespace.path);
  if (host.UTSMode !== 'host') add('uts', 'default:default-namespaces');
  if (host.PidMode !== 'host') add('pid', 'default:default-namespaces');
  if (host.IpcMode !== 'host') add('ipc', host.IpcMode ? 'api:/HostConfig/IpcMode' : 'default:default-namespaces');
  if (cgroupNamespaceOf(host.CgroupnsMode, facts.cgroupVersion) === 'private') {
    add('cgroup', host.CgroupnsMode ? 'api:/HostConfig/CgroupnsMode' : 'default:default-namespaces');
  }
}

/** The namespace has them already; runtimes compare, and runc before 1.2 wants them. @source oci-runtime config-linux#user-namespace-mappings */
function putMappings(draft: Draft, { userNamespace }: SpecInput): void {
  if (userNamespace === undefined) return;
  const mappings = (ranges: readonly IdRange[]) =>
    ranges.map(({ containerId, hostId, count }) => ({ containerID: containerId, hostID: hostId, size: count }));
  draft.put('/linux/uidMappings', mappings(userNamespace.remap.uids), 'default:userns-remap');
  draft.put('/linux/gidMappings', mappings(userNamespace.remap.gids), 'default:userns-remap');
}

/** Ports below 1024 and ping sockets without privilege, in a network namespace of its own. @source man ip(7) */
function putSysctls(draft: Draft, { host, networkNamespace, userNamespace }: SpecInput): void {
  const own = host.Sysctls ?? {};
  if (networkNamespace !== undefined && !host.Privileged) {
    for (const [key, value] of [
      ['net.ipv4.ip_unprivileged_port_start', '0'],
      // The kernel takes only groups that the namespace maps.
      ['net.ipv4.ping_group_range', `0 ${(userNamespace?.remap.gids[0]?.count ?? 2147483648) - 1}`],
    ] as const) {
      if (!(key in own)) draft.put(`/linux/sysctl/${key}`, value, 'default:network-sysctls');
    }
  }
  for (const [key, value] of Object.entries(own)) {
    const step = pointerPart(key);
    draft.put(`/linux/sysctl/${step}`, value, `api:/HostConfig/Sysctls/${step}`);
  }
}

function putDevices(draft: Draft, { host, facts }: SpecInput): void {
  const pointer = '/linux/resources/devices';
  if (host.Privileged) {
    draft.append(pointer, { allow: true, access: 'rwm' }, 'api:/HostConfig/Privileged');
    for (const device of facts.devices()) draft.append('/linux/devices', device, 'api:/HostConfig/Privileged');
    return;
  }
  for (const rule of defaultDeviceRules) draft.append(pointer, rule, 'default:default-devices');
  for (const [index, { PathOnHost, PathInContainer, CgroupPermissions }] of (host.Devices ?? []).entries()) {
    const device = facts.devices().find((candidate) => candidate.path === PathOnHost);
    if (device === undefined) continue; // the door has refused it already
    const { type, major, minor } = device;
    const cause: Cause = `api:/HostConfig/Devices/${index}`;
    draft.append('/linux/devices', { ...device, path: PathInContainer }, cause);
    draft.append(pointer, { allow: true, type, major, minor, access: CgroupPermissions || 'rwm' }, cause);
  }
}

const cpuPeriodUs = 100_000;

export function putResources(draft: Draft, host: HostConfig): void {
  const resource = (pointer: string, value: number | string | undefined, field: string): void => {
    if (value !== undefined && value !== 0 && value !== '') {
      draft.put(`/linux/resources/${pointer}`, value, `api:/HostConfig/${field}`);
    }
  };
  resource('memory/limit', host.Memory, 'Memory');
  resource('memory/reservation', host.MemoryReservation, 'MemoryReservation');
  putSwap(draft, host.Memory ?? 0, host.MemorySwap ?? 0);
  resource('cpu/shares', host.CpuShares, 'CpuShares');
  resource('cpu/quota', host.CpuQuota, 'CpuQuota');
  resource('cpu/period', host.CpuPeriod, 'CpuPeriod');
  resource('cpu/cpus', host.CpusetCpus, 'CpusetCpus');
  resource('cpu/mems', host.CpusetMems, 'CpusetMems');
  if (host.NanoCpus) {
    draft.put(
      '/linux/resources/cpu/quota',
      Math.round((host.NanoCpus * cpuPeriodUs) / 1e9),
      'api:/HostConfig/NanoCpus',
    );
    draft.put('/linux/resources/cpu/period', cpuPeriodUs, 'default:cpu-period');
  }
  if (host.PidsLimit) {
    draft.put('/linux/resources/pids/limit', host.PidsLimit < 0 ? -1 : host.PidsLimit, 'api:/HostConfig/PidsLimit');
  }
}

/** Memory and swap together; twice the memory when only that is limited. @source docker-api HostConfig#MemorySwap */
function putSwap(draft: Draft, memory: number, swap: number): void {
  if (swap !== 0) draft.put('/linux/resources/memory/swap', swap, 'api:/HostConfig/MemorySwap');
  else if (memory > 0) draft.put('/linux/resources/memory/swap', memory * 2, 'default:swap-twice-memory');
}

function putMasks(draft: Draft, { host }: SpecInput): void {
  const isOpen = parseSecurityOptions(host.SecurityOpt ?? []).areSystemPathsUnconfined;
  if (host.Privileged || isOpen) return;
  const masked = host.MaskedPaths ?? defaultMaskedPaths;
  const readonly = host.ReadonlyPaths ?? defaultReadonlyPaths;
  draft.put(
    '/linux/maskedPaths',
    [...masked],
    host.MaskedPaths ? 'api:/HostConfig/MaskedPaths' : 'default:masked-paths',
  );
  draft.put(
    '/linux/readonlyPaths',
    [...readonly],
    host.ReadonlyPaths ? 'api:/HostConfig/ReadonlyPaths' : 'default:read-only-paths',
  );
}

function putSeccomp(draft: Draft, { host, facts }: SpecInput): void {
  const asked = parseSecurityOptions(host.SecurityOpt ?? []).seccomp;
  if (!facts.hasSeccomp || asked === 'unconfined' || (host.Privileged && asked === 'default')) return;
  const { capabilities } = chooseCapabilities(host, facts.capabilities);
  const profile = seccompOf(asked, { architecture: facts.architecture, capabilities });
  draft.put('/linux/seccomp', profile, asked === 'default' ? 'default:seccomp-profile' : 'api:/HostConfig/SecurityOpt');
}
