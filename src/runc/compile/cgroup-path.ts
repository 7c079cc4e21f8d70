// Where the container's cgroup is below each hierarchy. Rule: never the hierarchy's root itself, which holds the host.
import { posix } from 'node:path';
import { isUnified } from '../host/cgroups.ts';
import { type CompileContext, type PlanCause, refusal } from './context.ts';
import { systemdUnitOf } from './systemd-unit.ts';

/** @source oci-runtime config-linux#cgroups-path: absolute from the hierarchy's root, relative from where the runtime decides, `/tlab`. */
export function cgroupPathOf(context: CompileContext): { path: string; cause: PlanCause } {
  const asked = context.config.linux?.cgroupsPath ?? '';
  if (context.cgroupDriver === 'systemd') {
    const { path, cause } = systemdUnitOf(context);
    return { path, cause };
  }
  if (asked === '') return { path: `${parentOf(context)}/tlab/${context.id}`, cause: 'default:cgroup-path' };
  if (/^[^/]*:[^/]*:[^/]*$/.test(asked))
    throw refusal(
      '/linux/cgroupsPath',
      `"${asked}": is for the systemd cgroup driver, which --systemd-cgroup asks for`,
    );
  const path = posix
    .normalize(asked.startsWith('/') ? asked : `/tlab/${posix.normalize(`/${asked}`)}`)
    .replace(/\/$/, '');
  if (path === '') throw refusal('/linux/cgroupsPath', `"${asked}": expected a path below the root of the hierarchy`);
  return { path, cause: '/linux/cgroupsPath' };
}

/**
 * Without all privileges only what is delegated can be used: on version 2, beside the cgroup that the runtime is in, since that one
 * holds processes and can hand no controller down. @source kernel cgroup-v2.rst, No Internal Process Constraint
 */
function parentOf({ host }: CompileContext): string {
  if (host.rootless === undefined || !isUnified(host.cgroups)) return '';
  const parent = posix.dirname(host.rootless.ownCgroup([]));
  return parent === '/' ? '' : parent;
}
