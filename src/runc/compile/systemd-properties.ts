// Resources → properties of a unit, so that systemd knows them, shows them (`systemctl show`) and does not write others over them.
// What it has no property for is written to the files, after the unit has started.
// @source man systemd.resource-control(5), org.freedesktop.systemd1(5); runc libcontainer/cgroups/systemd
import type { Resources } from '../../oci/runtime-resources.ts';
import { isUnified } from '../host/cgroups.ts';
import type { DbusValue, Variant } from '../systemd/message.ts';
import { parseVariant } from '../systemd/variant-text.ts';
import { swapOnly, weightOfBlkio, weightOfShares } from './cgroups-v2.ts';
import { type CompileContext, refusal } from './context.ts';
import { devicePolicy } from './device-rules.ts';
import { checkNumberList } from './number-list.ts';

export type Property = readonly [name: string, value: Variant];

export const property = (name: string, signature: string, value: DbusValue): Property => [name, { signature, value }];

const unlimited = 2n ** 64n - 1n;
/** A limit of config.json: zero is none asked for, a negative one is no limit. */
const limit = (name: string, value: number | bigint | 'max' | undefined): Property[] => {
  if (!value) return [];
  return [property(name, 't', value === 'max' || value < 0 ? unlimited : BigInt(value))];
};

/** Those of an update too. */
export function resourceProperties(context: CompileContext, resources: Resources): Property[] {
  const unified = isUnified(context.host.cgroups);
  const properties = [
    ...(unified ? memoryV2(resources) : limit('MemoryLimit', resources.memory?.limit)),
    ...cpu(resources, unified),
    ...blockIo(resources, unified),
    ...limit('TasksMax', resources.pids?.limit),
    // Version 1: shown only, the files do it.
    ...cpuset(resources.cpu?.cpus, resources.cpu?.mems),
    ...(unified ? unifiedMap(resources) : []),
  ];
  // The last one of a name counts, so that the unified map does.
  return [...new Map(properties.map((one) => [one[0], one])).values()];
}

const memoryV2 = ({ memory = {} }: Resources): Property[] => [
  ...limit('MemoryMax', memory.limit),
  ...limit('MemoryLow', memory.reservation),
  ...(memory.swap ? [property('MemorySwapMax', 't', swapLimit(memory))] : []),
];

function swapLimit(memory: NonNullable<Resources['memory']>): bigint {
  const swap = swapOnly(memory);
  return swap === undefined || swap === 'max' ? unlimited : swap;
}

const cpu = ({ cpu = {} }: Resources, isV2: boolean): Property[] => [
  ...(cpu.shares && !isV2 ? [property('CPUShares', 't', BigInt(cpu.shares))] : []),
  // An idle cgroup has no weight of its own.
  ...(cpu.shares && isV2 && cpu.idle !== 1
    ? [property('CPUWeight', 't', BigInt(weightOfShares(Number(cpu.shares))))]
    : []),
  ...quota(cpu),
];

const defaultPeriodUs = 100_000n;

/** CPU time in each second; systemd takes whole steps of ten milliseconds, so it is rounded up to one. */
function quota({ quota, period }: NonNullable<Resources['cpu']>): Property[] {
  if (!quota && !period) return [];
  const properties = period ? [property('CPUQuotaPeriodUSec', 't', BigInt(period))] : [];
  if (!quota || quota < 0) return [...properties, property('CPUQuotaPerSecUSec', 't', unlimited)];
  const perSecond = (BigInt(quota) * 1_000_000n) / (period ? BigInt(period) : defaultPeriodUs);
  const stepUs = 10_000n;
  return [...properties, property('CPUQuotaPerSecUSec', 't', ((perSecond + stepUs - 1n) / stepUs) * stepUs)];
}

const blockIo = ({ blockIO: { weight } = {} }: Resources, isV2: boolean): Property[] => {
  if (!weight) return [];
  return [
    isV2 ? property('IOWeight', 't', BigInt(weightOfBlkio(weight))) : property('BlockIOWeight', 't', BigInt(weight)),
  ];
};

const cpuset = (cpus: string | undefined, nodes: string | undefined): Property[] => [
  ...(cpus ? [property('AllowedCPUs', 'ay', bitmap(cpus, '/linux/resources/cpu/cpus'))] : []),
  ...(nodes ? [property('AllowedMemoryNodes', 'ay', bitmap(nodes, '/linux/resources/cpu/mems'))] : []),
];

