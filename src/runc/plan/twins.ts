// The command that a person would type for an operation of a plan. Not every operation has one.
import {
  ioPriorityClasses,
  memoryPolicyModes,
  nameOf,
  propagationName,
  rlimitNames,
  schedulingPolicies,
} from '../../base/kernel-names.ts';
import { CLONE_NEW, capabilityNames, MS, S_IF } from '../compile/flags.ts';
import { busctlWords } from '../systemd/words.ts';
import type { Operation, OperationName } from './operations.ts';

export interface Place {
  /** The container's root on the host. */
  rootfs: string;
  /** Its first process, as the host counts. */
  initPid: number;
  /** What the executor returned: `mask_path` says 1 for a directory. */
  result: number;
  /** Of a mount_attach: the mount_source that it attaches. */
  prepared?: Arguments<'mount_source'> | undefined;
}

type Arguments<Name extends OperationName> = Extract<Operation, { name: Name }>['arguments'];
type Twins = { [Name in OperationName]?: (a: Arguments<Name>, place: Place) => string | undefined };

const twins: Twins = {
  cgroup_make: (a) => `mkdir -p ${quote(a.path)}`,
  cgroup_write: (a) => `echo ${quote(a.value)} > ${quote(a.path)}`,
  cgroup_join: (a, { initPid }) => `echo ${initPid} > ${quote(`${a.path}/cgroup.procs`)}`,
  systemd_call: systemdTwin,
  clone: (a) => `unshare --fork ${namespaceFlags(Number(a.flags)).join(' ')}`.trim(),
  id_map: (a, { initPid }) => `printf '%s' ${quote(a.value)} > /proc/${initPid}/${a.file}`,
  id_map_check: (a, { initPid }) =>
    `cat /proc/${initPid}/${a.file}  # must be ${a.value.trim().replaceAll('\n', ', ')}`,
  id_map_helper: (a, { initPid }) => `${quote(a.program)} ${initPid} ${a.value.trim().replaceAll('\n', ' ')}`,
  oom_score_adj: (a, { initPid }) => `echo ${a.value} > /proc/${initPid}/oom_score_adj`,
  hook: (a) => [a.path, ...a.argv.slice(1)].map(quote).join(' '),
  setns: (a) => `nsenter ${namespaceFlags(Number(a.type)).join(' ')}=${quote(a.path)}`,
  unshare: (a) => `unshare ${namespaceFlags(Number(a.flags)).join(' ')}`,
  time_offsets: (a, { initPid }) => `printf '%s' ${quote(a.value)} > /proc/${initPid}/timens_offsets`,
  time_enter: (_, { initPid }) => `nsenter --time=/proc/${initPid}/ns/time_for_children`,
  setsid: () => 'setsid bash',
  session_keyring: (a) => `keyctl session ${quote(a.name)}`,
  sethostname: (a) => `hostname ${quote(a.name)}`,
  setdomainname: (a) => `domainname ${quote(a.name)}`,
  sysctl: (a) => `sysctl -w ${quote(`${a.key.replaceAll('/', '.')}=${a.value}`)}`,
  loopback_up: () => 'ip link set lo up',
  net_device: (a, { initPid }) => `ip link set ${quote(a.device)} netns ${initPid} name ${quote(a.name)} up`,
  root_propagation: (a) => `mount --make-${propagationOf(Number(a.flags))} /`,
  root_bind: (_, { rootfs }) => `mount --rbind ${quote(rootfs)} ${quote(rootfs)}`,
  mount: mountTwin,
  mount_attach: preparedTwin,
  tmpfs_copy_up: copyUpTwin,
  device_make: deviceTwin,
  symlink: (a, { rootfs }) => `ln -s ${quote(a.target)} ${quote(rootfs + a.path)}`,
  pivot_root: (_, { rootfs }) => `cd ${quote(rootfs)} && pivot_root . . && umount -l .`,
  root_enter: (a, { rootfs }) => `chroot ${quote(a.path || rootfs)}`,
  root_readonly: () => 'mount -o remount,bind,ro /',
  mask_path: (a, { result }) =>
    result === 1
      ? `mount -t tmpfs -o ro,nosuid,nodev,noexec tmpfs ${quote(a.path)}`
      : `mount --bind /dev/null ${quote(a.path)}`,
  readonly_path: (a) => `mount --rbind ${quote(a.path)} ${quote(a.path)} && mount -o remount,bind,ro ${quote(a.path)}`,
  rlimit: (a, { initPid }) => `prlimit --pid ${initPid} --${limitName(Number(a.resource))}=${a.soft}:${a.hard}`,
  umask: (a) => `umask 0${Number(a.mask).toString(8)}`,
  no_new_privs: () => 'setpriv --no-new-privs bash',
  capability_bounding: (a) => `setpriv --bounding-set ${capabilityList(BigInt(a.keep))} bash`,
  setgroups: (a) =>
    a.gids === '' ? 'setpriv --clear-groups bash' : `setpriv --groups ${a.gids.replaceAll(' ', ',')} bash`,
  setgid: (a) => `setpriv --regid ${a.gid} --keep-groups bash`,
  setuid: (a) => `setpriv --reuid ${a.uid} bash`,
  apparmor_profile: (a) => `aa-exec --profile ${quote(a.profile)} bash`,
  scheduler: schedulerTwin,
  io_priority: (a, { initPid }) =>
    `ionice --class ${Number(a.class)}${Number(a.class) === ioPriorityClasses.IOPRIO_CLASS_IDLE ? '' : ` --classdata ${a.level}`} --pid ${initPid}`,
  personality: (a) => (Number(a.persona) === 0 ? undefined : 'setarch linux32 bash'),
  cpu_affinity: (a) => `taskset --cpu-list --pid ${quote(a.cpus)} $$`,
  memory_policy: memoryPolicyTwin,
  chdir: (a) => `cd ${quote(a.path)}`,
  exec: (a) => `exec ${a.argv.map(quote).join(' ')}`,
};

