// Resources → files of the version 1 hierarchies. A controller that the host lacks and config.json asks for is refused by name.
// @source kernel cgroup-v1/*.rst; oci-runtime config-linux#control-groups
import type { BlockIO, Resources } from '../../oci/runtime-resources.ts';
import { hierarchyOf } from '../host/cgroups.ts';
import type { Operation } from '../plan/operations.ts';
import { type CgroupWrite, cgroupDirectories } from './cgroup-directories.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { byRuntime, type CompileContext, type PlanCause, refusal } from './context.ts';
import { type DeviceException, deviceCause, devicePolicy, deviceWords } from './device-rules.ts';
import { checkMemory } from './memory-rules.ts';
import { hasDeviceRules } from './rootless-cgroups.ts';

/** Every hierarchy's directory. A cpuset starts empty and refuses processes, so each level gets its parent's CPUs and memory nodes. */
export function setupV1(context: CompileContext): Operation[] {
  const { cause } = cgroupPathOf(context);
  const cpuset = hierarchyOf(context.host.cgroups, 'cpuset')?.mountpoint;
  return cgroupDirectories(context).flatMap((path) =>
    cpuset !== undefined && path.startsWith(`${cpuset}/`)
      ? cpusetLevels(context, { root: cpuset, path })
      : [byRuntime('cgroup_make', cause, { path })],
  );
}

function cpusetLevels(context: CompileContext, { root, path }: { root: string; path: string }): Operation[] {
  const { readCgroupFile: readFile } = context.host;
  const { cause } = cgroupPathOf(context);
  const inherited = { 'cpuset.cpus': readFile(`${root}/cpuset.cpus`), 'cpuset.mems': readFile(`${root}/cpuset.mems`) };
  const operations: Operation[] = [];
  let level = root;
  for (const part of path.slice(root.length + 1).split('/')) {
    level = `${level}/${part}`;
    operations.push(byRuntime('cgroup_make', cause, { path: level }));
    for (const file of ['cpuset.cpus', 'cpuset.mems'] as const) {
      // A parent that someone narrowed keeps its value, and what is below it inherits that.
      const present = readFile(`${level}/${file}`);
      if (present !== '') inherited[file] = present;
      else
        operations.push(
          byRuntime('cgroup_write', 'default:cpuset-inherited', { path: `${level}/${file}`, value: inherited[file] }),
        );
    }
  }
  return operations;
}

/** In the order of runc's subsystems. */
export function writesV1(context: CompileContext, resources: Resources): CgroupWrite[] {
  if (Object.keys(resources.unified ?? {}).length > 0) {
    throw refusal('/linux/resources/unified', 'this host has version 1 hierarchies: expected none');
  }
  const to = writer(context);
  return [
    ...(hasDeviceRules(context) ? deviceWrites(resources, to) : []),
    ...memoryWrites(resources, to, context),
    ...cpuWrites(resources, to),
    ...pidsWrites(resources, to),
    ...blockWrites(resources.blockIO ?? {}, to, context),
    ...otherWrites(resources, to),
  ];
}

type Writer = (file: string, value: number | bigint | string | undefined, pointer: string) => CgroupWrite[];

/** `memory.limit_in_bytes` belongs to the hierarchy that has `memory`. An undefined value writes nothing. */
function writer(context: CompileContext): Writer {
  const { path } = cgroupPathOf(context);
  return (file, value, pointer) => {
    if (value === undefined) return [];
    const controller = file.slice(0, file.indexOf('.'));
    const hierarchy = hierarchyOf(context.host.cgroups, controller);
    const cause: PlanCause = `/linux/resources${pointer}`;
    if (hierarchy === undefined) throw refusal(cause, `this host has no ${controller} controller`);
    return [{ path: `${hierarchy.mountpoint}${path}/${file}`, value: String(value), cause }];
  };
}

