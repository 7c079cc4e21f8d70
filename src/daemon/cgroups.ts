// Where a container's cgroup is, by the driver that daemon.json names: a folder of tlab's own, or a unit of systemd.
import { existsSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';

export const cgroupDrivers = ['cgroupfs', 'systemd'] as const;
export type CgroupDriver = (typeof cgroupDrivers)[number];

/** Of daemon.json. */
interface Configuration {
  'exec-opts'?: readonly string[] | undefined;
}

const option = 'native.cgroupdriver=';

/** The last word counts. @source dockerd exec-opts native.cgroupdriver */
export const cgroupDriverOf = (configuration: Configuration): CgroupDriver =>
  (configuration['exec-opts'] ?? []).at(-1) === `${option}systemd` ? 'systemd' : 'cgroupfs';

/** Errors: invalidArgument for another option, notImplemented where systemd does not run. */
export function checkExecOptions(configuration: Configuration): void {
  for (const word of configuration['exec-opts'] ?? []) {
    if (!cgroupDrivers.some((driver) => word === `${option}${driver}`))
      throw new LabError('invalidArgument', `exec-opts "${word}": expected ${option}cgroupfs or ${option}systemd`);
  }
  if (cgroupDriverOf(configuration) === 'systemd' && !existsSync('/run/systemd/system'))
    throw new LabError('notImplemented', `exec-opts ${option}systemd: systemd does not run on this host`);
}

/** `linux.cgroupsPath` of config.json. */
export const cgroupsPathOf = (driver: CgroupDriver, id: string): string =>
  driver === 'systemd' ? `system.slice:${paths.cgroupParent}:${id}` : `/${paths.cgroupParent}/${id}`;

/** Below the root of a hierarchy; a container that runs may be of a driver that was asked for earlier. */
export const cgroupFoldersOf = (id: string): string[] => [
  `${paths.cgroupParent}/${id}`,
  `system.slice/${paths.cgroupParent}-${id}.scope`,
];
