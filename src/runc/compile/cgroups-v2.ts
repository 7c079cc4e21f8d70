// Resources → files of the version 2 hierarchy. config.json speaks version 1, so shares, weights and memory+swap are converted.
// @source kernel cgroup-v2.rst; oci-runtime config-linux#unified
import type { BlockIO, Resources } from '../../oci/runtime-resources.ts';
import type { Operation } from '../plan/operations.ts';
import type { CgroupWrite } from './cgroup-directories.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { rdmaWords } from './cgroups-v1.ts';
import { byRuntime, type CompileContext, type PlanCause, refusal, unsupported } from './context.ts';
import { deviceProgram } from './device-program.ts';
import { devicePolicy } from './device-rules.ts';
import { checkMemory } from './memory-rules.ts';
import { hasDeviceRules } from './rootless-cgroups.ts';
import { levelsOf, refuseInThreaded, threadedLevels } from './threaded-cgroups.ts';

/** Each level made, with the controllers handed down from above, then the device program. */
export function setupV2(context: CompileContext): Operation[] {
  const root = rootOf(context);
  const { path, cause } = cgroupPathOf(context);
  const handedDown = context.host
    .readCgroupFile(`${root}/cgroup.controllers`)
    .split(' ')
    .filter(Boolean)
    .map((name) => `+${name}`)
    .join(' ');
  const levels = levelsOf(root, path);
  const threaded = threadedLevels(context, levels);
  const operations = levels.flatMap((level, index) => {
    const parent = index === 0 ? root : (levels[index - 1] ?? root);
    const handDown = byRuntime('cgroup_write', 'default:cgroup-controllers', {
      path: `${parent}/cgroup.subtree_control`,
      value: handedDown,
    });
    return [
      ...(handedDown === '' ? [] : [handDown]),
      byRuntime('cgroup_make', cause, { path: level }),
      ...(threaded.has(level)
        ? [byRuntime('cgroup_write', cause, { path: `${level}/cgroup.type`, value: 'threaded' })]
        : []),
    ];
  });
  if (!hasDeviceRules(context)) return operations;
  const program = deviceProgram(devicePolicy(context.config.linux?.resources?.devices ?? []));
  return [...operations, byRuntime('cgroup_devices', '/linux/resources/devices', { path: `${root}${path}`, program })];
}

export function writesV2(context: CompileContext, resources: Resources): CgroupWrite[] {
  refuseVersion1Only(resources);
  const levels = levelsOf(rootOf(context), cgroupPathOf(context).path);
  refuseInThreaded(context, resources, levels);
  const directory = levels.at(-1);
  const to: Writer = (file, value, pointer) =>
    value === undefined
      ? []
      : [{ path: `${directory}/${file}`, value: String(value), cause: `/linux/resources${pointer}` as PlanCause }];
  return [
    ...memoryWrites(resources, to, context),
    ...cpuWrites(resources, to),
    ...to('pids.max', limitWord(resources.pids?.limit), '/pids/limit'),
    ...blockWrites(resources.blockIO ?? {}, to, context),
    ...(resources.hugepageLimits ?? []).flatMap(({ pageSize, limit }, index) =>
      ['max', 'rsvd.max'].flatMap((file) => to(`hugetlb.${pageSize}.${file}`, limit, `/hugepageLimits/${index}`)),
    ),
    ...Object.entries(resources.rdma ?? {}).flatMap(([device, limits]) =>
      to('rdma.max', rdmaWords(device, limits), '/rdma'),
    ),
    ...unifiedWrites(resources, to),
  ];
}

type Writer = (file: string, value: number | bigint | string | undefined, pointer: string) => CgroupWrite[];

function rootOf(context: CompileContext): string {
  const root = context.host.cgroups.v2;
  if (root === undefined) throw refusal('/linux/cgroupsPath', 'this host has no cgroup hierarchy mounted');
  return root;
}

function refuseVersion1Only(resources: Resources): void {
  const base = '/linux/resources';
  if (resources.memory?.swappiness !== undefined)
    throw unsupported(`${base}/memory/swappiness`, 'swappiness on a version 2 host');
  if ((resources.memory?.kernelTCP ?? 0) > 0)
    throw unsupported(`${base}/memory/kernelTCP`, 'a TCP memory limit on a version 2 host');
  if (resources.memory?.disableOOMKiller === true)
    throw unsupported(`${base}/memory/disableOOMKiller`, 'disabling the OOM killer on a version 2 host');
  if ((resources.cpu?.realtimeRuntime ?? 0) > 0)
    throw unsupported(`${base}/cpu/realtimeRuntime`, 'real-time CPU time on a version 2 host');
  if ((resources.cpu?.realtimePeriod ?? 0) > 0)
    throw unsupported(`${base}/cpu/realtimePeriod`, 'real-time CPU time on a version 2 host');
  const { leafWeight = 0, weightDevice = [] } = resources.blockIO ?? {};
  if (leafWeight > 0) throw unsupported(`${base}/blockIO/leafWeight`, 'a leaf weight on a version 2 host');
  const leaf = weightDevice.findIndex((device) => (device.leafWeight ?? 0) > 0);
  if (leaf !== -1)
    throw unsupported(`${base}/blockIO/weightDevice/${leaf}/leafWeight`, 'a leaf weight on a version 2 host');
  if ((resources.network?.classID ?? 0) > 0)
    throw unsupported(`${base}/network/classID`, 'a network class on a version 2 host');
  if ((resources.network?.priorities ?? []).length > 0)
    throw unsupported(`${base}/network/priorities`, 'network priorities on a version 2 host');
}