/**
 * From what `devices.list` says to what the rules come to, for a cgroup in use: only what differs is written, so that no device that is
 * allowed before and after is refused between. Exceptions from "all" are not in that list: then, and to get there, the rules are written anew.
 * @source kernel cgroup-v1/devices.rst
 */
export function deviceChanges(context: CompileContext, resources: Resources, list: string): CgroupWrite[] {
  const rules = resources.devices ?? [];
  const to = writer(context);
  const policy = devicePolicy(rules);
  const present = parseDeviceList(list);
  if (policy.isAllowed || present === undefined) return deviceWrites(resources, to);
  const wanted = new Map(policy.exceptions.map((exception) => [deviceKey(exception), exception.access]));
  const change = (file: string, key: string, letters: string): CgroupWrite[] =>
    letters === '' ? [] : to(file, `${key} ${letters}`, '/devices');
  return [
    ...[...wanted].flatMap(([key, access]) => change('devices.allow', key, lettersOf(access, present.get(key)))),
    ...[...present].flatMap(([key, access]) => change('devices.deny', key, lettersOf(access, wanted.get(key)))),
  ];
}

const deviceKey = ({ type, major, minor }: DeviceException): string => `${type} ${major}:${minor}`;

const lettersOf = (access: string, without = ''): string =>
  [...access].filter((letter) => !without.includes(letter)).join('');

/** Undefined where all devices are allowed, with exceptions or without. */
function parseDeviceList(list: string): Map<string, string> | undefined {
  const rows = list.split('\n').flatMap((line) => {
    const [, key, access] = /^([abc] \S+:\S+) ([rwm]+)$/.exec(line.trim()) ?? [];
    return key === undefined || access === undefined ? [] : [[key, access] as const];
  });
  return rows.some(([key]) => key.startsWith('a ')) ? undefined : new Map(rows);
}

function deviceWrites(resources: Resources, to: Writer): CgroupWrite[] {
  const rules = resources.devices ?? [];
  const policy = devicePolicy(rules);
  const start = policy.isAllowed ? 'devices.allow' : 'devices.deny';
  const exceptions = policy.isAllowed ? 'devices.deny' : 'devices.allow';
  return [
    ...to(start, 'a *:* rwm', '/devices').map((write) => ({ ...write, cause: deviceCause(rules, policy) })),
    ...policy.exceptions.flatMap((exception) =>
      to(exceptions, deviceWords(exception), '/devices').map((write) => ({
        ...write,
        cause: deviceCause(rules, policy, exception),
      })),
    ),
  ];
}

function memoryWrites({ memory = {} }: Resources, to: Writer, context: CompileContext): CgroupWrite[] {
  checkMemory(memory, context);
  return [
    // The limit first: memory+swap may never be below memory. @source kernel cgroup-v1/memory.rst
    ...to('memory.limit_in_bytes', set(memory.limit), '/memory/limit'),
    ...to('memory.memsw.limit_in_bytes', set(memory.swap), '/memory/swap'),
    ...to('memory.soft_limit_in_bytes', set(memory.reservation), '/memory/reservation'),
    ...to('memory.kmem.tcp.limit_in_bytes', set(memory.kernelTCP), '/memory/kernelTCP'),
    ...to('memory.oom_control', memory.disableOOMKiller === true ? 1 : undefined, '/memory/disableOOMKiller'),
    ...to('memory.swappiness', memory.swappiness, '/memory/swappiness'),
  ];
}

const cpuWrites = ({ cpu = {} }: Resources, to: Writer): CgroupWrite[] => [
  ...to('cpuset.cpus', cpu.cpus || undefined, '/cpu/cpus'),
  ...to('cpuset.mems', cpu.mems || undefined, '/cpu/mems'),
  ...to('cpu.shares', set(cpu.shares), '/cpu/shares'),
  // The period first: a quota is checked against it.
  ...to('cpu.cfs_period_us', set(cpu.period), '/cpu/period'),
  ...to('cpu.cfs_quota_us', set(cpu.quota), '/cpu/quota'),
  ...to('cpu.cfs_burst_us', cpu.burst, '/cpu/burst'),
  ...to('cpu.rt_period_us', set(cpu.realtimePeriod), '/cpu/realtimePeriod'),
  ...to('cpu.rt_runtime_us', set(cpu.realtimeRuntime), '/cpu/realtimeRuntime'),
  ...to('cpu.idle', cpu.idle, '/cpu/idle'),
];

