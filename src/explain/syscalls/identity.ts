// Calls that say who a process is and what it may do: ids, capabilities, filters, limits, keys, names.
import type { Call } from '../call.ts';
import type { CallRow } from './row.ts';

const prctl =
  (option: string, also?: string) =>
  (call: Call): boolean =>
    call.has(0, option) && (also === undefined || call.has(1, also));

const capability = (call: Call): string => /(?<![A-Z_])CAP_[A-Z_]+/.exec(call.all)?.[0] ?? `number ${call.arg(1)}`;

/** How many capabilities a set of capset holds: names, or the bits of a mask. */
function kept(call: Call, set: string): string {
  const value = new RegExp(`${set}=([^,}]*)`).exec(call.all)?.[1] ?? '';
  if (value === '' || /^0(x0+)?$/.test(value)) return 'none';
  const names = value.match(/CAP_[A-Z_]+/g)?.length ?? 0;
  return names > 0 ? String(names) : 'those of a mask';
}

export const identityCalls: readonly CallRow[] = [
  {
    id: 'setgroups',
    calls: ['setgroups'],
    isRuntimes: true,
    does: (call) =>
      /^0/.test(call.arg(0)) ? 'Drops every supplementary group.' : `Sets the supplementary groups ${call.arg(1)}.`,
    now: 'Before the user changes: it needs CAP_SETGID, which is gone from the effective set once the user id is no longer 0.',
    without: 'The program would keep the groups of whoever started the engine, and with them rights on files.',
    shows: ['SEC-1', 'KRN-6'],
    source: 'man setgroups(2)',
  },
  {
    id: 'setgid',
    calls: ['setresgid', 'setgid', 'setregid'],
    isRuntimes: true,
    does: (call) =>
      `Sets ${call.name === 'setresgid' ? 'real, effective and saved group' : 'the group'} to ${call.arg(0)}.`,
    now: 'After the supplementary groups, before the user id: with the user id goes CAP_SETGID. The other way round is the classic mistake.',
    without: (call) =>
      call.arg(0) === '0'
        ? 'Nothing here: the group is 0 already. In a user namespace, or with --user, it would not be.'
        : "The program would run with root's group, even though its user is another one.",
    shows: ['SEC-1', 'KRN-6'],
    source: 'man setresgid(2)',
  },
  {
    id: 'setuid',
    calls: ['setresuid', 'setuid', 'setreuid'],
    isRuntimes: true,
    does: (call) =>
      `Sets ${call.name === 'setresuid' ? 'real, effective and saved user' : 'the user'} to ${call.arg(0)}.${call.arg(0) === '0' ? '' : ' From 0 to another id the kernel clears the effective and the ambient capabilities, and without PR_SET_KEEPCAPS the permitted ones too.'}`,
    now: 'After the groups and before capset, which sets the capabilities of the new user. Real runc does it once more at the start: in a user namespace that makes it root there.',
    without: (call) =>
      call.arg(0) === '0'
        ? 'Nothing here: the user is 0 already, and root in the container is root outside wherever no user namespace maps it.'
        : 'The program would run as root: in the container, and outside too wherever no user namespace maps it.',
    shows: ['SEC-1', 'KRN-14', 'KRN-6'],
    source: 'man capabilities(7)',
  },
  {
    id: 'capset',
    calls: ['capset'],
    isRuntimes: true,
    does: (call) =>
      `Sets the capabilities of this thread: effective ${kept(call, 'effective')}, permitted ${kept(call, 'permitted')}, inheritable ${kept(call, 'inheritable')}.`,
    now: 'After the ids and the bounding set, since it gives up the rights that those need (CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_ADMIN).',
    without:
      'The program would run with the capabilities of the runtime. For user 0 it is the bounding set that lasts: execve gives root all that is in it.',
    shows: ['KRN-8', 'KRN-6', 'SEC-5'],
    source: 'man capabilities(7)',
  },
  {
    id: 'capget',
    calls: ['capget'],
    isRuntimes: true,
    does: 'Reads the capability sets, or which version of the interface the kernel has.',
    without: 'The caller could not know what it may drop.',
    shows: ['KRN-8'],
    source: 'man capget(2)',
  },
  {
    id: 'prctl-capbset-drop',
    calls: ['prctl'],
    isRuntimes: true,
    when: prctl('PR_CAPBSET_DROP'),
    does: (call) =>
      `Drops ${capability(call)} from the bounding set, for this process and its children for ever: no file that they execute gives it to them, not even to root.`,
    now: 'While CAP_SETPCAP is there, so before capset; one call for each capability that is not kept.',
    without: 'Root in the container would get this capability back at its next execve, whatever capset said.',
    shows: ['KRN-8', 'SEC-5'],
    source: 'man capabilities(7)',
  },
  {
    id: 'prctl-capbset-read',
    calls: ['prctl'],
    when: prctl('PR_CAPBSET_READ'),
    does: 'Asks whether a capability is in the bounding set. EINVAL means that the kernel knows no further one.',
    now: 'Before dropping: this is how the number of the last capability is found.',
    without: 'The number would have to be read from /proc/sys/kernel/cap_last_cap, which needs a /proc.',
    shows: ['KRN-8'],
    source: 'man PR_CAPBSET_READ(2const)',
  },
  {
    id: 'prctl-keepcaps',
    calls: ['prctl'],
    isRuntimes: true,
    when: prctl('PR_SET_KEEPCAPS'),
    does: (call) =>
      call.arg(1) === '0'
        ? 'Back to the rule: a later change of ids clears capabilities again.'
        : 'Keeps the permitted capabilities over the change of user id that follows. The effective ones are cleared all the same.',
    now: (call) =>
      call.arg(1) === '0'
        ? 'After capset has set what the program gets.'
        : 'Right before the user id changes; capset then chooses from what was kept.',
    without: (call) =>
      call.arg(1) === '0'
        ? 'Nothing breaks: execve clears the flag as well.'
        : 'An ordinary user would have nothing permitted any more, so capset could set nothing of what config.json asks for. What it sets there lasts over execve only as ambient capabilities.',
    shows: ['KRN-8', 'SEC-1'],
    source: 'man capabilities(7)',
  },
  {
    id: 'prctl-ambient-clear',
    calls: ['prctl'],
    isRuntimes: true,
    when: prctl('PR_CAP_AMBIENT', 'PR_CAP_AMBIENT_CLEAR_ALL'),
    does: 'Empties the ambient set: capabilities that would survive execve even for a user who is not root.',
    now: 'After capset.',
    without: 'A program under an ordinary user id could inherit rights that the starter happened to have.',
    shows: ['KRN-8'],
    source: 'man capabilities(7)',
  },
  {
    id: 'prctl-ambient',
    calls: ['prctl'],
    isRuntimes: true,
    when: prctl('PR_CAP_AMBIENT'),
    does: (call) =>
      `${call.says('PR_CAP_AMBIENT_RAISE') ? 'Adds' : call.says('PR_CAP_AMBIENT_LOWER') ? 'Removes' : 'Looks up'} ${capability(call)} ${call.says('PR_CAP_AMBIENT_RAISE') ? 'to' : call.says('PR_CAP_AMBIENT_LOWER') ? 'from' : 'in'} the ambient set, which survives execve even for a user who is not root.`,
    now: 'After capset: only what is permitted and inheritable can be ambient.',
    without:
      'Without an ambient capability, a program under an ordinary user id loses it at execve unless its file grants it.',
    shows: ['KRN-8', 'SEC-1'],
    source: 'man capabilities(7)',
  },
  {
    id: 'seccomp-filter',
    calls: ['seccomp', 'prctl'],
    isRuntimes: true,
    when: (call) => (call.says('SECCOMP_SET_MODE_FILTER') || call.says('PR_SET_SECCOMP')) && call.errno !== 'EFAULT',
    does: 'Installs a filter, a small BPF program: from here on it decides for each system call of this thread and of all that it makes. It cannot be taken off.',
    now: 'Without no_new_privs it needs CAP_SYS_ADMIN, so it comes before the capabilities are dropped and must allow the calls that drop them. With no_new_privs it comes last.',
    without: 'The container could make every system call of the kernel: each is a way to attack it.',
    shows: ['KRN-9', 'KRN-6', 'SEC-5'],
    source: 'man seccomp(2)',
  },
  {
    id: 'seccomp-ask',
    calls: ['seccomp'],
    isRuntimes: true,
    does: "Asks what the kernel's seccomp knows. A filter that is no filter (NULL) is a question too: EFAULT means that its flag is known.",
    now: 'Before the filter is built: libseccomp adapts it to the kernel.',
    without: 'The filter might use an action that this kernel does not know.',
    shows: ['KRN-9'],
    source: 'man seccomp(2)',
  },
  {
    id: 'keyctl-join',
    calls: ['keyctl'],
    when: (call) => call.has(0, 'KEYCTL_JOIN_SESSION_KEYRING'),
    does: (call) => `Makes a new session keyring, ${call.string(1)}, and joins it.`,
    now: "Before the program runs: none of the container's namespaces gives it another session keyring.",
    without:
      'The container would have the session keyring of its starter, and with it keys of the host: of encrypted disks or network file systems.',
    shows: ['KRN-1'],
    source: 'man session-keyring(7)',
  },
  {
    id: 'keyctl',
    calls: ['keyctl'],
    does: 'Reads or changes a key or keyring of the kernel: its permissions, its owner, its text.',
    now: 'With the session keyring of the container, so that the user that it runs as can use it.',
    without: 'The keyring would keep what it was made with.',
    source: 'man keyctl(2)',
  },
  {
    id: 'bpf-load-device',
    calls: ['bpf'],
    when: (call) => call.says('BPF_PROG_LOAD'),
    does: (call) =>
      `Loads a BPF program${call.says('BPF_PROG_TYPE_CGROUP_DEVICE') ? ' that decides which devices may be opened or made' : ''}; the kernel checks that it ends and stays within its memory.`,
    now: 'Before it is attached to the cgroup. Version 2 has no devices.allow file: a program takes its place.',
    without: 'With version 2 the cgroup would not limit devices at all: a node and its mode would decide alone.',
    shows: ['KRN-3', 'SEC-5'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'bpf-attach',
    calls: ['bpf'],
    when: (call) => call.says('BPF_PROG_ATTACH') || call.says('BPF_LINK_CREATE'),
    does: 'Attaches the program to the cgroup: it is asked at each open and mknod of a device there and below.',
    now: 'After it was loaded and before a process is in the cgroup. Then its descriptor can be closed, the cgroup holds it.',
    without: 'The program would be loaded and never asked.',
    shows: ['KRN-3', 'SEC-5'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'bpf',
    calls: ['bpf'],
    does: "Speaks to the kernel's BPF: programs, maps, or questions about them.",
    source: 'man bpf(2)',
  },
  {
    id: 'rlimit',
    calls: ['prlimit64', 'setrlimit'],
    isRuntimes: true,
    when: (call) => call.name === 'setrlimit' || !/^(NULL|)$/.test(call.arg(2)),
    does: (call) =>
      `Sets the limit ${/RLIMIT_[A-Z]+/.exec(call.all)?.[0] ?? ''}: the soft one holds, the hard one is how far the program may raise it itself.`,
    now: 'Before capset: raising a hard limit needs CAP_SYS_RESOURCE. Limits are kept over execve.',
    without: 'The container would have the limits of the engine: often very many open files.',
    shows: ['KRN-6'],
    source: 'man getrlimit(2)',
  },
  {
    id: 'rlimit-read',
    calls: ['prlimit64', 'getrlimit'],
    does: (call) => `Reads the limit ${/RLIMIT_[A-Z]+/.exec(call.all)?.[0] ?? ''}.`.replace(' .', '.'),
    source: 'man getrlimit(2)',
  },
  {
    id: 'umask',
    calls: ['umask'],
    isRuntimes: true,
    does: (call) => `New files will lack the permissions ${call.arg(0)}.`,
    now: (call) =>
      /^0+$/.test(call.arg(0))
        ? 'While devices, FIFOs and directories are made: their modes must come out as asked for.'
        : 'After the set-up, so that the program finds the usual mask.',
    without: (call) =>
      /^0+$/.test(call.arg(0))
        ? 'Devices would lose write permission for others: an ordinary user could not write to /dev/null.'
        : 'The program would keep the mask of the runtime: with 0, its files would be writable by everybody.',
    source: 'man umask(2)',
  },
  {
    id: 'sethostname',
    calls: ['sethostname'],
    does: (call) => `Sets the host name of this UTS namespace to ${call.string(0)}.`,
    now: 'After the clone with CLONE_NEWUTS and while CAP_SYS_ADMIN is still there; the program itself, without that capability, could not.',
    without: "The container would bear its host's name. In the host's own namespace the call would rename the host.",
    shows: ['KRN-2', 'KRN-6'],
    source: 'man sethostname(2)',
  },
  {
    id: 'setdomainname',
    calls: ['setdomainname'],
    does: (call) => `Sets the NIS domain name of this UTS namespace to ${call.string(0)}. It is not a DNS domain.`,
    now: 'With the host name, while CAP_SYS_ADMIN is still there.',
    without: 'The domain name of the host would show.',
    shows: ['KRN-2'],
    source: 'man setdomainname(2)',
  },
];