export function twinOf(operation: Operation, place: Place): string | undefined {
  const twin = twins[operation.name] as ((a: Operation['arguments'], place: Place) => string | undefined) | undefined;
  return twin?.(operation.arguments, place);
}

/** chrt(1) sets no nice value and no flag but one: renice(1) does the first, the others stay without a command. */
function schedulerTwin(a: Arguments<'scheduler'>, { initPid }: Place): string | undefined {
  const policy = nameOf(schedulingPolicies, Number(a.policy)).slice('SCHED_'.length).toLowerCase();
  const flags = Number(a.flags);
  if (flags > 1 || policy === 'iso') return undefined;
  const times =
    policy === 'deadline'
      ? ` --sched-runtime ${a.runtime} --sched-deadline ${a.deadline} --sched-period ${a.period}`
      : '';
  const chrt = `chrt ${flags === 1 ? '--reset-on-fork ' : ''}--${policy}${times} --pid ${a.priority} ${initPid}`;
  return a.nice === '0' ? chrt : `${chrt} && renice -n ${a.nice} -p ${initPid}`;
}

function memoryPolicyTwin(a: Arguments<'memory_policy'>): string | undefined {
  const option = {
    MPOL_BIND: `--membind=${a.nodes}`,
    MPOL_INTERLEAVE: `--interleave=${a.nodes}`,
    MPOL_PREFERRED: `--preferred=${a.nodes}`,
    MPOL_LOCAL: '--localalloc',
  }[nameOf(memoryPolicyModes, Number(a.mode))];
  return option === undefined || Number(a.flags) !== 0 ? undefined : `numactl ${option} bash`;
}

/** @source man busctl(1) */
function systemdTwin(a: Arguments<'systemd_call'>, { initPid }: Place): string {
  const words = busctlWords(a.message, { pidAt: Number(a.pidAt), pid: String(initPid) });
  const manager = 'org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager';
  return `busctl call ${manager} ${a.member} ${words.map(quote).join(' ')}`;
}

/** Recursive attributes have no option of mount(8) before util-linux 2.38, and none for all of them after. */
function mountTwin(a: Arguments<'mount'>, place: Place): string | undefined {
  if (BigInt(a.recursiveAttributes) !== 0n) return undefined;
  const target = quote(place.rootfs + a.target);
  const propagation = Number(a.propagation);
  const after = propagation === 0 ? '' : ` && mount --make-${propagationOf(propagation)} ${target}`;
  return `${mountCommand(a, target)}${after}`;
}

/** mount(8) prepares and attaches in one: the mount_source has no twin of its own. @source man mount(8) X-mount.idmap */
function preparedTwin(
  { propagation, recursiveAttributes }: Arguments<'mount_attach'>,
  place: Place,
): string | undefined {
  if (place.prepared === undefined || BigInt(recursiveAttributes) !== 0n) return undefined;
  const after =
    Number(propagation) === 0
      ? ''
      : ` && mount --make-${propagationOf(Number(propagation))} ${quote(place.rootfs + place.prepared.target)}`;
  return `${idMappedTwin(place.prepared, place)}${after}`;
}

