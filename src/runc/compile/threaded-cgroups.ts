// Threaded cgroups of version 2: below one, or below the root of such, a process can only be in another one, and only controllers that
// can tell threads apart have files there. So the container's levels become threaded too, and limits of whole domains are refused.
// @source kernel cgroup-v2.rst, Threads
import type { Resources } from '../../oci/runtime-resources.ts';
import { type CompileContext, refusal } from './context.ts';

/** Absolute directories of a path's levels, from below the hierarchy's root down. */
export const levelsOf = (root: string, path: string): string[] => {
  const parts = path.slice(1).split('/');
  return parts.map((_, index) => [root, ...parts.slice(0, index + 1)].join('/'));
};

/** The levels that must become threaded before a process can be in them. */
export function threadedLevels({ host }: CompileContext, levels: readonly string[]): Set<string> {
  const threaded = new Set<string>();
  let isBelow = false;
  for (const level of levels) {
    const type = host.readCgroupFile(`${level}/cgroup.type`);
    if (type === 'domain invalid' || (type === '' && isBelow)) threaded.add(level);
    isBelow ||= type === 'threaded' || type === 'domain threaded' || type === 'domain invalid';
  }
  return threaded;
}

/** Throws for a limit that a threaded cgroup has no file for. */
export function refuseInThreaded(context: CompileContext, resources: Resources, levels: readonly string[]): void {
  const leaf = levels.at(-1) ?? '';
  const isThreaded =
    context.host.readCgroupFile(`${leaf}/cgroup.type`) === 'threaded' || threadedLevels(context, levels).has(leaf);
  const asked = isThreaded ? domainLimits(resources)[0] : undefined;
  if (asked !== undefined)
    throw refusal(
      `/linux/resources/${asked}`,
      `the cgroup "${leaf}" is threaded: expected limits of cpu, cpuset and pids only`,
    );
}

function domainLimits({ memory = {}, blockIO = {}, hugepageLimits, rdma = {}, unified = {} }: Resources): string[] {
  const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return [
    ...(isSet(memory.limit) || isSet(memory.swap) || isSet(memory.reservation) ? ['memory'] : []),
    ...(Object.values(blockIO).some(isSet) ? ['blockIO'] : []),
    ...(isSet(hugepageLimits) ? ['hugepageLimits'] : []),
    ...(Object.keys(rdma).length > 0 ? ['rdma'] : []),
    ...Object.keys(unified)
      .filter((file) => /^(memory|io|hugetlb|rdma|misc)\./.test(file))
      .map((file) => `unified/${file}`),
  ];
}
