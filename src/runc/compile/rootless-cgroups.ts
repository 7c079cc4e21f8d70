// Cgroups of a runtime without all privileges: the container gets one in each hierarchy where its user may make one, and none where
// not. Rule: what config.json asks for by name (a path, a limit) is refused when it cannot be, only the default is left out.
import type { Resources } from '../../oci/runtime-resources.ts';
import type { CgroupHierarchy, CgroupLayout } from '../host/cgroups.ts';
import { ownCgroupOf, type RootlessFacts } from '../host/rootless.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { type CompileContext, refusal } from './context.ts';

/** Only root may write device rules, and a user namespace can make no node anyway: they are left out, as runc does. */
export const hasDeviceRules = (context: CompileContext): boolean => context.host.rootless === undefined;

/** The context that cgroup steps get: without the hierarchies that this user may not use. The same one for a runtime with all privileges. */
export function cgroupContext(context: CompileContext): CompileContext {
  const { rootless } = context.host;
  if (rootless === undefined) return context;
  const cgroups = usable(context, rootless);
  checkPath(context, cgroups);
  checkLimits(context, rootless, cgroups);
  return { ...context, host: { ...context.host, cgroups } };
}

export const hasNone = ({ v1, v2 }: CgroupLayout): boolean => v1.length === 0 && v2 === undefined;

function usable(context: CompileContext, rootless: RootlessFacts): CgroupLayout {
  const { v1, v2, ...more } = context.host.cgroups;
  const { path } = cgroupPathOf(context);
  const isOurs = (mountpoint: string): boolean => rootless.isWritable(`${mountpoint}${path}`);
  return {
    ...more,
    v1: v1.filter(({ mountpoint }) => isOurs(mountpoint)),
    v2: v2 !== undefined && isOurs(v2) ? v2 : undefined,
  };
}

function checkPath(context: CompileContext, cgroups: CgroupLayout): void {
  const { path, cause } = cgroupPathOf(context);
  if (!hasNone(cgroups)) return;
  if (cause === '/linux/cgroupsPath')
    throw refusal(
      cause,
      `"${path}": this user may not make it in any hierarchy: expected none, or a cgroup of their own`,
    );
  context.warnings.push(
    'this user may make no cgroup: the container has no limits, cannot be paused, has no statistics',
  );
}

/** Which controllers a resource is made of. */
const controllersOf: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory'],
  cpu: ['cpu', 'cpuset'],
  pids: ['pids'],
  blockIO: ['blkio'],
  hugepageLimits: ['hugetlb'],
  network: ['net_cls', 'net_prio'],
  rdma: ['rdma'],
  unified: [],
};

function checkLimits(context: CompileContext, rootless: RootlessFacts, cgroups: CgroupLayout): void {
  const resources: Resources = context.config.linux?.resources ?? {};
  if (cgroups.v2 !== undefined && context.host.cgroups.v1.length === 0) return;
  for (const [name, controllers] of Object.entries(controllersOf)) {
    const asked = resources[name as keyof Resources];
    if (asked === undefined || !asksForSomething(asked)) continue;
    const isThere = cgroups.v1.some((hierarchy) => controllers.some((one) => hierarchy.controllers.includes(one)));
    if (!isThere)
      throw refusal(
        `/linux/resources/${name}`,
        `uid ${rootless.uid} may make no cgroup for it: expected no limit, or a cgroup that is delegated to this user`,
      );
  }
}

const asksForSomething = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some((part) => part !== undefined && asksForSomething(part))
    : value !== undefined && value !== 0 && value !== 0n && value !== '';

/** What stands on a cgroup mount where the container has none of its own: the cgroup that its runtime is in. */
export function cgroupToShow(context: CompileContext, hierarchy: CgroupHierarchy): string {
  const { rootless } = context.host;
  const { path } = cgroupPathOf(context);
  if (rootless === undefined || rootless.isWritable(`${hierarchy.mountpoint}${path}`)) return path;
  const own = ownCgroupOf(rootless, hierarchy);
  return own === '/' ? '' : own;
}