/** `0-1,9` → bytes 3, 2: CPU 0 is the lowest bit of the first byte. */
function bitmap(list: string, pointer: string): number[] {
  const bytes: number[] = [];
  for (const part of checkNumberList(list, { pointer, below: 8192, what: 'numbers' }).split(',')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let bit = first; bit <= last; bit++) {
      while (bytes.length <= bit >> 3) bytes.push(0);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytes;
}

const unifiedNames: Readonly<Record<string, string>> = {
  'memory.high': 'MemoryHigh',
  'memory.low': 'MemoryLow',
  'memory.min': 'MemoryMin',
  'memory.max': 'MemoryMax',
  'memory.swap.max': 'MemorySwapMax',
  'pids.max': 'TasksMax',
  'cpu.weight': 'CPUWeight',
};

/** A file of the map that systemd has a property for; the file itself is written too, as for every other. */
function unifiedMap({ unified = {} }: Resources): Property[] {
  return Object.entries(unified).flatMap(([file, text]) => {
    const value = text.trim();
    if (file === 'cpuset.cpus') return cpuset(value, undefined);
    if (file === 'cpuset.mems') return cpuset(undefined, value);
    if (file === 'cpu.max') return cpuMax(value);
    const name = unifiedNames[file];
    if (name === undefined || !/^(max|\d+)$/.test(value)) return [];
    return [property(name, 't', value === 'max' ? unlimited : BigInt(value))];
  });
}

function cpuMax(value: string): Property[] {
  const [, quotaUs, periodUs] = /^(max|\d+)(?:\s+(\d+))?$/.exec(value) ?? [];
  if (quotaUs === undefined) return [];
  return quota({ quota: quotaUs === 'max' ? -1 : Number(quotaUs), ...(periodUs && { period: Number(periodUs) }) });
}

/** @source man systemd.resource-control(5), DeviceAllow=: a node, or a kind of devices by its name in /proc/devices */
export function deviceProperties(context: CompileContext): Property[] {
  const policy = devicePolicy(context.config.linux?.resources?.devices ?? []);
  // Everything may be used: an empty list, and no policy. What is taken from it systemd cannot say; our own rules do.
  if (policy.isAllowed) return [property('DevicePolicy', 's', 'auto'), property('DeviceAllow', 'a(ss)', [])];
  const allowed = policy.exceptions.flatMap(({ type, major, minor, access }) => {
    const kind = type === 'b' ? 'block' : 'char';
    if (major === '*') return minor === '*' ? [[`${kind}-*`, access]] : [];
    if (minor !== '*') return [[`/dev/${kind}/${major}:${minor}`, access]];
    const name = context.host.deviceName(kind, major);
    return name === undefined ? [] : [[`${kind}-${name}`, access]];
  });
  return [property('DevicePolicy', 's', 'strict'), property('DeviceAllow', 'a(ss)', allowed)];
}

const annotation = 'org.systemd.property.';

/** `org.systemd.property.CollectMode: "'inactive-or-failed'"`. @source runc docs/systemd.md, Auxiliary properties */
export function annotatedProperties(context: CompileContext): Property[] {
  return Object.entries(context.config.annotations ?? {}).flatMap(([key, text]) => {
    if (!key.startsWith(annotation)) return [];
    const pointer = `/annotations/${key}`;
    const name = key.slice(annotation.length);
    if (!/^[A-Z][A-Za-z]+$/.test(name)) throw refusal(pointer, `"${name}": expected the name of a property of a unit`);
    try {
      return [inMicroseconds(name, parseVariant(text))];
    } catch (error) {
      throw refusal(pointer, (error as Error).message);
    }
  });
}

/** The bus knows `TimeoutStopUSec`, people write `TimeoutStopSec`. */
function inMicroseconds(name: string, value: Variant): Property {
  const [, stem] = /^(.*[^U])Sec$/.exec(name) ?? [];
  if (stem === undefined) return [name, value];
  if (!'iutxd'.includes(value.signature)) throw new Error(`"${name}": expected seconds, a number`);
  const us = BigInt(Math.round(Number(value.value) * 1_000_000));
  return property(`${stem}USec`, 't', us);
}
