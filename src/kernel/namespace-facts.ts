// The namespaces that a container takes, as `tlab doctor` sees them: which kinds the kernel has, and how many this user namespace may make.
// A limit of 0 makes clone(2) fail with ENOSPC, "no space left on device", which says nothing of limits.
import type { Fact } from './fact.ts';

/** Kinds that every container of the engine has, as the files of /proc/sys/user name them. @source man namespaces(7) */
export const namespaceKinds = ['mnt', 'uts', 'ipc', 'pid', 'net'] as const;
export type NamespaceLimits = Record<(typeof namespaceKinds)[number], string>;

/** `limits`: the text of max_<kind>_namespaces; '' where the kernel has no such kind. */
export function namespaceFact(limits: NamespaceLimits): Fact {
  const fact = { id: 'namespaces', what: 'namespaces', needed: `${namespaceKinds.join(', ')}, for every container` };
  const unknown = namespaceKinds.filter((kind) => limits[kind].trim() === '');
  const none = namespaceKinds.filter((kind) => limits[kind].trim() === '0');
  if (unknown.length > 0) {
    const advice = 'boot a kernel that has them, with CONFIG_NAMESPACES and the options below it';
    return { ...fact, state: 'missing', seen: `this kernel has no ${unknown.join(', ')}`, advice };
  }
  if (none.length > 0) {
    const advice = none.map((kind) => `echo 15000 > /proc/sys/user/max_${kind}_namespaces`).join('; ');
    return { ...fact, state: 'missing', seen: `none allowed of ${none.join(', ')}`, advice };
  }
  return { ...fact, state: 'ok', seen: namespaceKinds.join(', ') };
}