function idMappedTwin(a: Arguments<'mount_source'>, { rootfs }: Place): string {
  const lines = (letter: string, map: string): string[] =>
    map.split('\n').flatMap((line) => (line === '' ? [] : [`${letter}:${line.replaceAll(' ', ':')}`]));
  const map = a.userNamespace === '' ? [...lines('u', a.uidMap), ...lines('g', a.gidMap)].join(' ') : a.userNamespace;
  const kind = Number(a.recursive) === 0 ? '--bind' : '--rbind';
  if (Number(a.idMapping) === 0) return `mount ${kind} ${quote(a.source)} ${quote(rootfs + a.target)}`;
  return `mount ${kind} -o ${quote(`X-mount.idmap=${map}`)} ${quote(a.source)} ${quote(rootfs + a.target)}`;
}

/** The copy waits in a folder of its own until the tmpfs is there. */
function copyUpTwin(a: Arguments<'tmpfs_copy_up'>, place: Place): string {
  const target = quote(place.rootfs + a.target);
  const mount = mountTwin({ ...a, fstype: 'tmpfs', recursiveAttributes: 0n }, place);
  return `copy=$(mktemp -d) && cp -a ${target}/. "$copy" && ${mount} && cp -a "$copy"/. ${target}`;
}

const anyPropagation = MS.SHARED | MS.SLAVE | MS.PRIVATE | MS.UNBINDABLE;

function mountCommand(a: Arguments<'mount'>, target: string): string {
  const flags = Number(a.flags);
  const options = mountOptions(a);
  if ((flags & anyPropagation) !== 0) return `mount --make-${propagationOf(flags)} ${target}`;
  if ((flags & MS.REMOUNT) !== 0) return `mount -o ${options} ${target}`;
  if ((flags & MS.BIND) !== 0) {
    return `mount --${(flags & MS.REC) === 0 ? 'bind' : 'rbind'} ${options === '' ? '' : `-o ${options} `}${quote(a.source)} ${target}`;
  }
  return `mount -t ${quote(a.fstype)} ${options === '' ? '' : `-o ${quote(options)} `}${quote(a.source)} ${target}`;
}

const optionNames = {
  REMOUNT: 'remount',
  RDONLY: 'ro',
  NOSUID: 'nosuid',
  NODEV: 'nodev',
  NOEXEC: 'noexec',
  SYNCHRONOUS: 'sync',
  DIRSYNC: 'dirsync',
  NOATIME: 'noatime',
  NODIRATIME: 'nodiratime',
  RELATIME: 'relatime',
  STRICTATIME: 'strictatime',
  NOSYMFOLLOW: 'nosymfollow',
  MANDLOCK: 'mand',
  POSIXACL: 'acl',
  I_VERSION: 'iversion',
  LAZYTIME: 'lazytime',
  SILENT: 'silent',
} as const;

/** The options as mount(8) takes them: flags by name, then the file system's own. */
export function mountOptions(a: Arguments<'mount'>): string {
  const flags = Number(a.flags);
  const names = (Object.keys(optionNames) as (keyof typeof optionNames)[]).filter((name) => (flags & MS[name]) !== 0);
  const words = names.map((name) => optionNames[name] as string);
  if ((flags & MS.BIND) !== 0 && (flags & MS.REMOUNT) !== 0) words.push('bind');
  return [...words, ...(a.data === '' ? [] : [a.data])].join(',');
}

function deviceTwin(a: Arguments<'device_make'>, { rootfs }: Place): string {
  const mode = Number(a.mode);
  const kind = { [S_IF.BLK]: 'b', [S_IF.FIFO]: 'p' }[mode & 0o170000] ?? 'c';
  const numbers = kind === 'p' ? '' : ` ${a.major} ${a.minor}`;
  return `mknod -m ${(mode & 0o7777).toString(8)} ${quote(rootfs + a.path)} ${kind}${numbers}`;
}

/** `--mount --pid`, as unshare(1) and nsenter(1) call them. */
const namespaceFlags = (flags: number): string[] =>
  namespaceNames(flags).map((name) => `--${name === 'network' ? 'net' : name}`);

export const namespaceNames = (flags: number): string[] =>
  Object.entries(CLONE_NEW)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name);

const propagationOf = (flags: number): string => propagationName(flags) ?? 'private';

/** A number without a name stays one, and prlimit refuses it. */
const limitName = (resource: number): string => rlimitNames[resource] ?? String(resource);

export const capabilityWords = (mask: bigint): string[] =>
  capabilityNames.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n).map((name) => name.slice(4).toLowerCase());

const capabilityList = (mask: bigint): string => ['-all', ...capabilityWords(mask).map((name) => `+${name}`)].join(',');

/** A word as sh(1) reads it back. */
const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
