// The container's directory in each hierarchy, and what may be written into one.
import { cgroupPathOf } from './cgroup-path.ts';
import type { CompileContext, PlanCause } from './context.ts';

/** One value for one file of the container's cgroup. */
export interface CgroupWrite {
  /** Absolute path on the host. */
  path: string;
  value: string;
  cause: PlanCause;
}

/** The directories that the child's pid goes to, one a hierarchy, in the order in which they were made. */
export function cgroupDirectories(context: CompileContext): string[] {
  const { path } = cgroupPathOf(context);
  const { v1, v2 } = context.host.cgroups;
  return [...inOrder(v1), ...(v2 === undefined ? [] : [v2])].map((mountpoint) => `${mountpoint}${path}`);
}

/** cpuset first: a process cannot join a cpuset that has no CPUs yet. @source kernel cgroup-v1/cpusets.rst */
const order = [
  'cpuset',
  'devices',
  'memory',
  'cpu',
  'cpuacct',
  'pids',
  'blkio',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
  'freezer',
];

function inOrder(hierarchies: CompileContext['host']['cgroups']['v1']): string[] {
  const rank = (controllers: readonly string[]): number => {
    const index = order.findIndex((name) => controllers.includes(name));
    return index === -1 ? order.length : index;
  };
  return [...hierarchies]
    .sort((a, b) => rank(a.controllers) - rank(b.controllers))
    .map((hierarchy) => hierarchy.mountpoint);
}
