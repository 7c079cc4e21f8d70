// The plan's operations in words, and above all: why each stands where it stands in the order, and what breaks when it is moved.
// One row an operation of src/runc/plan/operations.ts; a test holds the two tables together. The plan writes mounts and cgroups as
// events of their own: those are explained by src/explain/subjects/.
import { ioPriorityClasses, memoryPolicyModes, nameOf, schedulingPolicies } from '../base/kernel-names.ts';
import type { TraceEvent } from '../trace/file.ts';
import type { WordsRow } from './words-row.ts';

export interface OperationSubject {
  name: string;
  arguments: Record<string, unknown>;
  result: number;
  errno: string;
}

export function operationOf({ data }: TraceEvent): OperationSubject {
  const values = data.arguments;
  return {
    name: String(data.operation ?? ''),
    arguments: typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {},
    result: Number(data.result ?? 0),
    errno: String(data.errno ?? ''),
  };
}

const text = ({ arguments: values }: OperationSubject, name: string): string => {
  const value = values[name];
  return value === undefined || value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value);
};
const count = (subject: OperationSubject, name: string): number =>
  text(subject, name) === 'none'
    ? 0
    : text(subject, name)
        .split(',')
        .filter((word) => word !== '').length;
const isAbsent = ({ errno }: OperationSubject): boolean => errno === 'ENOENT' || errno === 'ENOTDIR';

