// `mounts` of config.json → mount operations, in the listed order.
// A bind takes two mount(2) calls, because the kernel ignores other flags on the first: bind, then remount with the flags.
// Read-only on /dev and on a tmpfs is put off until everything inside is made (lateRemounts).
import { posix } from 'node:path';
import type { MountSpec } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { cgroupMount } from './cgroup-mount.ts';
import { byInit, type CompileContext, type PlanCause, refusal } from './context.ts';
import { MS } from './flags.ts';
import { idMappingOf, needsHostRights } from './id-mapped-mounts.ts';
import { parseMountOptions, recursiveAttributes } from './mount-options.ts';
import type { ResolvedMount } from './resolved-mount.ts';
import { checkMountIds } from './user-namespace.ts';

/** Every mount of config.json, checked. */
export function resolveMounts(context: CompileContext): ResolvedMount[] {
  const mounts = (context.config.mounts ?? []).map((spec, index) => resolveMount(context, spec, `/mounts/${index}`));
  for (const [index, mount] of mounts.entries()) checkRemount(mount, mounts.slice(0, index));
  return mounts;
}

/** The mounts as operations. */
export const mountOperations = (context: CompileContext, mounts: readonly ResolvedMount[]): Operation[] =>
  mounts.flatMap((mount) => {
    if ((mount.options.flags & MS.REMOUNT) !== 0)
      return [remount(mount, mount.options.flags & ~MS.BIND), ...morePropagation(mount)];
    if (mount.type === 'cgroup' || mount.type === 'cgroup2') return cgroupMount(context, mount);
    return mount.type === 'bind' ? bindMount(context, mount) : filesystemMount(mount);
  });

/** Read-only remounts that had to wait: after the devices are made and modes are set. */
export const lateRemounts = (mounts: readonly ResolvedMount[]): Operation[] =>
  mounts
    .filter((mount) => waitsForReadonly(mount) && (mount.options.flags & (MS.RDONLY | MS.REMOUNT)) === MS.RDONLY)
    .map((mount) => remount(mount, mount.options.flags));

/**
 * `remount` without bind changes a file system, wherever else it is mounted: only one that was mounted here is ours to change. With bind
 * it changes the one mount.
 */
function checkRemount(
  { cause, destination, options, type, idMapping }: ResolvedMount,
  before: readonly ResolvedMount[],
): void {
  if ((options.flags & MS.REMOUNT) === 0) return;
  if (idMapping !== undefined)
    throw refusal(`${cause}/options`, '"remount": expected none beside mapped ids, which a mount gets once');
  const there = before.findLast((mount) => mount.destination === destination);
  const isOwn = there !== undefined && there.type !== 'bind' && there.type !== 'cgroup' && there.type !== 'cgroup2';
  if (there === undefined || (type !== 'bind' && !(isOwn && there.type === type)))
    throw refusal(
      `${cause}/options`,
      `"remount": expected a mount of ${type === 'bind' ? 'any type' : `type ${type}`} on ${destination} before it, since it would change the host's`,
    );
}

/** A bind of the host's /dev, or of anything on /dev, brings its own devices. */
export const bringsOwnDev = (mounts: readonly ResolvedMount[]): boolean =>
  mounts.some((mount) => mount.type === 'bind' && mount.destination === '/dev');

function resolveMount(context: CompileContext, spec: MountSpec, pointer: PlanCause): ResolvedMount {
  const options = parseMountOptions(spec.options ?? []);
  const type = (options.flags & MS.BIND) !== 0 ? 'bind' : (spec.type ?? '');
  if (type === '')
    throw refusal(`${pointer}/type`, 'missing: expected a filesystem type, or bind or rbind among the options');
  if ((options.flags & MS.BIND) === 0 && (type === 'bind' || type === 'none'))
    throw refusal(`${pointer}/options`, `expected bind or rbind among them: "${type}" is no filesystem type`);
  if (!spec.destination.startsWith('/'))
    context.warnings.push(`${pointer}/destination "${spec.destination}" is not absolute: taken from the root`);
  // Before 1.0.2 the spec allowed a relative destination: it starts at the root. @source oci-runtime config#mounts
  const destination = posix.normalize(`/${spec.destination}`).replace(/(?<=.)\/$/, '');
  const idMapping = idMappingOf(context, { spec, options, type, pointer });
  const isRemount = (options.flags & MS.REMOUNT) !== 0;
  const isPrepared = !isRemount && (idMapping !== undefined || (type === 'bind' && needsHostRights(context)));
  const mount = { spec, cause: pointer, destination, type, options, idMapping, isPrepared };
  checkMount(mount, pointer);
  checkMountIds(context, options.data, pointer);
  return mount;
}

function checkMount(mount: ResolvedMount, pointer: string): void {
  if (mount.destination === '/') throw refusal(`${pointer}/destination`, '"/": expected a path below the root');
  if (mount.type === 'bind' && !mount.spec.source && (mount.options.flags & MS.REMOUNT) === 0)
    throw refusal(`${pointer}/source`, 'missing: a bind mount needs one');
  const words = mount.options.data;
  if (mount.type === 'bind' && words.length > 0) {
    throw refusal(
      `${pointer}/options`,
      `"${words[0]}": expected a mount flag, since a bind mount has no other options`,
    );
  }
  if (mount.options.copiesUp && mount.type !== 'tmpfs')
    throw refusal(`${pointer}/options`, `"tmpcopyup": expected a tmpfs, the type is "${mount.type}"`);
  checkBelowProc(mount, pointer);
}

