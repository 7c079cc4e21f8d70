// A mount of type cgroup. Version 1: a tmpfs with one bind of the container's own cgroup for each hierarchy, or, inside a cgroup
// namespace, the hierarchy itself, which then shows the same. Version 2: the one filesystem.
// Controllers mounted together (cpu,cpuacct) get a symlink each. @source man cgroups(7)
import { basename } from 'node:path';
import type { CgroupHierarchy } from '../host/cgroups.ts';
import { isUnified } from '../host/cgroups.ts';
import type { Operation } from '../plan/operations.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { byInit, type CompileContext, hasNamespace, refusal } from './context.ts';
import { MS } from './flags.ts';
import type { ResolvedMount } from './resolved-mount.ts';
import { cgroupToShow } from './rootless-cgroups.ts';

const always = MS.NOSUID | MS.NODEV | MS.NOEXEC;

export function cgroupMount(context: CompileContext, mount: ResolvedMount): Operation[] {
  if (isUnified(context.host.cgroups)) return unifiedMount(context, mount);
  if (mount.type === 'cgroup2') return hybridMount(context, mount);
  const hierarchies = context.host.cgroups.v1;
  return [
    one(mount, { source: 'tmpfs', target: mount.destination, fstype: 'tmpfs', flags: always, data: 'mode=755' }),
    ...hierarchies.flatMap((hierarchy) => hierarchyMount(context, mount, hierarchy)),
    ...hierarchies.flatMap((hierarchy) => links(mount, hierarchy)),
  ];
}

/**
 * The kernel lets a user namespace mount only its own cgroup namespace: without one the host's mount is bound. And a mount from the
 * host's cgroup namespace changes the options of the host's own, so these are repeated.
 * @source linux kernel/cgroup/cgroup.c apply_cgroup_root_flags
 */
function unifiedMount(context: CompileContext, mount: ResolvedMount): Operation[] {
  const { v2 = '', v2Options = [] } = context.host.cgroups;
  const isHosts = !hasNamespace(context, 'cgroup');
  if (isHosts && hasNamespace(context, 'user')) return boundMount(mount, v2, mount.destination);
  const data = [...(isHosts ? v2Options : []), ...mount.options.data].join(',');
  return [
    one(mount, { source: 'cgroup', target: mount.destination, fstype: 'cgroup2', flags: mount.options.flags, data }),
  ];
}

/** The version 2 hierarchy of a hybrid host: the container's own cgroup and what is below it. */
function hybridMount(context: CompileContext, mount: ResolvedMount): Operation[] {
  const { v2 } = context.host.cgroups;
  if (v2 === undefined)
    throw refusal(`${mount.cause}/type`, '"cgroup2": this host has version 1 hierarchies only, expected cgroup');
  if (!hasNamespace(context, 'cgroup'))
    return boundMount(mount, `${v2}${cgroupPathOf(context).path}`, mount.destination);
  const { flags, data } = mount.options;
  return [one(mount, { source: 'cgroup2', target: mount.destination, fstype: 'cgroup2', flags, data: data.join(',') })];
}

/** A bind takes the mount's other flags only in a second step. @source man mount(2) */
function boundMount(mount: ResolvedMount, source: string, target: string): Operation[] {
  const more = mount.options.flags & ~(MS.BIND | MS.REC);
  const bind = one(mount, { source, target, fstype: '', flags: MS.BIND | MS.REC, data: '' });
  if (more === 0) return [bind];
  return [bind, one(mount, { source: '', target, fstype: '', flags: more | MS.BIND | MS.REMOUNT, data: '' })];
}

function hierarchyMount(context: CompileContext, mount: ResolvedMount, hierarchy: CgroupHierarchy): Operation[] {
  const name = basename(hierarchy.mountpoint);
  const target = `${mount.destination}/${name}`;
  const readonly = mount.options.flags & MS.RDONLY;
  if (hasNamespace(context, 'cgroup')) {
    const data = hierarchy.controllers.join(',');
    const source = name === 'systemd' ? name : 'cgroup';
    return [one(mount, { source, target, fstype: 'cgroup', flags: always | readonly, data })];
  }
  return boundMount(mount, `${hierarchy.mountpoint}${cgroupToShow(context, hierarchy)}`, target);
}

function links(mount: ResolvedMount, hierarchy: CgroupHierarchy): Operation[] {
  const name = basename(hierarchy.mountpoint);
  if (hierarchy.controllers.length < 2) return [];
  return hierarchy.controllers
    .filter((controller) => controller !== name)
    .map((controller) => byInit('symlink', mount.cause, { target: name, path: `${mount.destination}/${controller}` }));
}

const one = (
  mount: ResolvedMount,
  values: { source: string; target: string; fstype: string; flags: number; data: string },
): Operation => byInit('mount', mount.cause, { ...values, propagation: 0, recursiveAttributes: 0n });
