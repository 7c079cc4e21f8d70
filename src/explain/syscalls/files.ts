// Calls on files and descriptors that belong to making or leaving a container: root resolution, devices, links, cgroup directories.
import type { Call } from '../call.ts';
import type { CallRow } from './row.ts';

const onCgroup = (path: string): boolean => path.startsWith('/sys/fs/cgroup/') || /\/cgroup(\.|\/)/.test(path);
const isRemoveDirectory = (call: Call): boolean => call.name === 'rmdir' || call.has(2, 'AT_REMOVEDIR');
const pathOf = (call: Call): string => (call.name.endsWith('at') ? call.path(0, 1) : call.string(0));
const lastPath = (call: Call): string =>
  call.args.map((_, position) => call.string(position)).findLast((path) => path !== '') ?? '';
const during =
  (...operations: string[]) =>
  (call: Call): boolean =>
    operations.includes(call.operation);
const opened = (call: Call): string => call.path(0, call.name === 'open' ? 0 : 1);
/** Within a mount of the container, /sys/fs/cgroup is a place to mount on. */
const isOfCgroupfs = (call: Call): boolean => call.operation !== 'mount-attached' && !call.says('RESOLVE_IN_ROOT');
const isWrite = (path: RegExp) => (call: Call) => path.test(call.file(0));

