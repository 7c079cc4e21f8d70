// Control group files, of both versions, and the field of config.json's linux.resources that a runtime writes into each.
// @source oci-runtime config-linux#control-groups; man cgroups(7)

const parameters: Readonly<Record<string, string>> = {
  'devices.allow': 'devices',
  'devices.deny': 'devices',
  'memory.limit_in_bytes': 'memory/limit',
  'memory.max': 'memory/limit',
  'memory.memsw.limit_in_bytes': 'memory/swap',
  'memory.swap.max': 'memory/swap',
  'memory.soft_limit_in_bytes': 'memory/reservation',
  'memory.low': 'memory/reservation',
  'memory.kmem.limit_in_bytes': 'memory/kernel',
  'memory.kmem.tcp.limit_in_bytes': 'memory/kernelTCP',
  'memory.swappiness': 'memory/swappiness',
  'memory.oom_control': 'memory/disableOOMKiller',
  'cpu.shares': 'cpu/shares',
  'cpu.weight': 'cpu/shares',
  'cpu.cfs_quota_us': 'cpu/quota',
  'cpu.cfs_period_us': 'cpu/period',
  'cpu.max': 'cpu/quota',
  'cpu.cfs_burst_us': 'cpu/burst',
  'cpu.max.burst': 'cpu/burst',
  'cpu.idle': 'cpu/idle',
  'cpu.rt_runtime_us': 'cpu/realtimeRuntime',
  'cpu.rt_period_us': 'cpu/realtimePeriod',
  'cpuset.cpus': 'cpu/cpus',
  'cpuset.mems': 'cpu/mems',
  'pids.max': 'pids/limit',
  'blkio.weight': 'blockIO/weight',
  'blkio.bfq.weight': 'blockIO/weight',
  'io.bfq.weight': 'blockIO/weight',
  'io.weight': 'blockIO/weight',
  'io.max': 'blockIO',
  'net_cls.classid': 'network/classID',
  'net_prio.ifpriomap': 'network/priorities',
};

/** `/linux/resources/memory/limit` for memory.limit_in_bytes; undefined for a file that no field is written into. */
export function parameterOf(file: string): string | undefined {
  if (Object.hasOwn(parameters, file)) return `/linux/resources/${parameters[file]}`;
  if (/^blkio\.throttle\./.test(file)) return '/linux/resources/blockIO';
  const page = /^hugetlb\.(\w+)\./.exec(file)?.[1];
  return page === undefined ? undefined : '/linux/resources/hugepageLimits';
}
