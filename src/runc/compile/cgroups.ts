// The container's cgroups: made and filled before the clone, so that a value that the kernel refuses fails before a process exists;
// joined before the child does anything, so that not one page of the program is charged elsewhere.
import type { Resources } from '../../oci/runtime-resources.ts';
import { isUnified } from '../host/cgroups.ts';
import type { Operation } from '../plan/operations.ts';
import { type CgroupWrite, cgroupDirectories } from './cgroup-directories.ts';
import { cgroupPathOf } from './cgroup-path.ts';
import { setupV1, writesV1 } from './cgroups-v1.ts';
import { setupV2, writesV2 } from './cgroups-v2.ts';
import { byInit, byRuntime, type CompileContext, hasNamespace } from './context.ts';
import { cgroupContext, hasNone } from './rootless-cgroups.ts';
import { isSystemd, startUnit, stopUnit } from './systemd.ts';

/** With the systemd driver the process must be there first: systemd makes its cgroup. */
export const cgroupsBeforeClone = (context: CompileContext): Operation[] =>
  isSystemd(context) ? [] : cgroupOperations(context);

export const cgroupsAfterClone = (context: CompileContext): Operation[] =>
  isSystemd(context) ? [...startUnit(context), ...cgroupOperations(context)] : [];

/** Behind the program: for delete. */
export const cgroupsAtDelete = (context: CompileContext): Operation[] => (isSystemd(context) ? stopUnit(context) : []);

/** cgroup_make, cgroup_write and cgroup_devices, in order. */
export function cgroupOperations(whole: CompileContext): Operation[] {
  const context = cgroupContext(whole);
  if (context.host.rootless !== undefined && hasNone(context.host.cgroups)) return [];
  const setup = isUnified(context.host.cgroups) ? setupV2(context) : setupV1(context);
  return [...setup, ...resourceWrites(context, context.config.linux?.resources ?? {}).map(writeOperation)];
}

/** Every value that the resources ask for. Also what `update` writes into a running container. */
export const resourceWrites = (context: CompileContext, resources: Resources): CgroupWrite[] =>
  isUnified(context.host.cgroups) ? writesV2(context, resources) : writesV1(context, resources);

/**
 * Version 2 at the clone, version 1 by the child itself: only so does the kernel skip its lock over all thread groups, whose
 * price is a grace period of some 15 ms. @source linux kernel/cgroup/cgroup.c cgroup_procs_write_start
 */
export function joinOperations(whole: CompileContext, { isNew } = { isNew: false }): Operation[] {
  const context = cgroupContext({ ...whole, warnings: [] });
  const { v2 } = context.host.cgroups;
  const { cause } = cgroupPathOf(context);
  const paths = cgroupDirectories(context);
  // In a user namespace the child is nobody to the host's cgroups, but the kernel asks for the rights of who opened the file: the
  // runtime, before the clone. Where that one is an ordinary user, it has to write itself. @source linux 5.16 cgroup1_procs_write
  // And what is made after the clone the child cannot have opened before it.
  const byRuntimeOnly =
    (context.host.rootless !== undefined && hasNamespace(context, 'user')) || (isNew && isSystemd(context));
  const isRuntimes = (path: string): boolean => byRuntimeOnly || (v2 !== undefined && path.startsWith(`${v2}/`));
  return [
    ...paths.filter(isRuntimes).map((path) => byRuntime('cgroup_join', cause, { path })),
    ...paths.filter((path) => !isRuntimes(path)).map((path) => byInit('cgroup_join', cause, { path })),
  ];
}

const writeOperation = ({ path, value, cause }: CgroupWrite): Operation =>
  byRuntime('cgroup_write', cause, { path, value });
