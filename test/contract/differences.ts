// Where a runtime does not do what the contract says: which, what it does instead, and why. The suites assert `instead`, so a row that
// is no longer true fails; README.md prints the table (node test/contract/table.ts).
import type { Expected } from './behaviour.ts';
import type { RuntimeName } from './runtimes.ts';

export interface Difference {
  /** The title of the behaviour. */
  behaviour: string;
  runtimes: readonly RuntimeName[];
  /** What is observed there. */
  instead: Expected;
  reason: string;
}

export const differences: readonly Difference[] = [
  {
    behaviour: 'the user may write to a regular file that is its standard output through /proc/self/fd',
    runtimes: ['tlab'],
    instead: /Permission denied/,
    reason: 'a file of the host keeps its owner: only pipes, sockets and terminals are given to the user',
  },
  {
    behaviour: 'a supplementary group above 2147483647 is honoured',
    runtimes: ['runc'],
    instead: /^refused: .*uids and gids must be in range 0-2147483647/,
    reason: 'its check of user databases limits ids to 31 bits; the specification has uint32',
  },
  {
    behaviour: 'without process.args a container cannot be run',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'found only by start; the specification demands args where a process is to be started',
  },
  {
    behaviour: 'a relative process.cwd is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked; the specification demands an absolute path (config#process)',
  },
  {
    behaviour: 'a configuration without process is refused by create',
    runtimes: ['crun'],
    instead: /"isNamed":"internal error: max number of capabilities not initialized","left":\[\]/,
    reason: 'refused, but its words name an internal error',
  },
  {
    behaviour: 'delete of a container that is created is refused and changes nothing',
    runtimes: ['runc', 'crun'],
    instead: [false, 'deleted'],
    reason:
      'both kill it and delete it; the specification: delete of one that is not stopped must be an error (runtime#delete)',
  },
  {
    behaviour: 'resume of a container that is created is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'created'],
    reason: 'resume writes to the freezer whatever the status is',
  },
  {
    behaviour: 'resume of a container that is running is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'running'],
    reason: 'resume writes to the freezer whatever the status is',
  },
  {
    behaviour: 'pause of a container that is paused is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'paused'],
    reason: 'pause writes to the freezer whatever the status is',
  },
  {
    behaviour: 'an exec has the oom_score_adj of its document',
    runtimes: ['runc', 'crun'],
    instead: '0 0',
    reason: 'both give an exec the value of the container and do not read that of the document',
  },
  {
    behaviour: 'an exec has the umask of its document',
    runtimes: ['runc'],
    instead: '0 0022',
    reason: 'runc 1.1 sets a umask for the first process only',
  },
  {
    behaviour: 'an exec has a session of its own',
    runtimes: ['crun'],
    instead: '1',
    reason: 'crun makes a session only for a terminal',
  },
  {
    behaviour: 'exec without flags has the environment and the directory of the container',
    runtimes: ['crun'],
    instead: '0 container\n/',
    reason: 'the directory is / when --cwd is not given',
  },
  {
    behaviour: 'exec --env adds to the environment of the container',
    runtimes: ['crun'],
    instead: '255',
    reason: 'its --env replaces the environment, PATH too, so that the shell is not found',
  },
  {
    behaviour: 'exec --cap adds a capability',
    runtimes: ['crun'],
    instead: '0 0000000000200000',
    reason: 'its --cap replaces the capabilities',
  },
  {
    behaviour: 'exec --additional-gids adds groups',
    runtimes: ['crun'],
    instead: /^64/,
    reason: 'crun has no such option',
  },
  {
    behaviour: 'exec --ignore-paused runs when the container is resumed, without it the exec is refused',
    runtimes: ['crun'],
    instead: [true, '', 64, ''],
    reason: 'crun has no such option',
  },
  {
    behaviour: 'domainname is the NIS domain name of the container',
    runtimes: ['runc'],
    instead: '(none)',
    reason: 'domainname is younger than runc 1.1',
  },
  {
    behaviour: 'a container joins the user namespace of another by path',
    runtimes: ['runc'],
    instead: /User namespaces enabled, but no uid mappings found/,
    reason: 'runc 1.1 demands maps that it does not use then',
  },
  {
    behaviour: 'maps without a user namespace are refused',
    runtimes: ['runc', 'crun'],
    instead: /"isRefused":false/,
    reason: 'both ignore them, and the container runs as the real root',
  },
  {
    behaviour: 'a namespace that is listed twice is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked; the specification demands an error (config-linux#namespaces)',
  },
  {
    behaviour: 'a user namespace without maps is refused',
    runtimes: ['crun'],
    instead: /"isRefused":true,"isNamed":"mount `devpts`.*Invalid argument","left":\[\]/,
    reason: 'refused, but only by the kernel, at a mount that names another thing',
  },
  {
    behaviour: 'a device of an unknown type is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked',
  },
  {
    behaviour: 'of options that exclude each other the last one holds',
    runtimes: ['crun'],
    instead: 'ro,noexec,relatime',
    reason: 'crun 1.8 collects what is set and drops what undoes it',
  },
  {
    behaviour: 'a tmpfs without a mode has that of the directory that it covers',
    runtimes: ['crun'],
    instead: '1777',
    reason: 'crun copies no mode; runc does, and images count on it',
  },
  {
    behaviour: 'a destination below a link of the image stays inside the root filesystem',
    runtimes: ['crun'],
    instead: ['', []],
    reason: 'crun makes nothing behind a dangling link: refused',
  },
  {
    behaviour: 'a destination below a link with .. stays inside the root filesystem',
    runtimes: ['crun'],
    instead: ['', false, false],
    reason: 'crun makes nothing behind a dangling link: refused',
  },
  {
    behaviour: 'a mount with shared is shared',
    runtimes: ['crun'],
    instead: 'is',
    reason: 'crun 1.8 makes the mount private after its options',
  },
  {
    behaviour: 'a mount with unbindable is so',
    runtimes: ['crun'],
    instead: 'is',
    reason: 'crun 1.8 makes the mount private after its options',
  },
  {
    behaviour: 'an unknown rootfsPropagation is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked',
  },
  {
    behaviour: 'rootfsPropagation shared makes the root filesystem shared',
    runtimes: ['runc'],
    instead: 'is',
    reason: 'runc gives the propagation to the mounts below, not to the root itself',
  },
  {
    behaviour: 'rootfsPropagation unbindable makes the root filesystem unbindable',
    runtimes: ['runc'],
    instead: /^refused: .*invalid argument/,
    reason: 'runc makes everything unbindable first and cannot bind the root then',
  },
  ...[
    'a processor that the host does not have is refused',
    'a quota that is too small is refused',
    'a period that is too long is refused',
    'more memory than memory and swap together is refused',
    'a limit of pages of a size that the host does not have is refused',
    'a throttle of a device that is not there is refused',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /"isRefused":true,"isNamed":true,"left":\["\/sys\/fs\/cgroup/,
      reason: 'refused, but the cgroups of the container are left behind (crun 1.8)',
    }),
  ),
  {
    behaviour: 'a cgroup with the process of another container is refused, and stays as it is',
    runtimes: ['runc'],
    instead: /"isRefused":false,"isNamed":true/,
    reason: 'runc 1.1 warns and goes on; since 1.2 it refuses',
  },
  {
    behaviour: 'a cgroup with the process of another container is refused, and stays as it is',
    runtimes: ['crun'],
    instead: /"isRefused":false,"isNamed":""/,
    reason: 'not checked',
  },
  {
    behaviour: 'a cgroup with a process somewhere below it is refused',
    runtimes: ['crun'],
    instead:
      /"isRefused":true,"isNamed":"(writing file `devices.deny`: Invalid argument|cannot open pipe `[^`]*\/exec.fifo`: No such file or directory)"/,
    reason: 'not checked: a version 1 hierarchy of devices refuses its rules',
  },
  {
    behaviour: 'a frozen cgroup is refused',
    runtimes: ['crun'],
    instead: { isRefused: false, isNamed: false },
    reason: 'not checked: create stands still until somebody thaws the cgroup',
  },
  {
    behaviour: 'a container whose cgroup is frozen from above is running: no resume could thaw it',
    runtimes: ['crun'],
    instead: ['paused', 'paused', false],
    reason: 'whatever is frozen is paused, and resume says that it has done what it cannot',
  },
  {
    behaviour: 'an empty HOME in process.env counts as none',
    runtimes: ['crun'],
    instead: '0 []',
    reason: 'only a HOME that is not there is looked up; runc looks up an empty one too',
  },
  {
    behaviour: 'update --resources with rules of devices puts these in the place of the old ones',
    runtimes: ['runc'],
    instead: [false, false, false],
    reason: 'devices in an update are passed over',
  },
  {
    behaviour: 'update --resources with rules of devices puts these in the place of the old ones',
    runtimes: ['crun'],
    instead: [false, true, true],
    reason: 'no rules are none to write: the old ones stay',
  },
  ...[
    'events --stats prints one statistics event of the container',
    'events --stats counts the processes',
    'events --stats has the use and the limit of memory',
    'events --stats has all digits of a limit that is none',
    'events --stats has the time of the processors in nanoseconds',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /^refused: .*unknown command events/,
      reason: 'crun has no such command',
    }),
  ),
  {
    behaviour: 'ps prints a table of the container’s processes',
    runtimes: ['crun'],
    instead: [true, 2, false],
    reason: 'its table has only the pids',
  },
  {
    behaviour: 'poststart hooks run after start is asked for and before it returns',
    runtimes: ['runc'],
    instead: ['poststart', 'created', 'started'],
    reason: 'runc runs them at the end of create (runtime#lifecycle: after the program has been started)',
  },
  {
    behaviour: 'a poststart hook reads a state that is running',
    runtimes: ['runc'],
    instead: 'created',
    reason: 'runc runs them at the end of create',
  },
  ...['prestart', 'createRuntime', 'createContainer'].map(
    (phase): Difference => ({
      behaviour: `a ${phase} hook reads a state that is creating`,
      runtimes: ['crun'],
      instead: 'created',
      reason: 'crun 1.8 does not know creating (runtime#state)',
    }),
  ),
  {
    behaviour: 'a startContainer hook reads a state that is created',
    runtimes: ['crun'],
    instead: 'starting',
    reason: 'crun has a status of its own there',
  },
  {
    behaviour: 'a failed create runs the poststop hooks',
    runtimes: ['crun'],
    instead: false,
    reason: 'not run (runtime#lifecycle: a failed hook of create continues with the steps of delete)',
  },
  {
    behaviour: 'a relative path of a hook is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason:
      'not checked, the name is looked for in PATH; the specification demands an absolute path (config#posix-platform-hooks)',
  },
  {
    behaviour: 'a filter with a flag of the kernel is installed',
    runtimes: ['runc'],
    instead: /seccomp flags are not yet supported/,
    reason: 'flags came with runc 1.2',
  },
  {
    behaviour: 'an unknown flag of seccomp is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked',
  },
  ...[
    'a configuration without ociVersion is refused',
    'a configuration of version 2 is refused',
    'a version that is not semantic is refused',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['runc'],
      instead: /"isRefused":false/,
      reason: 'runc does not look at ociVersion (config#specification-version)',
    }),
  ),
  {
    behaviour: 'kill refuses a signal that does not exist',
    runtimes: ['crun'],
    instead: [false, 'running'],
    reason: 'crun 1.8 sends the signal 0 and succeeds',
  },
  {
    behaviour: 'run --keep leaves the container stopped',
    runtimes: ['crun'],
    instead: /^refused: .*No such file or directory/,
    reason: 'the option is younger than crun 1.8',
  },
  {
    behaviour: 'list prints a table with a head',
    runtimes: ['crun'],
    instead: ['NAME', 'PID', 'STATUS', 'BUNDLE', 'PATH', 'CREATED', 'OWNER'],
    reason: 'its columns are others',
  },
  {
    behaviour: 'spec --rootless has a user namespace with maps',
    runtimes: ['crun'],
    instead: [true, undefined],
    reason: 'it writes no maps and makes them when it runs',
  },
  ...[
    'features prints the namespaces that it knows as JSON',
    'features prints hooks, mount options and capabilities',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /^refused: .*unknown command features/,
      reason: 'the command is younger than crun 1.8',
    }),
  ),
  {
    behaviour: 'an id with a space is refused',
    runtimes: ['crun'],
    instead: false,
    reason: 'it refuses slashes only',
  },
  ...['process.args that is text is refused', 'a uid that is text is refused'].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /"isRefused":false/,
      reason: 'a value of the wrong type is passed over',
    }),
  ),
  {
    behaviour: 'run in the foreground gives the terminal the size of its own',
    runtimes: ['crun'],
    instead: /^\d+ (?![\s\S]*sized)/,
    reason: 'crun 1.8 hands on a change of size only, not the first one',
  },
  ...(
    [
      ['process.scheduler sets the policy', '0'],
      ['process.scheduler sets the nice value', '0'],
      ['process.ioPriority sets class and priority', 'none: prio 0'],
      ['netDevices moves a device of the host into the container', '0'],
    ] as const
  ).map(
    ([behaviour, instead]): Difference => ({
      behaviour,
      runtimes: ['runc', 'crun'],
      instead,
      reason: 'younger than both, and passed over',
    }),
  ),
  ...[
    'an unknown policy of process.scheduler is refused',
    'an unknown class of process.ioPriority is refused',
    'timeOffsets without a time namespace are refused',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['runc', 'crun'],
      instead: /"isRefused":false/,
      reason: 'younger than both, and passed over',
    }),
  ),
  ...['timeOffsets moves the boot time of a time namespace', 'timeOffsets are those of the namespace'].flatMap(
    (behaviour): Difference[] => [
      {
        behaviour,
        runtimes: ['runc'],
        instead: /^refused: .*namespace .*time.* does not exist/,
        reason: 'time namespaces came with runc 1.2',
      },
      {
        behaviour,
        runtimes: ['crun'],
        instead: /^refused: /,
        reason: 'crun 1.8 fails when its first process enters the namespace',
      },
    ],
  ),
  {
    behaviour: 'linux.personality sets the execution domain',
    runtimes: ['runc'],
    instead: 'x86_64',
    reason: 'younger than runc 1.1, and passed over',
  },
  {
    behaviour: 'a mount with uidMappings and gidMappings shows mapped owners',
    runtimes: ['runc'],
    instead: '0 0',
    reason: 'mapped mounts came with runc 1.2, and are passed over',
  },
  {
    behaviour: 'nosymfollow follows no link of the mount',
    runtimes: ['crun'],
    instead: 'text',
    reason: 'crun 1.8 does not apply it to a bind',
  },
  {
    behaviour: 'a poststart hook that fails stops the program and fails start',
    runtimes: ['runc'],
    instead: ['create fails'],
    reason: 'runc runs poststart hooks at the end of create',
  },
  {
    behaviour: 'a poststart hook that fails stops the program and fails start',
    runtimes: ['crun'],
    instead: /^\[(true|false),"running"\]$/,
    reason: 'the program goes on, and start fails not always (runtime#lifecycle since 1.2.1: it must be stopped)',
  },
  {
    behaviour: 'a flag with =1 is set',
    runtimes: ['crun'],
    instead: false,
    reason: 'its flags take no value: refused',
  },
  {
    behaviour: 'a flag may follow the id',
    runtimes: ['crun'],
    instead: false,
    reason: 'its options end at the first word',
  },
  {
    behaviour: 'help says what there is',
    runtimes: ['crun'],
    instead: [true, false, false, true, false, true],
    reason: 'it has --help alone',
  },
  {
    behaviour: 'a damaged state does not hide the others from list',
    runtimes: ['crun'],
    instead: /^\[255,/,
    reason: 'it stops at the damaged one',
  },
];
