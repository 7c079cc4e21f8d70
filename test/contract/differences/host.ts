// What runc and crun do otherwise on the host around a container: cgroups, statistics, hooks, seccomp.
import type { Difference } from '../difference.ts';

export const onTheHost: readonly Difference[] = [
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
    instead: /"isRefused":true,"isNamed":"writing file `devices.deny`: Invalid argument"/,
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
];
