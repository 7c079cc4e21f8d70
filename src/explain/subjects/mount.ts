// Mounts in words, whether a system call or an operation of the plan made them.
import type { TraceEvent } from '../../trace/file.ts';
import type { Call } from '../call.ts';
import { own, type WordsRow } from '../words-row.ts';

export interface MountSubject {
  source: string;
  target: string;
  fstype: string;
  /** As mount(8) names them: ro, nosuid, remount, bind, rec, slave, private, shared, move; and the file system's own. */
  options: ReadonlySet<string>;
}

/** A `kernel.mount-attached`; a mount without a type is a bind, unless it is a remount or changes propagation. */
export function mountOfEvent({ data }: TraceEvent): MountSubject {
  const options = new Set(String(data.options ?? '').split(','));
  const fstype = String(data.fstype ?? '');
  if (fstype === 'bind' || (fstype === '' && !options.has('remount') && !options.has('move'))) options.add('bind');
  return { source: String(data.source ?? ''), target: String(data.target ?? ''), fstype, options };
}

/** A mount(2); the target is that of the operation where the call says "." or a descriptor. */
export function mountOfCall(call: Call): MountSubject {
  const words = call
    .arg(3)
    .split('|')
    .map((flag) => own(optionNames, flag) ?? flag.replace(/^MS_/, '').toLowerCase());
  const given = call.string(1);
  const known = call.operationEvent?.data.target ?? argumentOf(call, 'path');
  const indirect = given === '.' || given.startsWith('/proc/self/fd/') || given.startsWith('/proc/thread-self/fd/');
  return {
    source: call.string(0),
    target: indirect && typeof known === 'string' ? known : given,
    fstype: call.string(2),
    options: new Set([...words, ...call.string(4).split(',')]),
  };
}

const optionNames: Record<string, string> = { MS_RDONLY: 'ro' };

function argumentOf(call: Call, name: string): unknown {
  const values = call.operationEvent?.data.arguments;
  return typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[name] : undefined;
}

const isOn =
  (...targets: string[]) =>
  (mount: MountSubject): boolean =>
    targets.some((target) => mount.target === target || mount.target.endsWith(target));
const isType =
  (...types: string[]) =>
  (mount: MountSubject): boolean =>
    types.includes(mount.fstype);
const has =
  (...options: string[]) =>
  (mount: MountSubject): boolean =>
    options.every((option) => mount.options.has(option));
const all =
  (...tests: ((mount: MountSubject) => boolean)[]) =>
  (mount: MountSubject): boolean =>
    tests.every((test) => test(mount));

const guards = (mount: MountSubject): string =>
  (['ro', 'nosuid', 'nodev', 'noexec'] as const)
    .filter((option) => mount.options.has(option))
    .map((option) => guardWords[option])
    .join(', ');
const guardWords = {
  ro: 'read-only',
  nosuid: 'set-user-id bits do nothing (nosuid)',
  nodev: 'device files do nothing (nodev)',
  noexec: 'nothing there can be executed (noexec)',
};
const guarded = (mount: MountSubject): string => {
  const words = guards(mount);
  return words === '' ? '' : ` Guarded: ${words}.`;
};
const lowerCount = (mount: MountSubject): number => {
  const lower = [...mount.options].find((option) => option.startsWith('lowerdir='));
  return lower === undefined ? 0 : lower.slice('lowerdir='.length).split(':').length;
};