function memoryWrites({ memory = {} }: Resources, to: Writer, context: CompileContext): CgroupWrite[] {
  checkMemory(memory, context);
  return [
    ...to('memory.max', limitWord(memory.limit), '/memory/limit'),
    ...to('memory.swap.max', swapOnly(memory), '/memory/swap'),
    ...to('memory.low', limitWord(memory.reservation), '/memory/reservation'),
  ];
}

/** memory.swap.max counts swap alone, config.json's `swap` memory and swap together. */
export function swapOnly({ limit = 0, swap = 0 }: NonNullable<Resources['memory']>): bigint | 'max' | undefined {
  if (!swap) return undefined;
  return BigInt(swap) === -1n ? 'max' : BigInt(swap) - BigInt(limit);
}

const cpuWrites = ({ cpu = {} }: Resources, to: Writer): CgroupWrite[] => [
  ...to('cpuset.cpus', cpu.cpus || undefined, '/cpu/cpus'),
  ...to('cpuset.mems', cpu.mems || undefined, '/cpu/mems'),
  ...to('cpu.idle', cpu.idle, '/cpu/idle'),
  ...to('cpu.weight', cpu.shares ? weightOfShares(Number(cpu.shares)) : undefined, '/cpu/shares'),
  ...to('cpu.max', cpuMax(cpu), cpu.quota ? '/cpu/quota' : '/cpu/period'),
  ...to('cpu.max.burst', cpu.burst, '/cpu/burst'),
];

/**
 * 2…262144 onto 1…10000, and the one default, 1024, onto the other, 100: the parabola in logarithms that goes through the three. The line
 * of earlier runtimes made 39 of 1024, so that who asked for the default lost against who asked for nothing. It is runc's since 1.3.2
 * and crun's since 1.23; 1.1 and 1.8 still draw the line. @source opencontainers/cgroups pull 20, kubernetes issue 131216
 */
export function weightOfShares(shares: number): number {
  const log = Math.log2(Math.min(Math.max(shares, 2), 262144));
  return Math.ceil(10 ** ((log * log + 125 * log - 126) / 612));
}

function cpuMax({ quota, period }: NonNullable<Resources['cpu']>): string | undefined {
  if (!quota && !period) return undefined;
  const words = [quota !== undefined && quota > 0 ? `${quota}` : 'max'];
  return [...words, ...(period ? [`${period}`] : [])].join(' ');
}

/** BFQ, where it is, has a weight of its own in version 1's scale. @source linux block/bfq-cgroup.c; runc libcontainer/cgroups/fs2 */
function blockWrites(block: BlockIO, to: Writer, { host }: CompileContext): CgroupWrite[] {
  const hasBfq = Boolean(block.weight || block.weightDevice?.length) && host.hasBfq();
  const file = hasBfq ? 'io.bfq.weight' : 'io.weight';
  const scaled = hasBfq ? (weight: number): number => weight : weightOfBlkio;
  return [
    ...to(file, block.weight ? scaled(block.weight) : undefined, '/blockIO/weight'),
    ...(block.weightDevice ?? []).flatMap((device, index) =>
      to(
        file,
        device.weight ? `${device.major}:${device.minor} ${scaled(device.weight)}` : undefined,
        `/blockIO/weightDevice/${index}`,
      ),
    ),
    ...throttles.flatMap(([key, word]) =>
      (block[key] ?? []).flatMap((device, index) =>
        to('io.max', `${device.major}:${device.minor} ${word}=${device.rate}`, `/blockIO/${key}/${index}`),
      ),
    ),
  ];
}

const throttles = [
  ['throttleReadBpsDevice', 'rbps'],
  ['throttleWriteBpsDevice', 'wbps'],
  ['throttleReadIOPSDevice', 'riops'],
  ['throttleWriteIOPSDevice', 'wiops'],
] as const;

/** 10…1000 onto 1…10000. @source runc libcontainer/cgroups ConvertBlkIOToIOWeightValue */
export const weightOfBlkio = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);

function unifiedWrites({ unified = {} }: Resources, to: Writer): CgroupWrite[] {
  return Object.entries(unified).flatMap(([file, value]) => {
    const pointer = `/unified/${file.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!/^[a-z0-9_]+(\.[a-zA-Z0-9_]+)+$/.test(file)) {
      throw refusal(`/linux/resources${pointer}`, `"${file}": expected the name of a cgroup file`);
    }
    return to(file, value, pointer);
  });
}

/** Zero is "not asked for", a negative number is no limit. */
const limitWord = (limit: number | bigint | undefined): number | bigint | 'max' | undefined =>
  !limit ? undefined : limit < 0 ? 'max' : limit;