export const fileCalls: readonly CallRow[] = [
  {
    id: 'open-cgroup',
    calls: ['openat', 'open', 'openat2'],
    when: (call) => onCgroup(opened(call)) && isOfCgroupfs(call) && !call.says('O_DIRECTORY'),
    does: (call) => `Opens ${opened(call)}, a file of a control group.`,
    now: (call) =>
      call.says('O_WRONLY') || call.says('O_RDWR')
        ? 'The write that follows is the setting; the file system is the interface, there is no other call for it.'
        : 'To read what the group has; the file system is the interface, there is no other call for it.',
    without: 'The value could not be written or read.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  {
    id: 'open-cgroup-directory',
    calls: ['openat', 'open'],
    when: (call) => onCgroup(opened(call)) && isOfCgroupfs(call),
    does: (call) => `Opens ${opened(call)}, the directory of a control group.`,
    now: (call) =>
      call.operation === 'clone'
        ? 'Right before clone3, which takes the descriptor (CLONE_INTO_CGROUP): the child is born in this group.'
        : 'What follows is done by this descriptor, so that it concerns this group and no other of the same name.',
    without: 'Each step would look the path up again.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  {
    id: 'openat2-in-root',
    calls: ['openat2'],
    isRuntimes: true,
    when: (call) => call.says('RESOLVE_IN_ROOT'),
    does: (call) =>
      `Opens ${call.string(1) || 'a path'} with ${call.isRuntimes ? "the container's root" : 'the directory of the first argument'} as "/": neither ".." nor a link of the image leads out of it.`,
    now: 'Before each mount, device or mask: what follows uses the descriptor and looks up no path again.',
    without:
      'A link in the image, say /dev/shm -> /etc, could make the runtime mount or write on the host. Checking the path first is not enough: it can be exchanged in between.',
    shows: ['SEC-6', 'KRN-6'],
    source: 'man openat2(2)',
  },
  {
    id: 'openat2-beneath',
    calls: ['openat2'],
    when: (call) => call.says('RESOLVE_BENEATH'),
    does: (call) =>
      `Opens ${call.string(1) || 'a path'} beneath a directory; a path that leads out of it fails (EXDEV).`,
    now: 'Where a part of the path comes from elsewhere, as the name of a sysctl does, and must stay below one place.',
    without: 'A name with ".." could write another file.',
    shows: ['SEC-6'],
    source: 'man openat2(2)',
  },
  {
    id: 'openat2',
    calls: ['openat2'],
    does: 'Opens a file with rules for how its path may be resolved.',
    source: 'man openat2(2)',
  },
  {
    id: 'open-self-exe',
    calls: ['openat', 'open'],
    when: (call) => call.string(call.name === 'open' ? 0 : 1) === '/proc/self/exe',
    does: 'Opens the program that is running, to copy or seal it.',
    now: 'First thing in the runtime, before anything of the container is near.',
    without:
      'The runtime would run from its own file on the host, which a container could try to overwrite (CVE-2019-5736).',
    shows: ['SEC-6'],
    source: 'man proc(5)',
  },
  {
    id: 'open-namespace',
    calls: ['openat', 'open'],
    when: (call) =>
      /\/proc\/.*\/ns\/\w+$|\/netns\//.test(call.string(call.name === 'open' ? 0 : 1)) && !call.says('O_CREAT'),
    does: (call) =>
      `Opens a namespace as a file, ${call.string(call.name === 'open' ? 0 : 1)}: the descriptor is what setns takes, and it keeps the namespace alive.`,
    now: "Before any namespace is left, while paths still mean the host's.",
    without: 'setns would have nothing to join.',
    shows: ['KRN-2'],
    source: 'man namespaces(7)',
  },
  {
    id: 'write-id-map',
    calls: ['write', 'pwrite64'],
    when: isWrite(/\/[ug]id_map$/),
    does: (call) =>
      `Says which ids of the user namespace are which outside: ${call.written(1)} (inside, outside, count).`,
    now: 'From outside, while the child waits: it can be written once only, and before it every id in there is the overflow id 65534.',
    without: 'The child would be nobody: it could not become root of its namespace, and files would belong to nobody.',
    shows: ['KRN-14'],
    source: 'man user_namespaces(7)',
  },
  {
    id: 'write-setgroups',
    calls: ['write', 'pwrite64'],
    when: isWrite(/\/setgroups$/),
    does: (call) => `Allows or denies setgroups in the user namespace: ${call.written(1)}.`,
    now: 'Before gid_map: an unprivileged writer may set that only after "deny".',
    without: 'By dropping a group, a user could pass a file mode that denies just that group.',
    shows: ['KRN-14'],
    source: 'man user_namespaces(7)',
  },
  {
    id: 'write-oom-score',
    calls: ['write', 'pwrite64'],
    when: isWrite(/\/oom_score_adj$/),
    does: (call) =>
      `Sets how likely the kernel is to choose this process when memory runs out: ${call.written(1)} of -1000 (never) to 1000.`,
    now: 'Before it has children, which inherit it. Going below its own minimum needs CAP_SYS_RESOURCE.',
    without: 'The process would keep the score of its starter, and shims and daemons are often protected ones.',
    shows: ['KRN-12'],
    source: 'man proc_pid_oom_score_adj(5)',
  },
  {
    id: 'write-sysctl',
    calls: ['write', 'pwrite64'],
    isRuntimes: true,
    when: isWrite(/\/proc\/(\d+\/|self\/)?sys\/|^\/?sys\/net\//),
    does: (call) =>
      `Writes ${call.written(1)} to the kernel setting ${call
        .file(0)
        .replace(/^.*\/sys\//, '')
        .replaceAll(
          '/',
          '.',
        )}; for net and IPC settings it counts in the namespace of the process that opened the file.`,
    now: 'After the namespace was made or joined, and before /proc/sys becomes read-only.',
    without: "The namespace would keep the kernel's default.",
    shows: ['KRN-2', 'NET-1'],
    source: 'man proc_sys(5)',
  },
  {
    id: 'write-start',
    calls: ['write', 'read', 'pread64', 'pwrite64'],
    when: (call) => /start\.fifo$|exec\.fifo$/.test(call.file(0)) || call.operation === 'await_start',
    does: (call) => {
      const isWritten = call.name.includes('write');
      if (call.file(0).endsWith('exec.fifo'))
        return isWritten
          ? 'Says through the FIFO that the program is executed next. The wait for `start` was the open before: it ends when the other side opens.'
          : 'Reads the byte by which the waiting process says that it goes on: `start` has opened the FIFO and so let it go.';
      return isWritten
        ? 'Lets the waiting container go: one byte through the FIFO of its state directory.'
        : 'Waits for one byte from the FIFO of the state directory: the container is created, and nothing of the image has run.';
    },
    now: 'Between the two verbs of a runtime: `create` ends with the container set up whole, `start` lets it execute its program.',
    without: 'Create and start would be one step: nobody could attach, or add to the network, in between.',
    shows: ['OCI-3', 'DMN-4', 'DMN-5'],
    source: 'oci-runtime runtime#lifecycle',
  },
  {
    id: 'fstatfs-cgroup',
    calls: ['fstatfs'],
    when: (call) => call.says('CGROUP_SUPER_MAGIC') || call.says('CGROUP2_SUPER_MAGIC'),
    does: 'Asks which file system the open file lies on: it must be that of the cgroups.',
    now: 'Between open and write, on the open file, which nobody can exchange.',
    without: 'Where no cgroup is mounted, the limit would be written into an ordinary file and limit nothing.',
    shows: ['KRN-3'],
    source: 'man statfs(2)',
  },
  {
    id: 'statfs-cgroup',
    calls: ['statfs'],
    when: (call) => /^\/sys\/fs\/cgroup(\/unified)?$/.test(call.string(0)),
    does: (call) =>
      `Asks which file system stands on ${call.string(0)}: cgroup2 means version 2, a tmpfs means version 1, each controller with a hierarchy of its own below.`,
    now: 'Before a file of a cgroup is named: the names, and even the number of directories, depend on it.',
    without: 'It would look for files that do not exist on this host.',
    shows: ['KRN-3', 'KRN-5'],
    source: 'man cgroups(7)',
  },
  {
    id: 'fstatfs-target',
    calls: ['fstatfs'],
    when: during('mount-attached'),
    does: 'Asks which file system the mount point lies on: a bind mount must not land in a procfs by way of a link.',
    now: 'After the target is open, before the mount is put there.',
    without:
      'A link in the image could lead a mount over a file of /proc and so defeat what guards it (CVE-2019-16884).',
    shows: ['SEC-6'],
    source: 'man statfs(2)',
  },
  {
    id: 'getcwd-check',
    calls: ['getcwd'],
    when: during('chdir', 'setuid'),
    does: 'Asks where the process stands now: it must be a path inside the new root.',
    now: 'Right after the change to the working directory.',
    without:
      'A working directory reached through a leaked descriptor could lie outside the container (CVE-2024-21626).',
    shows: ['SEC-6'],
    source: 'man getcwd(3)',
  },
  {
    id: 'find-program',
    calls: ['stat', 'newfstatat', 'access', 'faccessat', 'faccessat2'],
    when: during('await_start', 'exec'),
    does: (call) =>
      `Looks whether ${lastPath(call)} is there and may be executed: argv[0] without a slash is looked for along PATH.`,
    now: 'Inside the new root, as the user of the program, and already at create: so that `run` can fail with 127 or 126 before start.',
    without: 'A missing program would be noticed only by execve, when the container is already called started.',
    shows: ['DMN-9'],
    source: 'man execvp(3)',
  },
  {
    id: 'start-time',
    calls: ['read'],
    when: (call) => /\/proc\/\d+\/stat$/.test(call.file(0)),
    does: 'Reads when the process was started (and more) from /proc.',
    now: (call) =>
      call.operation === 'clone'
        ? "Right after the clone; it is kept with the process id in the container's state."
        : "Before the process is signalled or let go: number and start time together say that it is still the one of the container's state.",
    without:
      'After a restart of the host, or much later, a stored number could mean another process: kill would strike that.',
    shows: ['OCI-3'],
    source: 'man proc_pid_stat(5)',
  },
  {
    id: 'mkdir-cgroup',
    calls: ['mkdir', 'mkdirat'],
    when: (call) => onCgroup(pathOf(call)) && isOfCgroupfs(call),
    does: (call) => `Makes the cgroup ${pathOf(call)}: a directory is a group, the kernel fills it with its files.`,
    now: 'Before limits are written into it and the process is put there.',
    without: 'There would be nowhere to write limits, and usage could not be told from that of others.',
    shows: ['KRN-3', 'KRN-6'],
    source: 'man cgroups(7)',
  },
  {
    id: 'mkdir',
    calls: ['mkdir', 'mkdirat'],
    does: (call) => `Makes the directory ${pathOf(call)}.`,
    now: (call) =>
      call.errno === 'EEXIST'
        ? 'To be sure that it is there: it is already.'
        : 'Before something is mounted or kept there.',
    without: 'What is put there next would fail with ENOENT where it is missing.',
    source: 'man mkdir(2)',
  },
  {
    id: 'rmdir-cgroup',
    calls: ['rmdir', 'unlinkat'],
    when: (call) => isRemoveDirectory(call) && onCgroup(pathOf(call)),
    does: (call) => `Removes the cgroup ${pathOf(call)}. Its files need not be deleted: they are the kernel's.`,
    now: 'After its last process is gone: with processes or child cgroups in it the kernel answers EBUSY.',
    without: 'Empty cgroups would pile up; each costs kernel memory.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  {
    id: 'rmdir',
    calls: ['rmdir', 'unlinkat'],
    when: isRemoveDirectory,
    does: (call) => `Removes the empty directory ${pathOf(call)}.`,
    now: (call) =>
      call.errno === 'ENOENT'
        ? 'To be sure that nothing of that name is left: there is nothing.'
        : 'When what it was made for has ended.',
    without: 'It would stay behind, where there is one.',
    source: 'man rmdir(2)',
  },
  {
    id: 'unlink',
    calls: ['unlink', 'unlinkat'],
    does: (call) => `Removes the name ${pathOf(call)}; the file itself goes when nobody has it open.`,
    now: (call) =>
      call.errno === 'ENOENT'
        ? 'To be sure that nothing of an earlier attempt is left: there is nothing.'
        : 'When what it was made for has ended.',
    without: (call) =>
      call.errno === 'ENOENT'
        ? 'A leftover, where there is one, would be taken for the new one.'
        : 'It would stay behind: sockets, FIFOs and state of containers that are gone.',
    source: 'man unlink(2)',
  },
  {
    id: 'mknod-fifo',
    calls: ['mknod', 'mknodat'],
    when: (call) => call.says('S_IFIFO'),
    does: (call) => `Makes the named pipe ${pathOf(call)}.`,
    now: 'Before the process that shall write or read there is started.',
    without:
      'Two processes that do not know each other would have no way to pass streams, or the byte that means start.',
    shows: ['CTD-5'],
    source: 'man fifo(7)',
  },
  {
    id: 'mknod',
    calls: ['mknod', 'mknodat'],
    isRuntimes: true,
    does: (call) =>
      `Makes the device node ${pathOf(call)} (${call.args.slice(-1)[0] ?? ''}). The node is only a name with a mode: whether the device behind it may be opened is decided by the cgroup's device rules too.`,
    now: 'After the tmpfs on /dev, with umask 0 so that everybody may use it, before pivot_root. It needs CAP_MKNOD on the host: in a user namespace a bind mount takes its place.',
    without: (call) =>
      /(^|\/)(null|zero|full|random|urandom|tty)$/.test(pathOf(call))
        ? 'Programs expect null, zero, full, random, urandom and tty; many fail at once without /dev/null.'
        : 'The device would have no name in the container.',
    shows: ['KRN-6', 'KRN-3'],
    source: 'man mknod(2)',
  },
  {
    id: 'symlink-dev',
    calls: ['symlink', 'symlinkat'],
    when: (call) => call.operation === 'symlink' || /^(\/proc\/self\/fd|pts\/ptmx)/.test(call.string(0)),
    does: (call) => `Makes ${lastPath(call)} a link to ${call.string(0)}.`,
    now: 'After /dev is there.',
    without:
      '/dev/stdin, /dev/stdout, /dev/fd and /dev/ptmx would be missing; images that log to /dev/stdout, as nginx does, would fail.',
    shows: ['KRN-6'],
    source: 'oci-runtime runtime-linux#dev-symbolic-links',
  },
  {
    id: 'symlink',
    calls: ['symlink', 'symlinkat'],
    does: (call) => `Makes ${lastPath(call)} a symbolic link to ${call.string(0)}.`,
    source: 'man symlink(2)',
  },
  {
    id: 'fchdir',
    calls: ['fchdir'],
    isRuntimes: true,
    does: (call) =>
      `Makes ${call.file(0) || 'an open directory'} the current one, by descriptor: no path is looked up again.`,
    now: 'Before a call that works on the current directory: pivot_root, a mount, an unmount.',
    without: 'The call that follows would work on another directory, or on a path that may have been exchanged.',
    shows: ['SEC-6', 'KRN-7'],
    source: 'man chdir(2)',
  },
  {
    id: 'chdir-cwd',
    calls: ['chdir'],
    when: during('chdir', 'setuid'),
    does: (call) => `Changes to the program's working directory, ${call.string(0)}.`,
    now: 'In the new root, and as late as possible; the runtime then checks that it really is inside.',
    without:
      'The program would start elsewhere. A directory that leads out of the container by a leaked descriptor is how CVE-2024-21626 escaped.',
    shows: ['SEC-6'],
    source: 'man chdir(2)',
  },
  {
    id: 'chdir',
    calls: ['chdir'],
    isRuntimes: true,
    does: (call) => `Makes ${call.string(0)} the current directory.`,
    without: 'Relative paths that follow would mean another place; after pivot_root "." would still be the old tree.',
    shows: ['KRN-7'],
    source: 'man chdir(2)',
  },
  {
    id: 'rename',
    calls: ['rename', 'renameat', 'renameat2'],
    does: (call) => `Gives a file its final name, ${lastPath(call)}, in one step.`,
    now: 'After the new content is complete under another name: readers see the old file or the new one, never half of it.',
    without: 'A crash in between would leave half a file as state.',
    source: 'man rename(2)',
  },
];
