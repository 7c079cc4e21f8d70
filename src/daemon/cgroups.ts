// Where a container's cgroup is, by the driver and the parent that are asked for: a folder of tlab's own, or a unit of systemd.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';

export const cgroupDrivers = ['cgroupfs', 'systemd'] as const;
export type CgroupDriver = (typeof cgroupDrivers)[number];

/** Of daemon.json. */
interface Configuration {
  'exec-opts'?: readonly string[] | undefined;
  'cgroup-parent'?: string | undefined;
}

const option = 'native.cgroupdriver=';

const hasSystemd = (): boolean => existsSync('/run/systemd/system');

/**
 * The last word of exec-opts; without one systemd where it runs and the host has version 2, as Docker chooses: two managers of one
 * hierarchy would undo each other's work. @source docker docs engine/daemon, native.cgroupdriver
 */
export function cgroupDriverOf(
  { configuration, facts }: { configuration: Configuration; facts: { cgroupVersion: 1 | 2 } },
  isSystemd = hasSystemd(),
): CgroupDriver {
  const asked = (configuration['exec-opts'] ?? []).at(-1);
  if (asked !== undefined) return asked === `${option}systemd` ? 'systemd' : 'cgroupfs';
  return facts.cgroupVersion === 2 && isSystemd ? 'systemd' : 'cgroupfs';
}

/** Errors: invalidArgument for another option, notImplemented where systemd does not run. */
export function checkExecOptions(configuration: Configuration): void {
  for (const word of configuration['exec-opts'] ?? []) {
    if (!cgroupDrivers.some((driver) => word === `${option}${driver}`))
      throw new LabError('invalidArgument', `exec-opts "${word}": expected ${option}cgroupfs or ${option}systemd`);
  }
  if (configuration['exec-opts']?.at(-1) === `${option}systemd` && !hasSystemd())
    throw new LabError('notImplemented', `exec-opts ${option}systemd: systemd does not run on this host`);
}

const sliceName = /^[A-Za-z0-9:_.\\]+(-[A-Za-z0-9:_.\\]+)*\.slice$/;

/** Errors: invalidArgument, in Docker's words, for what systemd could take no container into. */
export function checkCgroupParent(driver: CgroupDriver, parent: string | undefined): void {
  if (!parent || driver !== 'systemd') return;
  if (!sliceName.test(parent) && parent !== '-.slice')
    throw new LabError(
      'invalidArgument',
      `cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice": got "${parent}"`,
    );
}

/** @source docker docs docker run --cgroup-parent; a relative one is below the engine's own, where Docker's is below wherever dockerd is */
function folderOf(id: string, parent: string | undefined): string {
  if (!parent) return `${paths.cgroupParent}/${id}`;
  return posix.join(posix.normalize(parent.startsWith('/') ? parent : `/${paths.cgroupParent}/${parent}`), id).slice(1);
}

/** `linux.cgroupsPath` of config.json. */
export const cgroupsPathOf = (driver: CgroupDriver, id: string, parent?: string): string =>
  driver === 'systemd' ? `${parent || 'system.slice'}:${paths.cgroupParent}:${id}` : `/${folderOf(id, parent)}`;

/** Below the root of a hierarchy; a container that runs may be of a driver that was asked for earlier. */
export const cgroupFoldersOf = (id: string, parent?: string): string[] => [
  folderOf(id, parent),
  `${sliceFolder(parent?.endsWith('.slice') ? parent : 'system.slice')}${paths.cgroupParent}-${id}.scope`,
];

/** A dash in a slice's name is a level: `a-b.slice` is in `a.slice`. @source man systemd.slice(5) */
function sliceFolder(slice: string): string {
  if (slice === '-.slice') return '';
  const levels = slice.slice(0, -'.slice'.length).split('-');
  return levels.map((_, index) => `${levels.slice(0, index + 1).join('-')}.slice/`).join('');
}
