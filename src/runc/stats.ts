// Numbers of a container's cgroups in the shape of runc's `events`. What the host does not measure is left out or zero, as there.
// @source runc types/events.go; kernel cgroup-v1/*.rst, cgroup-v2.rst
import { existsSync, readdirSync } from 'node:fs';
import { exactNumber } from '../base/json.ts';
import { readOptional } from './state-directory.ts';
import { blkioV1, blkioV2, hugetlb } from './stats-devices.ts';

export function readStats(cgroups: readonly string[]): Record<string, unknown> {
  const files = new CgroupFiles(cgroups);
  return files.text('cgroup.controllers') !== undefined && files.text('memory.usage_in_bytes') === undefined
    ? statsV2(files)
    : statsV1(files);
}

/** Finds a file in whichever of the container's cgroups has it. */
class CgroupFiles {
  readonly #cgroups: readonly string[];

  constructor(cgroups: readonly string[]) {
    this.#cgroups = cgroups;
  }

  text(name: string): string | undefined {
    for (const cgroup of this.#cgroups) {
      const text = readOptional(`${cgroup}/${name}`);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  names(): string[] {
    return this.#cgroups.flatMap((cgroup) => (existsSync(cgroup) ? readdirSync(cgroup) : []));
  }

  /** `max` is runc's 2^64-1. */
  number(name: string): number | bigint {
    const text = this.text(name);
    return text === 'max' ? 2n ** 64n - 1n : exactNumber(text ?? '0');
  }

  /** `name value` lines. */
  table(name: string): Record<string, number | bigint> {
    const lines = (this.text(name) ?? '').split('\n').map((line) => line.split(' '));
    return Object.fromEntries(lines.flatMap(([key, value]) => (key && value ? [[key, exactNumber(value)]] : [])));
  }
}

function statsV1(files: CgroupFiles): Record<string, unknown> {
  const throttled = files.table('cpu.stat');
  const [user = 0, kernel = 0] = ['user', 'system'].map(
    (key) => Number(files.table('cpuacct.stat')[key] ?? 0) * nsPerTick,
  );
  const perCpu = (files.text('cpuacct.usage_percpu') ?? '').split(' ').filter(Boolean).map(Number);
  return {
    cpu: {
      usage: { total: files.number('cpuacct.usage'), percpu: perCpu, kernel, user },
      throttling: {
        periods: throttled.nr_periods ?? 0,
        throttledPeriods: throttled.nr_throttled ?? 0,
        throttledTime: throttled.throttled_time ?? 0,
      },
    },
    memory: {
      cache: files.table('memory.stat').cache ?? 0,
      usage: memoryV1(files, 'memory'),
      swap: memoryV1(files, 'memory.memsw'),
      kernel: memoryV1(files, 'memory.kmem'),
      kernelTCP: memoryV1(files, 'memory.kmem.tcp'),
      raw: files.table('memory.stat'),
    },
    pids: pids(files),
    blkio: blkioV1((name) => files.text(name)),
    hugetlb: hugetlb(files.names(), (name) => files.text(name)),
    intel_rdt: {},
    network_interfaces: null,
  };
}

/** USER_HZ is 100 on every Linux ABI that we run on. @source man time(7) */
const nsPerTick = 10_000_000;

const memoryV1 = (files: CgroupFiles, prefix: string): Record<string, number | bigint> => ({
  limit: files.number(`${prefix}.limit_in_bytes`),
  usage: files.number(`${prefix}.usage_in_bytes`),
  max: files.number(`${prefix}.max_usage_in_bytes`),
  failcnt: files.number(`${prefix}.failcnt`),
});

function statsV2(files: CgroupFiles): Record<string, unknown> {
  const cpu = files.table('cpu.stat');
  const memory = files.table('memory.stat');
  return {
    cpu: {
      usage: {
        total: Number(cpu.usage_usec ?? 0) * 1000,
        kernel: Number(cpu.system_usec ?? 0) * 1000,
        user: Number(cpu.user_usec ?? 0) * 1000,
      },
      throttling: {
        periods: cpu.nr_periods ?? 0,
        throttledPeriods: cpu.nr_throttled ?? 0,
        throttledTime: Number(cpu.throttled_usec ?? 0) * 1000,
      },
    },
    memory: {
      cache: memory.file ?? 0,
      usage: {
        limit: files.number('memory.max'),
        usage: files.number('memory.current'),
        max: files.number('memory.peak'),
        failcnt: files.table('memory.events').max ?? 0,
      },
      swap: { limit: files.number('memory.swap.max'), usage: files.number('memory.swap.current'), failcnt: 0 },
      kernel: { failcnt: 0 },
      kernelTCP: { failcnt: 0 },
      raw: memory,
    },
    pids: pids(files),
    blkio: blkioV2((name) => files.text(name)),
    hugetlb: hugetlb(files.names(), (name) => files.text(name)),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function pids(files: CgroupFiles): Record<string, number | bigint> {
  const limit = files.text('pids.max');
  return {
    current: files.number('pids.current'),
    ...(limit === undefined || limit === 'max' ? {} : { limit: Number(limit) }),
  };
}