const rows = {
  cgroup_make: {
    does: (s) => `Makes the cgroup ${text(s, 'path')}, and its parents where they are missing.`,
    now: 'First of the plan: limits are written into it, then the process is put there. When the plan fails later, it is removed again.',
    without: 'There would be nowhere to write limits.',
    shows: ['KRN-3', 'KRN-6'],
    source: 'man cgroups(7)',
  },
  cgroup_write: {
    does: (s) => `Writes ${text(s, 'value')} to ${text(s, 'path')}.`,
    now: 'Before the clone: a refused value fails before any process exists.',
    without: 'The value of a new cgroup would hold.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  cgroup_devices: {
    does: (s) => `Loads and attaches the device program (${text(s, 'program')}) to the version 2 cgroup.`,
    now: 'After the cgroup is made, before a process is in it: otherwise the process could open a device first and keep it.',
    without: 'Version 2 has no devices.allow file: without a program every device is allowed.',
    shows: ['KRN-3', 'SEC-5'],
    source: 'kernel cgroup-v2.rst',
  },
  systemd_call: {
    does: (s) => `Calls systemd: ${text(s, 'member')} of the unit ${text(s, 'unit')}.`,
    now: 'The unit starts when the child is there, which it is to hold, and before anything is written to the cgroup that it gets. What ends the unit is behind the program: delete does it.',
    without:
      'Where systemd runs, the tree of cgroups is its own: one that it did not make may lose its controllers, or go, when systemd next puts its own in order.',
    shows: ['KRN-3'],
    source: 'man systemd-run(1)',
  },
  fork: {
    does: 'Makes a process that joins what is there already, and then clones the one that will run the program.',
    now: 'Before anything is joined: tlab-runc itself has to stay on the host, for hooks, maps and whatever must be undone.',
    without:
      'A process would be seen in the container while it still has descriptors, rights and mounts of the host: who may trace it there could use them.',
    shows: ['KRN-6'],
    source: 'man fork(2)',
  },
  clone: {
    does: (s) =>
      text(s, 'flags') === ''
        ? 'Makes the process that will run the command in the container: it is inside from its first moment.'
        : `Makes the container's first process with its own ${text(s, 'flags').replaceAll(',', ', ')} namespaces.`,
    now: 'After the limits stand, so that the child is born under them; before everything that has to be done from inside. Namespaces that exist already (the network) are joined, not made.',
    without: 'No process, no container: a container is a process with its own view, and no other object in the kernel.',
    shows: ['KRN-1', 'KRN-2', 'KRN-6'],
    source: 'man clone(2)',
  },
  id_map: {
    does: (s) => `Writes ${text(s, 'file')} of the child: ${text(s, 'value').trim()} (inside, outside, count).`,
    now: 'From outside, while the child waits: it cannot become root of its namespace before the map is there, and a map can be written once only.',
    without: 'Every id in the container would be 65534, nobody.',
    shows: ['KRN-14'],
    source: 'man user_namespaces(7)',
  },
  id_map_check: {
    does: (s) => `Compares ${text(s, 'file')} of the child with what config.json says: ${text(s, 'value').trim()}.`,
    now: 'After the child was cloned in the user namespace that it joins: the map can be read of a process only.',
    without: 'Files would be given to ids that are not those of the container.',
    shows: ['KRN-14'],
    source: 'man user_namespaces(7)',
  },
  id_map_helper: {
    does: (s) =>
      `Has ${text(s, 'program')} write a map of the child: ${text(s, 'value').trim()} (inside, outside, count).`,
    now: 'From outside, while the child waits. The program is set-uid root: it writes only ranges that /etc/subuid and /etc/subgid give this user.',
    without: 'An ordinary user may map only their own id, so a container would have root and nobody else.',
    shows: ['KRN-14'],
    source: 'man newuidmap(1)',
  },
  cgroup_join: {
    does: (s) => `Puts the child into ${text(s, 'path')}.`,
    now: 'Before the child does anything, so that not one page of it is charged elsewhere; a cgroup namespace is taken only afterwards.',
    without: 'No limit would hold for the container.',
    shows: ['KRN-3', 'KRN-6'],
    source: 'man cgroups(7)',
  },
  oom_score_adj: {
    does: (s) => `Gives the child the out-of-memory score ${text(s, 'value')}, which its children inherit.`,
    now: 'From outside, while the child waits: from inside a user namespace it may not go below what it has.',
    without:
      'The container would keep the score of its starter; those of shims and daemons are often low, and it would be spared at the cost of others.',
    shows: ['KRN-12'],
    source: 'man proc_pid_oom_score_adj(5)',
  },
  hook: {
    does: (s) =>
      `Runs the hook ${text(s, 'path')} (${text(s, 'phase')}) with the container's state on its standard input.`,
    now: "The phase decides: createRuntime sees the namespaces and still the host's root, startContainer runs inside just before the program, poststart and poststop afterwards.",
    without:
      'What the hook does would be missing: dockerd before version 28 had the network of a container set up by one.',
    shows: ['OCI-3'],
    source: 'oci-runtime config#posix-platform-hooks',
  },
  setns: {
    does: (s) => `Joins the ${text(s, 'type') || ''} namespace ${text(s, 'path')}.`.replace('the  ', 'a '),
    now: 'The daemon made and filled it before; it was opened before any namespace was left. After the clone, before sysfs is mounted, which shows the network of its mounter.',
    without: "The container would be in the namespace of its starter: for the network, the host's.",
    shows: ['KRN-2', 'NET-1', 'STK-15'],
    source: 'man setns(2)',
  },
  unshare: {
    does: (s) => `Takes own namespaces: ${text(s, 'flags')}.`,
    now: 'A cgroup namespace only after the child is in its cgroup, which becomes its root; the others here only with a user namespace, which must own them.',
    without: "The container would see the host's names of that kind.",
    shows: ['KRN-2'],
    source: 'man unshare(2)',
  },
  time_offsets: {
    does: (s) =>
      `Sets the clocks of the container's time namespace: ${text(s, 'value').trim().replaceAll('\n', ', ')} (seconds, nanoseconds).`,
    now: 'After the child has left the time namespace of the host and before it enters its own: the kernel lets nobody turn a clock that somebody reads.',
    without: 'Uptime and timeouts would be counted from the start of the host.',
    shows: ['KRN-2'],
    source: 'man time_namespaces(7)',
  },
  time_enter: {
    does: () => 'Enters the new time namespace, which so far is for the children of this process only.',
    now: 'As soon as the clocks are set, so that hooks in the container see them too.',
    without:
      'Before Linux 6.1 the program itself would keep the clocks of the host; only its children would have the others.',
    shows: ['KRN-2'],
    source: 'man time_namespaces(7)',
  },
  setsid: {
    does: 'Starts a session of its own, without a terminal.',
    now: 'Before the console: only a session leader without a terminal may take one.',
    without: 'Ctrl+C in the terminal of the starter would reach the container, and it could type into that terminal.',
    shows: ['KRN-6'],
    source: 'man setsid(2)',
  },
  session_keyring: {
    does: (s) => `Joins a new session keyring, ${text(s, 'name')}.`,
    now: 'Before the program runs, and before the seccomp filter: the default profile refuses keyctl.',
    without:
      'The container would share keys with whoever started the engine; the namespaces asked for here do not separate session keyrings.',
    shows: ['KRN-1'],
    source: 'man session-keyring(7)',
  },
  sethostname: {
    does: (s) => `Sets the host name ${text(s, 'name')}.`,
    now: 'After the clone, which gave an own UTS namespace, and before the capabilities are dropped (CAP_SYS_ADMIN).',
    without: 'The container would have the name of its host.',
    shows: ['KRN-2', 'KRN-6'],
    source: 'man sethostname(2)',
  },
  setdomainname: {
    does: (s) => `Sets the NIS domain name ${text(s, 'name')}. It is not a DNS domain.`,
    now: 'With the host name: it needs the same namespace and the same capability.',
    without: 'The container would have the domain name of its host.',
    shows: ['KRN-2'],
    source: 'man setdomainname(2)',
  },
  sysctl: {
    does: (s) =>
      `Sets the kernel setting ${text(s, 'key').replaceAll('/', '.')} to ${text(s, 'value')}, for this container's namespace alone.`,
    now: 'After its namespace was joined, and before /proc/sys becomes read-only.',
    without: (s) => sysctlWithout(text(s, 'key')),
    shows: ['KRN-2', 'NET-1'],
    source: 'man proc_sys(5)',
  },
  loopback_up: {
    does: 'Sets loopback up: in a new network namespace lo exists, but is down.',
    now: 'After the network namespace is there. With a namespace that the daemon prepared it is up already.',
    without: 'Nothing in the container could connect to 127.0.0.1.',
    shows: ['NET-1'],
    source: 'man netdevice(7)',
  },
  net_device: {
    does: (s) =>
      `Moves the network device ${text(s, 'device')} of the host into the container, where it is called ${text(s, 'name')}, with its lasting addresses.`,
    now: 'As soon as the container has its network namespace, before the hooks, which may want to find it there.',
    without: 'The device would stay on the host; the container has only lo, and what an engine puts there.',
    shows: ['NET-1'],
    source: 'oci-runtime config-linux#network-devices',
  },
  root_propagation: {
    does: 'Sets for every mount of the new namespace how mounts travel: as a slave it takes from the host and gives nothing back.',
    now: "First of all mounts. The namespace started as a copy whose mounts are still linked to the host's.",
    without:
      "Each mount of the container would appear on the host, and detaching the old root would unmount the host's.",
    shows: ['KRN-2', 'KRN-6'],
    source: 'man mount_namespaces(7)',
  },
  root_bind: {
    does: (s) =>
      `Binds the root filesystem ${text(s, 'path')} on itself, as a mount that gives nothing back to the host.`,
    now: 'Before the other mounts, which are made inside it, and before pivot_root.',
    without:
      'pivot_root fails with EINVAL when the new root is no mount point, or when it or its parent mount is shared.',
    shows: ['KRN-7', 'KRN-6'],
    source: 'man pivot_root(2)',
  },
  mount: {
    does: (s) => `Mounts ${text(s, 'source')} on ${text(s, 'target')}.`,
    now: 'In the order of config.json, before pivot_root: sources are paths of the host.',
    without: 'The container would lack what was asked for there.',
    shows: ['KRN-6'],
    source: 'man mount(2)',
  },
  mount_source: {
    does: (s) =>
      `Prepares a bind of ${text(s, 'source')}, attached nowhere yet${text(s, 'idMapping') === '0' ? '' : ', on which owners are shown as other ids'}.`,
    now: 'Before the clone, by the runtime: only who has rights over the file system may map its ids or come through every folder, and a container in a user namespace has none.',
    without:
      'Files of the host would belong to nobody in a user namespace, or all would have to be given to the mapped ids with chown.',
    shows: ['KRN-14', 'STO-4'],
    source: 'man mount_setattr(2)',
  },
  mount_attach: {
    does: (s) => `Attaches the prepared bind of ${text(s, 'source')} on ${text(s, 'target')}.`,
    now: 'At its place among the mounts of config.json, by the container: it is a descriptor, so no path of the host is needed.',
    without: 'The container would lack what was asked for there.',
    shows: ['STO-4'],
    source: 'man move_mount(2)',
  },
  tmpfs_copy_up: {
    does: (s) => `Mounts a tmpfs on ${text(s, 'target')} and copies into it what was there.`,
    now: 'At its place among the mounts of config.json; made read-only only later, or nothing could be copied.',
    without: 'The tmpfs would be empty, and the files of the image hidden beneath it.',
    shows: ['STO-4'],
    source: 'oci-runtime config#linux-mount-options',
  },
  device_make: {
    does: (s) => `Makes the device node ${text(s, 'path')} (${text(s, 'major')}:${text(s, 'minor')}).`,
    now: 'After the tmpfs on /dev, on which it stands, and with umask 0, so that the mode comes out as asked for.',
    without: (s) =>
      `${/^\/dev\/(null|zero|full|random|urandom|tty)$/.test(text(s, 'path')) ? 'Programs expect it; much fails at once without /dev/null.' : 'The device would have no name in the container.'} The node alone gives no right: the cgroup's device rules decide.`,
    shows: ['KRN-6', 'KRN-3'],
    source: 'oci-runtime config-linux#default-devices',
  },
  symlink: {
    does: (s) => `Makes ${text(s, 'path')} a link to ${text(s, 'target')}.`,
    now: 'After the tmpfs on /dev. A link may point to what comes later.',
    without: '/dev/stdout and the like would be missing; images that log there, as nginx does, would fail.',
    shows: ['KRN-6'],
    source: 'oci-runtime runtime-linux#dev-symbolic-links',
  },
  console: {
    does: "Makes a pseudo-terminal in the container's own devpts, sends its master to the shim and makes its other end the standard streams.",
    now: 'After setsid and after devpts is mounted; before the root may become read-only, as the file for /dev/console may have to be made.',
    without: 'With -t the program would find no terminal.',
    shows: ['CTD-5'],
    source: 'man pts(4)',
  },
  controlling_terminal: {
    does: 'Makes the terminal on the standard streams the controlling one of the session.',
    now: 'By the process that leads the session: nobody can do it for another.',
    without: 'Ctrl+C would send no signal, and a shell would have no job control.',
    shows: ['CTD-5'],
    source: 'man TIOCSCTTY(2const)',
  },
  close_descriptors: {
    does: 'Closes every descriptor but the standard streams and the line to tlab-runc.',
    now: 'After all that needed them, before the process is made that the container can see.',
    without: 'One of a directory of the host would lead out of the container (CVE-2024-21626).',
    shows: ['KRN-6'],
    source: 'man close_range(2)',
  },
  pivot_root: {
    does: 'Makes the root filesystem the root and takes the old one out of the mount namespace.',
    now: "After every mount whose source is on the host: afterwards the host's paths have no names. Before masks and read-only paths, which are the container's own.",
    without:
      "The host's files would stay in reach. chroot in its place can be escaped by a process with CAP_SYS_CHROOT.",
    shows: ['KRN-7', 'KRN-6'],
    source: 'man pivot_root(2)',
  },
  root_enter: {
    does: () => 'Makes the root filesystem the root of this one process; the mounts around it stay as they are.',
    now: 'After the hooks, which need paths of the host; before the working directory and the program, which are paths of the container.',
    without: 'The program would see the files of the host, or of the container whose mount namespace it shares.',
    shows: ['KRN-1'],
    source: 'man chroot(2)',
  },
  root_readonly: {
    does: 'Makes the root mount read-only; volumes and tmpfs mounted in it keep their own flags.',
    now: 'After all that had to be made in the root, mount points and files: later that would fail with EROFS.',
    without: "--read-only would not hold: the program could change its own image's files.",
    shows: ['SEC-2'],
    source: 'man mount_setattr(2)',
  },
  mask_path: {
    does: (s) =>
      isAbsent(s)
        ? `Would hide ${text(s, 'path')}; this kernel has no such path, so there is nothing to hide.`
        : `Hides ${text(s, 'path')} behind ${coverOf(s)}.`,
    now: "After /proc and /sys are mounted and the root is the container's; after the read-only paths, so that a path in both lists ends hidden. While CAP_SYS_ADMIN is there.",
    without: 'The container could read there what is not namespaced: keys, timers, memory, sensors of the host.',
    shows: ['SEC-5', 'KRN-6'],
    source: 'oci-runtime config-linux#masked-paths',
  },
  readonly_path: {
    does: (s) =>
      isAbsent(s)
        ? `Would make ${text(s, 'path')} read-only; this kernel has no such path.`
        : `Makes ${text(s, 'path')} read-only: binds it on itself, without the right to write.`,
    now: 'After the sysctls are written, which need /proc/sys writable, and while CAP_SYS_ADMIN is there.',
    without: "Root in the container could change settings of the host's kernel: most of /proc is not namespaced.",
    shows: ['SEC-5', 'KRN-6'],
    source: 'oci-runtime config-linux#readonly-paths',
  },
  rlimit: {
    does: (s) => `Sets a resource limit: soft ${text(s, 'soft')}, hard ${text(s, 'hard')}.`,
    now: 'Before the capabilities go: raising a hard limit needs CAP_SYS_RESOURCE.',
    without: 'The container would have the limits of the engine.',
    shows: ['KRN-6'],
    source: 'man getrlimit(2)',
  },
  umask: {
    does: (s) => `Sets the mode creation mask ${text(s, 'mask')}.`,
    now: 'After devices and directories were made with mask 0.',
    without: 'The program would make files that everybody may write.',
    source: 'man umask(2)',
  },
  no_new_privs: {
    does: 'Forbids new rights by execve, for this process and all its children, for ever.',
    now: 'Before the filter, which may then be installed last and without CAP_SYS_ADMIN.',
    without: 'A set-user-id program in the image could make an ordinary user root in the container.',
    shows: ['SEC-1', 'KRN-9'],
    source: 'man PR_SET_NO_NEW_PRIVS(2const)',
  },
  capability_bounding: {
    does: (s) => `Drops every capability but ${count(s, 'keep')} from the bounding set.`,
    now: 'While CAP_SETPCAP is there, so before capset.',
    without:
      'Root in the container would get the dropped ones back at its next execve: for user 0 the kernel grants all that is in the bounding set.',
    shows: ['KRN-8', 'SEC-5', 'KRN-6'],
    source: 'man capabilities(7)',
  },
  setgroups: {
    does: (s) =>
      text(s, 'gids') === '' ? 'Drops every supplementary group.' : `Sets the supplementary groups ${text(s, 'gids')}.`,
    now: 'Groups, then group, then user: each needs a capability that the next one gives up.',
    without: 'The program would keep the groups of the engine.',
    shows: ['SEC-1', 'KRN-6'],
    source: 'man setgroups(2)',
  },
  setgid: {
    does: (s) => `Sets the group ${text(s, 'gid')}.`,
    now: 'Groups, then group, then user: after the user is no longer 0, CAP_SETGID is not effective any more.',
    without: (s) =>
      text(s, 'gid') === '0' ? 'Nothing here: the group is 0 already.' : "The program would keep root's group.",
    shows: ['SEC-1', 'KRN-6'],
    source: 'man setresgid(2)',
  },
  setuid: {
    does: (s) =>
      `Sets the user ${text(s, 'uid')}${text(s, 'uid') === '0' ? '' : ', keeping permitted capabilities until capset'}.`,
    now: 'After the groups, before capset: what the new user is to have must be set once it is that user.',
    without: (s) =>
      text(s, 'uid') === '0' ? 'Nothing here: the user is 0 already.' : 'The program would run as root.',
    shows: ['SEC-1', 'KRN-14', 'KRN-6'],
    source: 'man capabilities(7)',
  },
  capset: {
    does: (s) =>
      `Sets the capabilities: ${count(s, 'effective')} effective, ${count(s, 'permitted')} permitted, ${count(s, 'inheritable')} inheritable.`,
    now: 'After all that needed more: mounts, ids, bounding set, and the filter where no_new_privs is off.',
    without: 'The program would run with every capability of the runtime.',
    shows: ['KRN-8', 'KRN-6', 'SEC-5'],
    source: 'man capset(2)',
  },
  capability_ambient: {
    does: (s) =>
      count(s, 'mask') === 0
        ? 'Empties the ambient set.'
        : `Raises ${text(s, 'mask')} into the ambient set, which survives execve for users who are not root.`,
    now: 'After capset: only what is permitted and inheritable can be ambient.',
    without: 'A program under an ordinary user id could inherit rights that the starter happened to have.',
    shows: ['KRN-8'],
    source: 'man capabilities(7)',
  },
  seccomp: {
    does: (s) => `Installs the seccomp filter (${text(s, 'program')}): it decides for every later system call.`,
    now: 'Without no_new_privs it needs CAP_SYS_ADMIN: so before the capabilities are dropped, and it must allow the calls that drop them. With no_new_privs it comes last instead.',
    without: 'Every system call of the kernel would be open to the container, and with it every bug in one.',
    shows: ['KRN-9', 'KRN-6', 'SEC-5'],
    source: 'man seccomp(2)',
  },
  apparmor_profile: {
    does: (s) => `Tells AppArmor to confine the program by the profile ${text(s, 'profile')}, from its execve on.`,
    now: "Before the user changes: the file is root's. It holds from execve on, so that the profile need not allow what the set-up does.",
    without: 'Paths and capabilities would be checked by the kernel’s ordinary rules alone.',
    shows: ['SEC-5'],
    source: 'kernel admin-guide/LSM/apparmor.rst',
  },
  seccomp_listener: {
    does: (s) =>
      `Connects to the agent at ${text(s, 'path')}, which is to answer for the system calls that the filter hands on.`,
    now: 'Before the filter: with no agent nothing may begin. The runtime sends the listener that the filter makes, since the filtered process may not be able to send anything before the agent answers.',
    without:
      'Each such system call would wait for ever; when the last copy of the listener is closed it fails with ENOSYS.',
    source: 'man seccomp_unotify(2)',
  },
  scheduler: {
    does: (s) =>
      `Gives the child the scheduling policy ${nameOf(schedulingPolicies, Number(text(s, 'policy')))}, nice ${text(s, 'nice')}, priority ${text(s, 'priority')}.`,
    now: 'From outside, once the child is in its cgroup, which may have no time for real-time policies; before the capabilities go, as CAP_SYS_NICE of the host is needed to rise, which a user namespace does not give.',
    without: 'The container would be scheduled as its starter is.',
    source: 'man sched(7)',
  },
  io_priority: {
    does: (s) =>
      `Gives the child the I/O class ${nameOf(ioPriorityClasses, Number(text(s, 'class')))}, priority ${text(s, 'level')}.`,
    now: 'With the scheduling policy, from outside: the real-time class needs CAP_SYS_NICE or CAP_SYS_ADMIN of the host.',
    without: 'The priority would follow from the nice value. Not every I/O scheduler looks at it.',
    source: 'man ioprio_set(2)',
  },
  personality: {
    does: (s) =>
      text(s, 'persona') === '8'
        ? 'Sets the execution domain LINUX32: uname(2) then names a 32-bit machine.'
        : 'Sets the execution domain LINUX, whatever the starter had.',
    now: 'Before the seccomp filter: the default profile allows personality(2) with a few values only. It is kept over execve.',
    without: 'Build scripts of a 32-bit image would take the machine for a 64-bit one.',
    source: 'man personality(2)',
  },
  cpu_affinity: {
    does: (s) => `Binds the process to the CPUs ${text(s, 'cpus')}.`,
    now: "Twice: the runtime before its child joins the container's cgroup, so that the way there disturbs no other CPU; the child after it.",
    without: 'A process of an exec could run for a moment on CPUs that are kept for something else.',
    source: 'oci-runtime config#linux-process execCPUAffinity',
  },
  memory_policy: {
    does: (s) =>
      `Sets the NUMA policy ${nameOf(memoryPolicyModes, Number(text(s, 'mode')))}${text(s, 'nodes') === '' ? '' : ` on nodes ${text(s, 'nodes')}`}.`,
    now: 'In the child itself, since it holds for the caller; after the cgroup, whose cpuset bounds the nodes. It is kept over execve.',
    without: "The kernel's default: memory of the node that the CPU belongs to.",
    source: 'man set_mempolicy(2)',
  },
  chdir: {
    does: (s) => `Enters the working directory ${text(s, 'path')}.`,
    now: 'In the new root. As root where it can, since the user may be denied; where root is denied (a network file system), again after the change of user.',
    without:
      'The program would start in /. A working directory that leads out through a leaked descriptor is how CVE-2024-21626 escaped.',
    shows: ['SEC-6'],
    source: 'man chdir(2)',
  },
  await_start: {
    does: 'Reports that the container is created, and waits for `start`: one byte through a FIFO.',
    now: 'After everything but the program. `create` returns here and the runtime exits; the waiting process stays, adopted by the shim.',
    without: 'Create and start could not be two steps, and nothing could be attached in between.',
    shows: ['OCI-3', 'STK-6', 'DMN-4', 'DMN-5'],
    source: 'oci-runtime runtime#lifecycle',
  },
  exec: {
    does: (s) => `Executes ${text(s, 'argv')}: the set-up process becomes the container's program.`,
    now: 'Last, after `start`: ids, limits, namespaces, bounding set and filter stay over execve, and nothing of the runtime remains in the process. Users other than root keep only ambient capabilities.',
    without: 'The container would wait for ever.',
    shows: ['KRN-6', 'KRN-11', 'DMN-9'],
    source: 'man execve(2)',
  },
} satisfies Record<string, Omit<WordsRow<OperationSubject>, 'id' | 'when'>>;

export const operationRows: readonly WordsRow<OperationSubject>[] = Object.entries(rows).map(([name, row]) => ({
  ...row,
  id: `operation-${name}`,
  when: (subject: OperationSubject) => subject.name === name,
}));

function coverOf({ result }: OperationSubject): string {
  return result === 1 ? 'an empty read-only tmpfs (it is a directory)' : '/dev/null (it is a file)';
}

function sysctlWithout(key: string): string {
  if (key.endsWith('ip_unprivileged_port_start'))
    return 'A program that is not root could not listen on ports below 1024. With a namespace of its own nobody else is harmed by it.';
  if (key.endsWith('ping_group_range')) return 'ping would need CAP_NET_RAW for a user who is not root.';
  return "The namespace would keep the kernel's default for it.";
}
