// The container's cgroups: made and filled before the clone, so that a value that the kernel refuses fails before a process exists;
// joined by the runtime while the child waits, so that not one page of the program is charged elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import type { Resources } from '../../oci/runtime-resources.ts';
import { isUnified } from '../host/cgroups.ts';
import type { Operation } from '../plan/operations.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { setupV1, writesV1 } from './cgroups-v1.ts';
import { setupV2, writesV2 } from './cgroups-v2.ts';
import { byRuntime, type CompileContext, type PlanCause } from './context.ts';

/** One value for one file of the container's cgroup. */
export interface CgroupWrite {
  /** Absolute path on the host. */
  path: string;
  value: string;
  cause: PlanCause;
}

/** Reads a cgroup file of the host while compiling; '' when it is not there. Tests give their own. */
export type ReadHostFile = (path: string) => string;

export const readHostFile: ReadHostFile = (path) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');

/** cgroup_make, cgroup_write and cgroup_devices, in order. */
export function cgroupOperations(context: CompileContext, readFile: ReadHostFile = readHostFile): Operation[] {
  const setup = isUnified(context.host.cgroups) ? setupV2(context, readFile) : setupV1(context, readFile);
  return [...setup, ...resourceWrites(context, context.config.linux?.resources ?? {}).map(writeOperation)];
}

/** Every value that the resources ask for. Also what `update` writes into a running container. */
export const resourceWrites = (context: CompileContext, resources: Resources): CgroupWrite[] =>
  isUnified(context.host.cgroups) ? writesV2(context, resources) : writesV1(context, resources);

/** The directories that the child's pid goes to, one a hierarchy, in the order in which they were made. */
export function cgroupDirectories(context: CompileContext): string[] {
  const { path } = cgroupPathOf(context);
  const { v1, v2 } = context.host.cgroups;
  return [...inOrder(v1), ...(v2 === undefined ? [] : [v2])].map((mountpoint) => `${mountpoint}${path}`);
}

export const joinOperations = (context: CompileContext): Operation[] =>
  cgroupDirectories(context).map((path) => byRuntime('cgroup_join', cgroupPathOf(context).cause, { path }));

export const writeOperation = ({ path, value, cause }: CgroupWrite): Operation =>
  byRuntime('cgroup_write', cause, { path, value });

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
