// The systemd driver: a scope unit with the container's process in it, started by one call to systemd, stopped by another.
// Order: the process must exist before the unit does, and the unit before anything is written into its cgroup.
import { LabError } from '../../base/errors.ts';
import type { Operation } from '../plan/operations.ts';
import { managerCall, pidPlace } from '../systemd/message.ts';
import { byRuntime, type CompileContext } from './context.ts';
import {
  annotatedProperties,
  deviceProperties,
  type Property,
  property,
  resourceProperties,
} from './systemd-properties.ts';
import { systemdUnitOf } from './systemd-unit.ts';

export const isSystemd = (context: CompileContext): boolean => context.cgroupDriver === 'systemd';

/** Asked for and not there: a cgroup made by hand instead would be taken away by whoever manages them. */
export function checkDriver(context: CompileContext): void {
  if (!isSystemd(context)) return;
  if (!context.host.hasSystemd)
    throw new LabError('notImplemented', '--systemd-cgroup: systemd does not run on this host');
  if (context.host.rootless !== undefined)
    throw new LabError('notImplemented', "--systemd-cgroup: a user's own systemd is not supported by tlab-runc");
}

const noSuchUnit = 'org.freedesktop.systemd1.NoSuchUnit';

/** A failed unit of the same name, left by an earlier container, is forgotten; one that runs refuses the start. */
export function startUnit(context: CompileContext): Operation[] {
  const { slice, name, cause } = systemdUnitOf(context);
  const properties: Property[] = [
    property('Description', 's', `tlab container ${context.id}`),
    property('Slice', 's', slice),
    property('Delegate', 'b', true),
    property('PIDs', 'au', [pidPlace]),
    ...accounting.map((what) => property(`${what}Accounting`, 'b', true)),
    property('DefaultDependencies', 'b', false),
    ...resourceProperties(context, context.config.linux?.resources ?? {}),
    ...deviceProperties(context),
    ...annotatedProperties(context),
  ];
  const { bytes, pidAt } = managerCall({
    member: 'StartTransientUnit',
    signature: 'ssa(sv)a(sa(sv))',
    values: [name, 'replace', properties, []],
  });
  return [
    resetFailed(name, cause),
    byRuntime('systemd_call', cause, {
      member: 'StartTransientUnit',
      unit: name,
      message: bytes,
      pidAt,
      awaitsJob: 1,
      tolerates: '',
    }),
  ];
}

/** With the container's numbers counted from the first process on. CPU: that is free of charge on version 2. */
const accounting = ['CPU', 'Memory', 'IO', 'Tasks'];

/** Not run by create: `delete` finds them behind the program, as it does the poststop hooks. */
export function stopUnit(context: CompileContext): Operation[] {
  const { name, cause } = systemdUnitOf(context);
  const { bytes } = managerCall({ member: 'StopUnit', signature: 'ss', values: [name, 'replace'] });
  return [
    byRuntime('systemd_call', cause, {
      member: 'StopUnit',
      unit: name,
      message: bytes,
      pidAt: 0,
      awaitsJob: 1,
      tolerates: noSuchUnit,
    }),
    resetFailed(name, cause),
  ];
}

function resetFailed(name: string, cause: ReturnType<typeof systemdUnitOf>['cause']): Operation {
  const { bytes } = managerCall({ member: 'ResetFailedUnit', signature: 's', values: [name] });
  return byRuntime('systemd_call', cause, {
    member: 'ResetFailedUnit',
    unit: name,
    message: bytes,
    pidAt: 0,
    awaitsJob: 0,
    tolerates: noSuchUnit,
  });
}