/** Files of procfs that containers may have replaced (lxcfs and the like). @source runc libcontainer/rootfs_linux.go */
const replaceableProcFiles = new Set(
  [
    'cpuinfo',
    'diskstats',
    'meminfo',
    'stat',
    'swaps',
    'uptime',
    'loadavg',
    'slabinfo',
    'sys/kernel/ns_last_pid',
    'sys/crypto/fips_enabled',
  ].map((name) => `/proc/${name}`),
);

/** A mount over parts of /proc would let an image or a volume fake what security checks read there (CVE-2019-16884). */
function checkBelowProc(mount: ResolvedMount, pointer: string): void {
  if (mount.destination === '/proc' && mount.type !== 'proc' && mount.type !== 'bind') {
    throw refusal(`${pointer}/type`, `"${mount.type}": expected proc on /proc`);
  }
  if (!mount.destination.startsWith('/proc/') || replaceableProcFiles.has(mount.destination)) return;
  throw refusal(`${pointer}/destination`, `"${mount.destination}": expected a path outside /proc`);
}

function filesystemMount(mount: ResolvedMount): Operation[] {
  const { flags, data } = mount.options;
  if (mount.options.copiesUp) return copiedUp(mount);
  return [
    byInit('mount', mount.cause, {
      source: mount.spec.source ?? mount.type,
      target: mount.destination,
      fstype: mount.type,
      flags: waitsForReadonly(mount) ? flags & ~MS.RDONLY : flags,
      data: data.join(','),
      propagation: mount.options.propagation[0] ?? 0,
      recursiveAttributes: recursiveAttributes(mount.options),
    }),
    ...morePropagation(mount),
  ];
}

/** Read-only it becomes when everything is in it. */
const copiedUp = (mount: ResolvedMount): Operation[] => [
  byInit('tmpfs_copy_up', mount.cause, {
    source: mount.spec.source ?? 'tmpfs',
    target: mount.destination,
    flags: mount.options.flags & ~MS.RDONLY,
    data: mount.options.data.join(','),
    propagation: mount.options.propagation[0] ?? 0,
  }),
  ...morePropagation(mount),
];

/** rbind, then a remount when an option asks for more than the bind, as runc does it. */
export function bindMount(context: CompileContext, mount: ResolvedMount): Operation[] {
  const { flags } = mount.options;
  const more = flags & ~(MS.BIND | MS.REC);
  const values = {
    source: posix.resolve(context.bundle, mount.spec.source ?? ''),
    target: mount.destination,
    propagation: more === 0 ? (mount.options.propagation[0] ?? 0) : 0,
    recursiveAttributes: more === 0 ? recursiveAttributes(mount.options) : 0n,
  };
  const bind =
    mount.isPrepared !== true
      ? byInit('mount', mount.cause, { ...values, fstype: '', flags: flags & (MS.BIND | MS.REC), data: '' })
      : byInit('mount_attach', mount.cause, values);
  return more === 0 ? [bind, ...morePropagation(mount)] : [bind, remount(mount, more), ...morePropagation(mount)];
}

/**
 * The second call of a bind: mount(2) with MS_REMOUNT|MS_BIND sets exactly these flags on this one mount. Without MS_BIND it changes the
 * file system, with its own options. @source man mount(2)
 */
function remount(mount: ResolvedMount, flags: number): Operation {
  const isFilesystem = (mount.options.flags & (MS.REMOUNT | MS.BIND)) === MS.REMOUNT;
  const isLate = mount.type !== 'bind' && waitsForReadonly(mount) && !isFilesystem;
  return byInit('mount', mount.cause, {
    source: isFilesystem ? (mount.spec.source ?? mount.type) : '',
    target: mount.destination,
    fstype: isFilesystem ? mount.type : '',
    flags: (flags & ~MS.REC) | MS.REMOUNT | (isFilesystem ? 0 : MS.BIND),
    data: isFilesystem ? mount.options.data.join(',') : '',
    propagation: isLate ? 0 : (mount.options.propagation[0] ?? 0),
    recursiveAttributes: isLate ? 0n : recursiveAttributes(mount.options),
  });
}

/** A mount operation carries one propagation; further ones (`slave` then `shared`) are calls of their own. */
const morePropagation = (mount: ResolvedMount): Operation[] =>
  mount.options.propagation.slice(1).map((propagation) =>
    byInit('mount', mount.cause, {
      source: '',
      target: mount.destination,
      fstype: '',
      flags: propagation,
      data: '',
      propagation: 0,
      recursiveAttributes: 0n,
    }),
  );

const waitsForReadonly = (mount: ResolvedMount): boolean =>
  mount.type === 'tmpfs' || (mount.destination === '/dev' && mount.type !== 'bind');