export const mountRows: readonly WordsRow<MountSubject>[] = [
  {
    id: 'mount-slave-old-root',
    when: (mount) => mount.options.has('slave') && mount.target === '.',
    does: () => 'Makes the old root, which stands on top since pivot_root, a slave with all that is mounted below it.',
    now: 'Between pivot_root and the unmount of the old root. Usually it is one already; not where config.json asks for a shared root.',
    without: "Where the root is shared, detaching the old one would unmount the host's own mounts.",
    shows: ['KRN-7', 'KRN-2'],
    source: 'man mount_namespaces(7)',
  },
  {
    id: 'mount-slave',
    when: has('slave'),
    does: ({ target, options }) =>
      `Makes ${target}${options.has('rec') ? ' and every mount below it' : ''} a slave: mounts and unmounts still arrive from the host, none goes back.`,
    now: "The new mount namespace is a copy of the host's, whose mounts systemd makes shared: copy and original are linked until this call. So it comes before any other mount.",
    without:
      "Every mount of the container would show up on the host, and detaching the old root would unmount the host's own mounts.",
    shows: ['KRN-2', 'KRN-6'],
    source: 'man mount_namespaces(7)',
  },
  {
    id: 'mount-private',
    when: has('private'),
    does: ({ target }) => `Makes ${target} private: mounts and unmounts below it travel in neither direction.`,
    now: 'A call of its own: propagation cannot be set together with a mount. pivot_root refuses a new root that is shared, or whose parent mount is.',
    without: 'Mounts made below it would appear in other mount namespaces too, or pivot_root would fail with EINVAL.',
    shows: ['KRN-2'],
    source: 'man mount_namespaces(7)',
  },
  {
    id: 'mount-shared',
    when: has('shared'),
    does: ({ target }) =>
      `Makes ${target} shared: what is mounted below it appears in every namespace that has a peer of it.`,
    without:
      'A mount made in the container would stay invisible to the host, which is the usual wish; this container asked for the opposite.',
    shows: ['KRN-2', 'STO-4'],
    source: 'man mount_namespaces(7)',
  },
  {
    id: 'mount-unbindable',
    when: has('unbindable'),
    does: ({ target }) => `Makes ${target} private and unbindable: it cannot be the source of a bind mount either.`,
    without: 'It could be bind mounted again, and a recursive bind would copy it along.',
    shows: ['KRN-2'],
    source: 'man mount_namespaces(7)',
  },
  {
    id: 'mount-move',
    when: has('move'),
    does: ({ source, target }) => `Moves the mount at "${source}" to "${target}".`,
    now: 'The way in without pivot_root, for a host that runs from its initial ramfs: move the root over /, then chroot.',
    without: "pivot_root cannot work on the initial ramfs; the container would keep the host's root.",
    shows: ['KRN-7'],
    source: 'man mount(2)',
  },
  {
    id: 'mount-remount-bind-ro',
    when: has('remount', 'bind', 'ro'),
    does: ({ target }) =>
      `Makes this one mount of ${target} read-only; the file system itself and its other mounts stay writable.`,
    now: 'A second call is needed: mount(2) ignores MS_RDONLY when it makes a bind mount. That `mount --bind -o ro` is one step is only how the command looks.',
    without: 'The path stays writable through this mount, although "ro" was asked for.',
    shows: ['SEC-2', 'STO-4'],
    source: 'man mount(2)',
  },
  {
    id: 'mount-remount-bind',
    when: has('remount', 'bind'),
    does: (mount) => `Sets the flags of this one mount of ${mount.target}, not of its file system.${guarded(mount)}`,
    now: 'After the bind: mount(2) takes flags for a bind mount only in a second call.',
    without: 'The bind would keep the flags of the mount that it was taken from.',
    shows: ['STO-4'],
    source: 'man mount(2)',
  },
  {
    id: 'mount-remount',
    when: has('remount'),
    does: (mount) => `Changes the options of the file system on ${mount.target} in place.${guarded(mount)}`,
    now: 'Late: what had to be written there has been written.',
    without: 'The options of the first mount would stay.',
    source: 'man mount(2)',
  },
  {
    id: 'mount-mask-file',
    when: ({ options, source, target }) => options.has('bind') && source === '/dev/null' && target !== '/dev/null',
    does: ({ target }) => `Covers the file ${target} with /dev/null: it reads as empty and swallows what is written.`,
    now: 'After /proc and /sys are mounted, and before the program runs. Masking is a mount, so CAP_SYS_ADMIN is needed to take it off again.',
    without: 'The container could read what this file tells of the host: keys, memory, timers, sensors.',
    shows: ['SEC-5', 'KRN-6'],
    source: 'oci-runtime config-linux#masked-paths',
  },
  {
    id: 'mount-self-exe',
    when: ({ options, source }) => options.has('bind') && /^\/proc\/(self|thread-self)\/exe$/.test(source),
    does: ({ target }) => `Binds the program that is running, the runtime itself, on ${target}.`,
    now: 'Before anything of the container is near: the mount is made read-only next, and the runtime executes itself through it.',
    without: "A container could overwrite the runtime's file on the host through /proc/<pid>/exe (CVE-2019-5736).",
    shows: ['SEC-6'],
    source: 'man mount(2)',
  },
  {
    id: 'mount-namespace-file',
    when: ({ options, source }) => options.has('bind') && /^\/proc\/.*\/ns\/\w+$/.test(source),
    does: ({ source, target }) =>
      `Binds the namespace behind ${source} on the file ${target}, which keeps it alive with no process in it.`,
    now: 'Right after the namespace was made: the thread that made it ends soon, and nothing else holds it yet.',
    without:
      'The namespace would end with its last process. No pause process is needed in Docker: this mount is what holds it.',
    shows: ['STK-5', 'NET-1'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'mount-bind-rootfs',
    when: (mount) => mount.options.has('bind') && mount.source === mount.target && mount.source !== '',
    does: ({ target }) => `Binds ${target} on itself: the same files, now as a mount of their own.`,
    now: 'Whatever needs a mount where only a directory stands does this first: pivot_root, or a read-only flag for one path.',
    without:
      'pivot_root refuses a new root that is no mount point (EINVAL), and flags belong to mounts, not to directories.',
    shows: ['KRN-7', 'KRN-6'],
    source: 'man pivot_root(2)',
  },
  {
    id: 'mount-bind-cgroup',
    when: ({ options, source }) => options.has('bind') && source.startsWith('/sys/fs/cgroup/'),
    does: ({ source, target }) => `Binds the container's own cgroup, ${source}, on ${target}: its limits as files.`,
    now: 'After the cgroup was made. With version 1 there is one hierarchy for each controller, so this happens several times; a read-only remount follows each.',
    without:
      "Programs that read their own limits (language runtimes size their heaps so) would find none; with the host's tree instead they would see every container.",
    shows: ['KRN-3', 'DMN-12'],
    source: 'man cgroups(7)',
  },
  {
    id: 'mount-bind-names',
    when: all(has('bind'), isOn('/etc/resolv.conf', '/etc/hosts', '/etc/hostname')),
    does: ({ source, target }) => `Puts a file of the engine, ${source}, over ${target} of the image.`,
    now: 'Before pivot_root: afterwards the source on the host has no name any more.',
    without: "The container would have the image's file: no resolver, no own name in the table of hosts.",
    shows: ['NET-4', 'STO-4'],
    source: 'docker-run --dns',
  },
  {
    id: 'mount-bind-device',
    when: ({ options, source, target }) =>
      options.has('bind') && source.startsWith('/dev/') && target.includes('/dev/'),
    does: ({ source, target }) => `Binds the host's device ${source} on ${target}.`,
    now: "Where mknod is refused, in a user namespace for one, a bind of the host's node takes its place.",
    without: 'The device would be missing; programs expect at least null, zero, full, random, urandom and tty.',
    shows: ['KRN-14'],
    source: 'oci-runtime config-linux#default-devices',
  },
  {
    id: 'mount-bind',
    when: has('bind'),
    does: (mount) =>
      `Makes ${mount.source || 'the path'} visible at ${mount.target}: the same files under a second name, nothing is copied.${guarded(mount)}`,
    now: 'Before pivot_root: the source is a path of the host and cannot be named afterwards.',
    without:
      "The container would see the image's own directory there, and what it writes would vanish with the container.",
    shows: ['STO-4'],
    source: 'man mount(2)',
  },
  {
    id: 'mount-proc',
    when: isType('proc'),
    does: (mount) =>
      `Mounts a procfs on ${mount.target}. It shows the PID namespace of the process that mounts it: here the container's.${guarded(mount)}`,
    now: 'By process 1 itself, after the clone into the new PID namespace; paths below it are masked and made read-only later.',
    without:
      "There would be no /proc, or the host's: `ps` would list the host's processes, and /proc/self would lead nowhere.",
    shows: ['KRN-2', 'KRN-6'],
    source: 'man pid_namespaces(7)',
  },
  {
    id: 'mount-sysfs',
    when: isType('sysfs'),
    does: (mount) =>
      `Mounts a sysfs on ${mount.target}. Its /sys/class/net shows the network namespace of the mounting process.${guarded(mount)}`,
    now: "After the network namespace was joined, or the devices of the host's would be listed.",
    without:
      'Programs would find no /sys. Most of sysfs is not namespaced: writable, it would let the container change devices of the host, so it is read-only unless privileged.',
    shows: ['KRN-6', 'SEC-5'],
    source: 'man sysfs(5)',
  },
  {
    id: 'mount-devpts',
    when: isType('devpts'),
    does: ({ target }) =>
      `Mounts a devpts on ${target}: pseudo-terminals of the container's own, numbered from 0. Since Linux 4.7 every such mount is an instance of its own; "newinstance" is accepted and does nothing.`,
    now: 'After the tmpfs on /dev that it stands on, before the terminal of `-t` is made in it.',
    without: "No terminals, or the host's: the container could write to the terminals of people who are logged in.",
    shows: ['KRN-6'],
    source: 'kernel filesystems/devpts.rst',
  },
  {
    id: 'mount-mqueue',
    when: isType('mqueue'),
    does: ({ target }) => `Mounts the POSIX message queues of this IPC namespace on ${target}.`,
    now: 'After the clone with CLONE_NEWIPC, since the mount shows the IPC namespace of its maker.',
    without: 'mq_open still works, as it needs no mount; but nobody could list or remove queues as files.',
    shows: ['KRN-2'],
    source: 'man mq_overview(7)',
  },
  {
    id: 'mount-cgroup2',
    when: isType('cgroup2'),
    does: ({ target }) =>
      `Mounts the one hierarchy of cgroup version 2 on ${target}; with a cgroup namespace its root is the container's own cgroup.`,
    now: 'After the child was put into its cgroup and took its cgroup namespace, which fixes what the root is.',
    without:
      'Programs could not read their limits; without the cgroup namespace the whole tree of the host would be visible.',
    shows: ['KRN-3', 'KRN-5'],
    source: 'man cgroups(7)',
  },
  {
    id: 'mount-cgroup',
    when: isType('cgroup'),
    does: ({ target, options }) =>
      `Mounts a hierarchy of cgroup version 1 on ${target} (${[...options].filter((option) => /^[a-z_,]+$/.test(option) && !option.startsWith('no') && option !== 'ro').join(', ')}).`,
    now: 'After the container has its cgroup namespace, so that the hierarchy starts at its own cgroup.',
    without: 'Programs could not read their limits.',
    shows: ['KRN-3', 'KRN-5'],
    source: 'man cgroups(7)',
  },
  {
    id: 'mount-overlay',
    when: isType('overlay'),
    does: (mount) =>
      `Stacks ${lowerCount(mount) || 'the'} image layer${lowerCount(mount) === 1 ? '' : 's'} (lowerdir) below a writable directory (upperdir): one tree at ${mount.target}, the container's root.`,
    now: 'Before the runtime is called: config.json names this place as the root.',
    without:
      'There would be no root filesystem. With a copy instead of the overlay every start would cost the whole image; layers are neither copied nor linked, just named in lowerdir.',
    shows: ['STO-1', 'STO-2', 'IMG-13'],
    source: 'kernel overlayfs.rst',
  },
  {
    id: 'mount-mask-directory',
    when: (mount) => isType('tmpfs')(mount) && mount.options.has('ro') && /^\/(proc|sys)\//.test(mount.target),
    does: ({ target }) => `Covers the directory ${target} with an empty, read-only tmpfs.`,
    now: 'After /proc and /sys are mounted, and before the program runs. Masking is a mount, so CAP_SYS_ADMIN is needed to take it off again.',
    without:
      'The container could read, and as root partly write, what lies there: firmware, ACPI, power figures of the host.',
    shows: ['SEC-5', 'KRN-6'],
    source: 'oci-runtime config-linux#masked-paths',
  },
  {
    id: 'mount-dev',
    when: all(isType('tmpfs'), isOn('/dev')),
    does: () =>
      'Mounts an empty tmpfs on /dev, so that the container has just the devices made for it. It must not have nodev, or those would do nothing.',
    now: 'First of what lies below /dev: pts, shm, mqueue and the device nodes stand on it.',
    without:
      "Device nodes would be made in the container's writable layer, and what the image holds in /dev would count.",
    shows: ['KRN-6'],
    source: 'oci-runtime config-linux#default-filesystems',
  },
  {
    id: 'mount-shm',
    when: all(isType('tmpfs'), isOn('/dev/shm')),
    does: () =>
      'Mounts a tmpfs of limited size on /dev/shm: POSIX shared memory (shm_open) of the container lives there.',
    now: 'After the tmpfs on /dev that it stands on.',
    without:
      'shm_open would fail. Too small, databases and browsers die with SIGBUS; --shm-size sets it. Its pages count as memory of the container.',
    shows: ['STO-4', 'KRN-12'],
    source: 'man shm_overview(7)',
  },
  {
    id: 'mount-cgroup-tmpfs',
    when: all(isType('tmpfs'), isOn('/sys/fs/cgroup')),
    does: () =>
      'Mounts a small tmpfs on /sys/fs/cgroup: with cgroup version 1 it holds one directory for each hierarchy.',
    now: 'After sysfs, which offers the empty directory, and before the hierarchies are bound below it.',
    without: 'There would be no place for the hierarchies: directories cannot be made in sysfs.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  {
    id: 'mount-tmpfs',
    when: isType('tmpfs'),
    does: (mount) =>
      `Mounts a tmpfs on ${mount.target}: files in memory (and swap), gone when it is unmounted, at the latest with the container.${guarded(mount)}`,
    now: 'With the other mounts, before pivot_root.',
    without: "Writes there would go to the container's writable layer, or fail where the root is read-only.",
    shows: ['STO-4', 'SEC-2'],
    source: 'man tmpfs(5)',
  },
  {
    id: 'mount-other',
    does: ({ fstype, target }) =>
      fstype === '' ? `Changes how ${target} is mounted.` : `Mounts a file system of type ${fstype} on ${target}.`,
    without: 'The tree would lack what was asked for there.',
    source: 'man mount(2)',
  },
];