/** Zero is "not asked for", less is no limit. @source oci-runtime config-linux#pids */
const pidsWrites = ({ pids }: Resources, to: Writer): CgroupWrite[] =>
  to('pids.max', !pids?.limit ? undefined : pids.limit > 0 ? pids.limit : 'max', '/pids/limit');

/** The plain weights were CFQ's, which Linux 5.0 dropped: where BFQ is, its own stand in for them. @source linux block/bfq-cgroup.c */
function blockWrites(block: BlockIO, to: Writer, { host }: CompileContext): CgroupWrite[] {
  const isWeighed = block.weight || block.weightDevice?.length;
  const weight = isWeighed && host.hasBfq() ? 'blkio.bfq.weight' : 'blkio.weight';
  return [
    ...to(weight, set(block.weight), '/blockIO/weight'),
    ...to('blkio.leaf_weight', set(block.leafWeight), '/blockIO/leafWeight'),
    ...(block.weightDevice ?? []).flatMap((device, index) => [
      ...to(`${weight}_device`, perDevice(device, device.weight), `/blockIO/weightDevice/${index}`),
      ...to('blkio.leaf_weight_device', perDevice(device, device.leafWeight), `/blockIO/weightDevice/${index}`),
    ]),
    ...throttles.flatMap(([key, file]) =>
      (block[key] ?? []).flatMap((device, index) =>
        to(file, perDevice(device, device.rate), `/blockIO/${key}/${index}`),
      ),
    ),
  ];
}

const throttles = [
  ['throttleReadBpsDevice', 'blkio.throttle.read_bps_device'],
  ['throttleWriteBpsDevice', 'blkio.throttle.write_bps_device'],
  ['throttleReadIOPSDevice', 'blkio.throttle.read_iops_device'],
  ['throttleWriteIOPSDevice', 'blkio.throttle.write_iops_device'],
] as const;

const otherWrites = (resources: Resources, to: Writer): CgroupWrite[] => [
  // Reservations too: where only faults are counted, a program that has reserved more is killed by a page. @source oci-runtime config-linux#huge-page-limits
  ...(resources.hugepageLimits ?? []).flatMap(({ pageSize, limit }, index) =>
    ['limit_in_bytes', 'rsvd.limit_in_bytes'].flatMap((file) =>
      to(`hugetlb.${pageSize}.${file}`, limit, `/hugepageLimits/${index}`),
    ),
  ),
  ...to('net_cls.classid', set(resources.network?.classID), '/network/classID'),
  ...(resources.network?.priorities ?? []).flatMap(({ name, priority }, index) =>
    to('net_prio.ifpriomap', `${name} ${priority}`, `/network/priorities/${index}`),
  ),
  ...Object.entries(resources.rdma ?? {}).flatMap(([device, limits]) =>
    to('rdma.max', rdmaWords(device, limits), '/rdma'),
  ),
];

/** Zero means "not asked for", as Docker and Go's marshaller write it. */
const set = <T extends number | bigint>(value: T | undefined): T | undefined => (value ? value : undefined);

const perDevice = (device: { major: number; minor: number }, value: number | bigint | undefined): string | undefined =>
  value === undefined ? undefined : `${device.major}:${device.minor} ${value}`;

export const rdmaWords = (
  device: string,
  limits: { hcaHandles?: number | undefined; hcaObjects?: number | undefined },
): string =>
  [
    device,
    ...(limits.hcaHandles === undefined ? [] : [`hca_handle=${limits.hcaHandles}`]),
    ...(limits.hcaObjects === undefined ? [] : [`hca_object=${limits.hcaObjects}`]),
  ].join(' ');
