// GET /containers/{id}/stats: the cgroup's counters, read where they stand. Basic: CPU, memory, processes.
// @source docker-api GET /containers/{id}/stats; man cgroups(7)

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isInCgroups } from '../../base/cgroups.ts';
import { cgroupFoldersOf } from '../cgroups.ts';
import type { Engine } from '../engine.ts';
import { timestampNow } from '../time.ts';
import type { Container } from './container.ts';
import { never } from './record.ts';

interface CpuStats {
  cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number };
  system_cpu_usage?: number;
  online_cpus?: number;
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
}

export interface Stats {
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  num_procs: number;
  cpu_stats: CpuStats;
  precpu_stats: CpuStats;
  memory_stats: { usage?: number; limit?: number; stats?: Record<string, number> };
  name: string;
  id: string;
  networks?: Record<string, Record<string, number>>;
  blkio_stats: Record<string, null>;
  storage_stats: Record<string, never>;
}

const noCpu: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

export async function statsOf(engine: Engine, container: Container, previous: Stats | undefined): Promise<Stats> {
  const isRunning = container.isRunning;
  const read = groupReader(
    engine.facts.cgroupVersion,
    container.id,
    container.record.host.CgroupParent || engine.configuration['cgroup-parent'],
  );
  return {
    read: isRunning ? timestampNow() : never,
    preread: previous?.read ?? never,
    pids_stats: isRunning ? pidsStats(read) : {},
    num_procs: 0,
    cpu_stats: isRunning ? cpuStats(engine.facts.cgroupVersion, read) : noCpu,
    precpu_stats: previous?.cpu_stats ?? noCpu,
    memory_stats: isRunning ? memoryStats(engine.facts.cgroupVersion, read) : {},
    name: `/${container.name}`,
    id: container.id,
    ...(isRunning ? networkStats(container.record.lifecycle.pid) : {}),
    blkio_stats: { io_service_bytes_recursive: null },
    storage_stats: {},
  };
}

type Read = (controller: string, file: string) => string | undefined;

function groupReader(version: 1 | 2, id: string, parent: string | undefined): Read {
  return (controller, file) => {
    const hierarchy = version === 2 ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`;
    const path = cgroupFoldersOf(id, parent)
      .map((folder) => `${hierarchy}/${folder}/${file}`)
      .find(isInCgroups);
    try {
      return path === undefined ? undefined : readFileSync(path, 'utf8').trim();
    } catch {
      return undefined;
    }
  };
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);

/** `name value` lines. */
const tableOf = (text: string | undefined): Record<string, number> =>
  Object.fromEntries(
    (text ?? '')
      .split('\n')
      .flatMap((line) => (/^\w+ \d+$/.test(line) ? [line.split(' ')] : []))
      .map(([key, value]) => [key ?? '', Number(value)]),
  );

function pidsStats(read: Read): Stats['pids_stats'] {
  const current = numberOf(read('pids', 'pids.current'));
  const limit = numberOf(read('pids', 'pids.max'));
  return { ...(current === undefined ? {} : { current }), ...(limit === undefined ? {} : { limit }) };
}

function cpuStats(version: 1 | 2, read: Read): CpuStats {
  const table = tableOf(read('cpu', 'cpu.stat'));
  const isNew = version === 2;
  const usage = isNew ? (table.usage_usec ?? 0) * 1000 : (numberOf(read('cpuacct', 'cpuacct.usage')) ?? 0);
  return {
    cpu_usage: {
      total_usage: usage,
      usage_in_kernelmode: isNew
        ? (table.system_usec ?? 0) * 1000
        : (numberOf(read('cpuacct', 'cpuacct.usage_sys')) ?? 0),
      usage_in_usermode: isNew ? (table.user_usec ?? 0) * 1000 : (numberOf(read('cpuacct', 'cpuacct.usage_user')) ?? 0),
    },
    system_cpu_usage: systemCpuNs(),
    online_cpus: availableParallelism(),
    throttling_data: {
      periods: table.nr_periods ?? 0,
      throttled_periods: table.nr_throttled ?? 0,
      throttled_time: isNew ? (table.throttled_usec ?? 0) * 1000 : (table.throttled_time ?? 0),
    },
  };
}

const ticksPerSecond = 100;

/** Busy and idle time of all CPUs. @source man proc(5) /proc/stat */
function systemCpuNs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line
    .split(/\s+/)
    .slice(1, 8)
    .reduce((sum, value) => sum + Number(value), 0);
  return (ticks * 1e9) / ticksPerSecond;
}

function memoryStats(version: 1 | 2, read: Read): Stats['memory_stats'] {
  const isNew = version === 2;
  const usage = numberOf(read('memory', isNew ? 'memory.current' : 'memory.usage_in_bytes'));
  const limit = numberOf(read('memory', isNew ? 'memory.max' : 'memory.limit_in_bytes')) ?? totalMemory();
  const stats = tableOf(read('memory', 'memory.stat'));
  return { ...(usage === undefined ? {} : { usage }), limit: Math.min(limit, totalMemory()), stats };
}

const totalMemory = (): number =>
  Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;

/** @source man proc(5) /proc/net/dev */
function networkStats(pid: number): Pick<Stats, 'networks'> {
  try {
    const lines = readFileSync(`/proc/${pid}/net/dev`, 'utf8').split('\n').slice(2);
    const rows = lines.flatMap((line) => {
      const [name = '', counters = ''] = line.split(':');
      const n = counters.trim().split(/\s+/).map(Number);
      const device = name.trim();
      if (device === '' || device === 'lo') return [];
      const [rx_bytes, rx_packets, rx_errors, rx_dropped, , , , , tx_bytes, tx_packets, tx_errors, tx_dropped] = n;
      const values = { rx_bytes, rx_packets, rx_errors, rx_dropped, tx_bytes, tx_packets, tx_errors, tx_dropped };
      return [[device, values as Record<string, number>] as const];
    });
    return { networks: Object.fromEntries(rows) };
  } catch {
    return {};
  }
}
