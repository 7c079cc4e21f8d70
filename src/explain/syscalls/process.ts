// Calls that make processes, join namespaces, run programs, wait and signal.
import type { Call } from '../call.ts';
import type { CallRow } from './row.ts';

/** @source man namespaces(7) */
const namespaceWords: Record<string, string> = {
  CLONE_NEWNS: 'mounts',
  CLONE_NEWUTS: 'host name',
  CLONE_NEWIPC: 'IPC objects',
  CLONE_NEWPID: 'process ids',
  CLONE_NEWNET: 'network',
  CLONE_NEWUSER: 'user ids',
  CLONE_NEWCGROUP: 'cgroup root',
  CLONE_NEWTIME: 'clocks',
};

const namespacesIn = (call: Call): string[] =>
  Object.entries(namespaceWords)
    .filter(([flag]) => call.says(flag))
    .map(([flag, words]) => `${words} (${flag})`);

const only =
  (flag: string) =>
  (call: Call): boolean =>
    call.says(flag);

const missing: Record<string, string> = {
  CLONE_NEWNS: "its mounts would be the host's",
  CLONE_NEWPID: "it would see and could signal the host's processes, and not be process 1",
  CLONE_NEWUTS: 'sethostname would rename the host',
  CLONE_NEWIPC: 'it would share System V shared memory, semaphores and queues, and POSIX message queues, with the host',
  CLONE_NEWNET: "it would have the host's interfaces and ports",
  CLONE_NEWUSER: "its root would be the host's root",
  CLONE_NEWCGROUP: "it would see the host's whole tree of cgroups",
  CLONE_NEWTIME: "its monotonic and boot clocks would be the host's",
};
function withoutNamespaces(call: Call): string {
  const words = Object.entries(missing)
    .filter(([flag]) => call.says(flag))
    .map(([, text]) => text)
    .join('; ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

export const processCalls: readonly CallRow[] = [
  {
    id: 'clone-namespaces',
    calls: ['clone3', 'clone'],
    when: (call) => namespacesIn(call).length > 0,
    does: (call) =>
      `Makes the container's first process with its own ${namespacesIn(call).join(', ')}.${call.says('CLONE_INTO_CGROUP') ? ' It is born in its cgroup (CLONE_INTO_CGROUP).' : ''}`,
    now: 'After the cgroup has its limits. The child does the rest of the set-up from inside and waits at each hand-over; the network namespace is usually joined later, as it was made before.',
    without: withoutNamespaces,
    shows: ['KRN-2', 'KRN-6', 'KRN-1'],
    source: 'man clone(2)',
  },
  {
    id: 'clone-thread',
    calls: ['clone3', 'clone'],
    when: only('CLONE_THREAD'),
    does: 'Makes another thread of this process: memory, descriptors and process id are shared.',
    now: 'When the language runtime or a library wants one; it is not about the container.',
    without: 'The program would have less to run in parallel.',
    source: 'man clone(2)',
  },
  {
    id: 'clone-vfork',
    calls: ['clone3', 'clone', 'vfork'],
    when: (call) => call.name === 'vfork' || call.says('CLONE_VFORK'),
    does: "Makes a child that borrows this process's memory until it executes another program; the parent waits so long.",
    now: 'Before an execve: a cheap way to start a program, as posix_spawn does it.',
    without: 'The other program could not be started; with a plain fork all page tables would be copied first.',
    shows: ['STK-1'],
    source: 'man posix_spawn(3)',
  },
  {
    id: 'clone-plain',
    calls: ['clone3', 'clone', 'fork'],
    does: (call) =>
      `Makes a child process${call.says('CLONE_PARENT') ? " whose parent is the caller's own parent (CLONE_PARENT)" : ''}${call.says('CLONE_INTO_CGROUP') ? ', born in another cgroup (CLONE_INTO_CGROUP)' : ''}; it has all namespaces in common with its maker, save those that it was told to enter before.`,
    now: "Before the child becomes another program by execve. The number returned is the child's in the PID namespace of its maker; in a new one of its own the child is process 1.",
    without: 'The program would have to replace its starter.',
    shows: ['KRN-1'],
    source: 'man clone(2)',
  },
  {
    id: 'unshare-cgroup',
    calls: ['unshare'],
    when: (call) => call.has(0, 'CLONE_NEWCGROUP') && !call.has(0, 'CLONE_NEWNS'),
    does: 'Gives the process a cgroup namespace: the cgroup that it is in now becomes the root that it sees.',
    now: "After it was put into its cgroup, for that is the moment which fixes the root. Earlier, the root would be the starter's.",
    without: "The container would see the host's paths in /proc/self/cgroup and, with version 2, the whole tree.",
    shows: ['KRN-2', 'KRN-3'],
    source: 'man cgroup_namespaces(7)',
  },
  {
    id: 'unshare-network',
    calls: ['unshare'],
    when: (call) => call.has(0, 'CLONE_NEWNET') && !call.has(0, 'CLONE_NEWNS'),
    does: 'Gives this one thread a new network namespace: a loopback that is down, no other link, no route, no rule.',
    now: 'Before the container exists: the daemon prepares the network first, holds it by a bind mount, and config.json names it. The container joins it later.',
    without: 'There would be nothing to plug the veth into before the program runs.',
    shows: ['NET-1', 'STK-15', 'STK-5'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'unshare',
    calls: ['unshare'],
    when: (call) => namespacesIn(call).length > 0,
    does: (call) =>
      `Gives the caller its own ${namespacesIn(call).join(', ')}.${call.says('CLONE_NEWPID') ? ' For process ids this counts for children only.' : ''}`,
    now: 'Where clone did not give them at once: real runc takes them in a middle stage, and clones once more from there, since a new PID namespace begins with a child. A user namespace comes first: the others then belong to it.',
    without: withoutNamespaces,
    shows: ['KRN-2', 'KRN-6'],
    source: 'man unshare(2)',
  },
  {
    id: 'unshare-other',
    calls: ['unshare'],
    does: 'Stops sharing something with the other threads: descriptors or the current directory.',
    source: 'man unshare(2)',
  },
  {
    id: 'setns-pid',
    calls: ['setns'],
    when: (call) => call.has(1, 'CLONE_NEWPID') || /\/pid>?$/.test(call.file(0)),
    does: 'Chooses the PID namespace for children made from now on; the caller itself stays where it is.',
    now: 'Before the clone: no call moves an existing process into another PID namespace.',
    without: '`exec` would start a process that the container does not see, and that sees none of the container.',
    shows: ['KRN-2'],
    source: 'man setns(2)',
  },
  {
    id: 'setns-network',
    calls: ['setns'],
    when: (call) => call.has(1, 'CLONE_NEWNET') || /\/net>?$|\/netns\//.test(call.file(0)),
    does: (call) =>
      `Joins the network namespace ${call.file(0)}: from here on this ${call.process === 'daemon' ? 'thread' : 'process'} has its links, routes, rules and ports.`,
    now: (call) =>
      call.process === 'daemon'
        ? 'To open a netlink socket or a setting there. The thread ends right after: no other work may run in that namespace.'
        : "It was made and filled before, by the daemon, so the program finds its network ready. Its descriptor was opened while paths still meant the host's.",
    without: (call) =>
      call.process === 'daemon'
        ? "What is set next would be set on the host's network."
        : "The container would be on the host's network.",
    shows: ['NET-1', 'STK-15', 'KRN-2'],
    source: 'man setns(2)',
  },
  {
    id: 'setns-mount',
    calls: ['setns'],
    when: (call) => call.has(1, 'CLONE_NEWNS') || /\/mnt>?$/.test(call.file(0)),
    does: "Joins a mount namespace: root and current directory become that namespace's root.",
    now: "Late: from here on every path means the container's, so what the host's paths are needed for is open already.",
    without: "`exec` would run the host's files.",
    shows: ['KRN-2'],
    source: 'man setns(2)',
  },
  {
    id: 'setns-user',
    calls: ['setns'],
    when: (call) => call.has(1, 'CLONE_NEWUSER') || /\/user>?$/.test(call.file(0)),
    does: 'Joins a user namespace, and has every capability in it.',
    now: 'First of the namespaces: it owns the others, and joining them needs rights in it.',
    without: 'The process would keep its ids and rights on the host.',
    shows: ['KRN-14', 'KRN-2'],
    source: 'man setns(2)',
  },
  {
    id: 'setns',
    calls: ['setns'],
    does: (call) => `Joins an existing namespace${call.file(0) === '' ? '' : `, ${call.file(0)}`}.`,
    now: "The descriptor was opened before, while paths still meant the host's.",
    without: 'The process would keep the namespace of its starter.',
    shows: ['KRN-2'],
    source: 'man setns(2)',
  },
  {
    id: 'execve-container',
    calls: ['execve', 'execveat'],
    when: (call) => call.operation === 'exec',
    does: (call) =>
      `Becomes the container's program, ${call.string(0)}: same process, same namespaces and cgroup, new memory. Of the runtime nothing is left in it.`,
    now: 'Last, after `start` let the waiting process go. Ids, limits, namespaces, bounding set and filter stay over execve; the other capability sets are computed anew: root gets the bounding set, other users keep only ambient ones.',
    without: 'The container would be a set-up process that runs nothing.',
    shows: ['KRN-6', 'KRN-11', 'DMN-9'],
    source: 'man execve(2)',
  },
  {
    id: 'execve-copy',
    calls: ['execve', 'execveat'],
    when: (call) => /^\d+<[^>]*memfd:/.test(call.arg(0)) || call.says('AT_EMPTY_PATH'),
    does: (call) =>
      `Executes the runtime again by descriptor: ${/memfd:/.test(call.arg(0)) ? 'a sealed copy of it in memory' : 'a read-only mount of its file'}, which cannot be written to.`,
    now: 'Before it enters anything of the container: from there, /proc/<pid>/exe of the runtime could be opened.',
    without:
      "A container could overwrite the runtime on the host through /proc/self/exe and so run code as the host's root (CVE-2019-5736).",
    shows: ['SEC-6'],
    source: 'man execveat(2)',
  },
  {
    id: 'execve-self',
    calls: ['execve'],
    when: (call) => /^\/proc\/(self|thread-self)\/exe$/.test(call.string(0)),
    does: 'Runs its own program again in this process, in another role: the arguments say which.',
    now: 'After the fork: the child leaves the memory and threads of its parent behind and starts afresh.',
    without:
      'The child of a program with threads could do almost nothing safely: locks may be held by threads that it does not have.',
    shows: ['STK-1'],
    source: 'man fork(2)',
  },
  {
    id: 'execve',
    calls: ['execve', 'execveat'],
    does: (call) =>
      `Replaces this process's program by ${call.string(call.name === 'execve' ? 0 : 1)}; the process id and open descriptors without close-on-exec stay.`,
    now: 'After the fork: in this way one program starts another, and one stage the next.',
    without: 'That program would not run.',
    shows: ['STK-1'],
    source: 'man execve(2)',
  },
  {
    id: 'exit',
    calls: ['exit_group', 'exit'],
    isRuntimes: true,
    does: (call) =>
      call.name === 'exit'
        ? 'Ends this thread.'
        : `Ends the process; ${call.arg(0) || 0} is what its parent reads as status. When the process 1 of a PID namespace ends, the kernel kills all others in it.`,
    now: 'The work is done. A runtime ends once the container stands: the shim is what stays.',
    without: 'Nobody would be told a status.',
    shows: ['STK-6', 'DMN-9'],
    source: 'man exit_group(2)',
  },
  {
    id: 'wait',
    calls: ['wait4', 'waitid'],
    does: (call) =>
      call.result === 0 && call.name === 'wait4'
        ? 'Asks whether a child process has ended: none has yet.'
        : 'Takes the end of a child process: its status, and how much it used. Only then is its entry in the process table free.',
    now: (call) =>
      call.process === 'shim'
        ? "After SIGCHLD told that a child ended. The container's process 1 is a child of the shim, its subreaper, since the runtime exited; orphans inside the container go to process 1."
        : 'After SIGCHLD told that a child ended, or when there is nothing to do until then.',
    without:
      'Ended children would stay as zombies and hold their process ids, and no exit code would reach the daemon.',
    shows: ['CTD-5', 'KRN-11', 'DMN-9'],
    source: 'man wait(2)',
  },
  {
    id: 'pidfd-open',
    calls: ['pidfd_open'],
    does: 'Gets a descriptor that stands for one process, whatever its number is later used for.',
    now: 'Before it is signalled or waited for.',
    without:
      'Between looking up a number and sending the signal the process may end and its number pass to another one.',
    shows: ['KRN-1'],
    source: 'man pidfd_open(2)',
  },
  {
    id: 'kill-zero',
    calls: ['kill', 'pidfd_send_signal'],
    when: (call) => /^(0|SIG_0)$/.test(call.arg(1)),
    does: 'Sends nothing: signal 0 only asks whether the process is there and may be signalled.',
    without: 'The caller would not know whether its process is still alive.',
    source: 'man kill(2)',
  },
  {
    id: 'kill-thread',
    calls: ['tkill', 'tgkill'],
    does: (call) => `Sends ${call.args.find((arg) => /^SIG[A-Z0-9]+$/.test(arg)) ?? 'a signal'} to one thread.`,
    now: "Most often within one program: Go's runtime interrupts its own threads by SIGURG, the C library ends the process by SIGABRT in abort().",
    without: 'That thread would run on, undisturbed.',
    source: 'man tgkill(2)',
  },
  {
    id: 'kill',
    calls: ['kill', 'pidfd_send_signal'],
    does: (call) =>
      `Sends ${call.args.find((arg) => /^SIG[A-Z0-9]+$/.test(arg)) ?? 'a signal'}${call.says('SIGKILL') ? ', which cannot be caught or ignored' : ''}.`,
    now: 'When the process shall end, stop or hear of something. Process 1 of a container gets only signals that it has a handler for, save SIGKILL and SIGSTOP from outside. When it ends, the kernel kills the rest of its PID namespace.',
    without: 'The process would go on as before.',
    shows: ['KRN-11', 'DMN-5'],
    source: 'man pid_namespaces(7)',
  },
  {
    id: 'signals-reset',
    calls: ['rt_sigaction', 'rt_sigprocmask'],
    when: (call) => call.operation === 'exec',
    does: (call) =>
      call.name === 'rt_sigaction'
        ? `Sets what ${call.arg(0)} does back to the default.`
        : 'Lets every signal through again.',
    now: 'Last before execve, which keeps ignored and blocked signals as they are.',
    without:
      'The program would inherit what its starter ignores. Some language runtimes (Node.js, Python) ignore SIGPIPE: `yes | head` would end with an error message instead of quietly.',
    shows: ['KRN-11'],
    source: 'man signal(7)',
  },
  {
    id: 'setsid',
    calls: ['setsid'],
    isRuntimes: true,
    does: 'Starts a new session, without a controlling terminal.',
    now: "Before a terminal of the container's own is made the controlling one: only a session leader without one may take it.",
    without:
      'The container would share the session of its starter: Ctrl+C there would reach it, and where the kernel still allows it (dev.tty.legacy_tiocsti), it could push typed characters into that terminal.',
    shows: ['KRN-6'],
    source: 'man setsid(2)',
  },
  {
    id: 'prctl-pdeathsig',
    calls: ['prctl'],
    isRuntimes: true,
    when: (call) => call.has(0, 'PR_SET_PDEATHSIG'),
    does: (call) =>
      /^(0|SIG_0)$/.test(call.arg(1))
        ? "Takes back the signal at the parent's death: from here on this process may outlive its starter."
        : `Asks for ${call.arg(1)} when the parent dies: to be exact, the one thread that made this process.`,
    now: (call) =>
      /^(0|SIG_0)$/.test(call.arg(1))
        ? 'When the set-up is whole: the runtime will exit and the container must stay.'
        : 'Right after the clone. A change of ids clears it, so it is set again after that.',
    without: (call) =>
      /^(0|SIG_0)$/.test(call.arg(1))
        ? 'The container would be killed when the runtime exits.'
        : 'A runtime that dies half-way would leave a half-made container behind.',
    shows: ['STK-6'],
    source: 'man PR_SET_PDEATHSIG(2const)',
  },
  {
    id: 'prctl-subreaper',
    calls: ['prctl'],
    when: (call) => call.has(0, 'PR_SET_CHILD_SUBREAPER'),
    does: "Makes this process the one that orphans below it are given to, instead of the host's process 1.",
    now: (call) =>
      call.process === 'shim'
        ? "Before the runtime is started: it makes the container's process and exits, and the container becomes a child of the shim."
        : 'Before processes are made by way of others that exit, as the stages of runc init do.',
    without: "The end of such a process would be reported to the host's init, which throws the status away.",
    shows: ['CTD-5', 'STK-6'],
    source: 'man PR_SET_CHILD_SUBREAPER(2const)',
  },
  {
    id: 'prctl-name',
    calls: ['prctl'],
    when: (call) => call.has(0, 'PR_SET_NAME'),
    does: (call) => `Names this thread ${call.string(1)}, as ps and /proc/<pid>/comm show it.`,
    now: 'Right after it was made.',
    without: 'Nothing breaks: people could not tell this process or thread from others.',
    source: 'man PR_SET_NAME(2const)',
  },
  {
    id: 'prctl-dumpable',
    calls: ['prctl'],
    isRuntimes: true,
    when: (call) => call.has(0, 'PR_SET_DUMPABLE'),
    does: 'Makes this process not dumpable: others of the same user may not trace it or look into its /proc entries.',
    now: 'Before it enters namespaces of a container. The execve of the program sets it back.',
    without: 'A process already in the container could reach the descriptors of the one that enters (CVE-2016-9962).',
    shows: ['SEC-6'],
    source: 'man PR_SET_DUMPABLE(2const)',
  },
  {
    id: 'prctl-no-new-privs',
    calls: ['prctl'],
    isRuntimes: true,
    when: (call) => call.has(0, 'PR_SET_NO_NEW_PRIVS'),
    does: 'From here on no execve gives new rights: set-user-id bits and file capabilities do nothing. It cannot be taken back.',
    now: 'Before the filter: with it any process may install one, so the filter can come last, after capabilities are gone.',
    without: 'A set-user-id program in the image could make an ordinary user root in the container.',
    shows: ['SEC-1', 'KRN-9'],
    source: 'man PR_SET_NO_NEW_PRIVS(2const)',
  },
];
