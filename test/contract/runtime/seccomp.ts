// Seccomp: what each action does to a call, comparisons of arguments, defaults, architectures; wrong profiles.
// @source oci-runtime config-linux#seccomp
import { existsSync, readFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, type Refused, readings, refusals, type Suite } from '../behaviour.ts';
import type { Document, Place } from '../place.ts';

export const seccompSuite: Suite = (place) => [
  ...errors(place),
  ...comparisons(place),
  ...withoutCallsOfRuntime(place),
  ...others(place),
  ...refusals(place, wrong),
];

const profile = (syscalls: readonly Document[], more: Document = {}): Document => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  syscalls,
  ...more,
});

const withProfile =
  (syscalls: readonly Document[], more: Document = {}) =>
  ({ linux, process }: Document): void => {
    linux.seccomp = profile(syscalls, more);
    process.noNewPrivileges = true;
  };

const makeDirectory = ['mkdir', 'mkdirat'];

const errors = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: withProfile([
        { names: makeDirectory, action: 'SCMP_ACT_ERRNO' },
        { names: ['unlink', 'unlinkat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 },
        { names: ['no_such_call', 'sethostname'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
        { names: ['symlink', 'symlinkat'], action: 'SCMP_ACT_LOG' },
      ]),
    },
    [
      ['SCMP_ACT_ERRNO without a number gives EPERM', 'mkdir /x', /Operation not permitted/],
      ['SCMP_ACT_ERRNO gives the number of errnoRet', 'touch /f; rm /f', /No space left on device/],
      ['a call that no rule names has the default action', 'touch /made && echo made', 'made'],
      ['a name that no architecture knows is passed over', 'hostname x', /not implemented/],
      ['SCMP_ACT_LOG lets the call be made', 'ln -s a /link && readlink /link', 'a'],
      ['the filter holds in children', 'sh -c "sh -c \'mkdir /y\'"', /Operation not permitted/],
      ['the process has a filter', "grep '^Seccomp:' /proc/self/status | cut -f2", '2'],
    ],
  ),
  ...readings(place, {}, [
    ['without seccomp the process has no filter', "grep '^Seccomp:' /proc/self/status | cut -f2", '0'],
  ]),
];

/** chmod(2) with these modes on one file; which are refused. */
const modes = 'touch /f; for m in 100 200 300; do chmod $m /f 2>/dev/null || echo -n "$m "; done';

/** [operator, value and mask, octal modes that are refused] */
const operators: readonly (readonly [op: string, args: Document, refused: string])[] = [
  ['SCMP_CMP_EQ', { value: 0o200 }, '200'],
  ['SCMP_CMP_NE', { value: 0o200 }, '100 300'],
  ['SCMP_CMP_LT', { value: 0o200 }, '100'],
  ['SCMP_CMP_LE', { value: 0o200 }, '100 200'],
  ['SCMP_CMP_GT', { value: 0o200 }, '300'],
  ['SCMP_CMP_GE', { value: 0o200 }, '200 300'],
  ['SCMP_CMP_MASKED_EQ', { value: 0o100, valueTwo: 0o100 }, '100 300'],
];

const onMode = (args: readonly Document[]): Document[] => [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO', args }];

const comparisons = (place: Place): Behaviour[] => [
  ...operators.flatMap(([op, args, refused]) =>
    readings(place, { edit: withProfile(onMode([{ index: 1, op, ...args }])) }, [
      [`${op} compares an argument of the call`, modes, refused],
    ]),
  ),
  ...readings(
    place,
    {
      edit: withProfile(
        onMode([
          { index: 1, op: 'SCMP_CMP_GE', value: 0o200 },
          { index: 0, op: 'SCMP_CMP_NE', value: 0 },
        ]),
      ),
    },
    [['of several comparisons all must hold', modes, '200 300']],
  ),
  ...readings(
    place,
    {
      edit: withProfile([
        ...onMode([{ index: 1, op: 'SCMP_CMP_EQ', value: 0o100 }]),
        ...onMode([{ index: 1, op: 'SCMP_CMP_EQ', value: 0o300 }]),
      ]),
    },
    [['of several rules of a call any may hold', modes, '100 300']],
  ),
];

const statusWith = (place: Place, action: string) =>
  on(
    place,
    ['sh', '-c', 'mkdir /x; echo "after $?"'],
    { edit: withProfile([{ names: makeDirectory, action }]) },
    async (container) => {
      const { status, stdout } = await container.run();
      return `${status} ${stdout}`;
    },
  );

/**
 * Calls that a runtime may want to make behind the filter, where they are not its own any more: younger than many profiles, or forbidden
 * by one. The container and an exec must live on when the runtime has ended.
 */
const ofRuntime: readonly (readonly [call: string, noNewPrivileges: boolean])[] = [
  ['prctl', true],
  ['close_range', true],
  ['close_range', false],
  ['faccessat2', true],
  ['faccessat2', false],
];

const withoutCallsOfRuntime = (place: Place): Behaviour[] =>
  ofRuntime.map(([call, noNewPrivileges]) => ({
    title: `a container ${noNewPrivileges ? '' : 'without noNewPrivileges '}whose profile refuses ${call} runs, and its exec does`,
    observe: on(
      place,
      ['sleep', '1000'],
      {
        edit: (config) => {
          withProfile([{ names: [call], action: 'SCMP_ACT_ERRNO' }])(config);
          config.process.noNewPrivileges = noNewPrivileges;
        },
      },
      async (container) => {
        await container.start();
        const made = `${container.rootfs}/made`;
        await container.exec({ args: ['sh', '-c', 'sleep 0.2; echo exec > /made'] }, ['--detach']);
        await waitUntil(() => existsSync(made) && readFileSync(made, 'utf8') !== '', { what: 'the exec to write' });
        return container.status();
      },
    ),
    expected: 'running',
  }));

const others = (place: Place): Behaviour[] => [
  {
    title: 'SCMP_ACT_KILL_PROCESS ends the process with SIGSYS',
    observe: statusWith(place, 'SCMP_ACT_KILL_PROCESS'),
    expected: '0 after 159',
  },
  {
    title: 'SCMP_ACT_KILL ends the thread with SIGSYS',
    observe: statusWith(place, 'SCMP_ACT_KILL'),
    expected: '0 after 159',
  },
  { title: 'SCMP_ACT_TRAP sends SIGSYS', observe: statusWith(place, 'SCMP_ACT_TRAP'), expected: '0 after 159' },
  {
    title: 'a defaultAction of SCMP_ACT_ERRNO refuses what no rule allows',
    observe: on(
      place,
      ['sh', '-c', 'mkdir /x; echo done'],
      {
        edit: withProfile([{ names: allowed, action: 'SCMP_ACT_ALLOW' }], { defaultAction: 'SCMP_ACT_ERRNO' }),
      },
      async (container) => {
        const { stdout, stderr } = await container.run();
        return `${stdout} ${stderr}`;
      },
    ),
    expected: /^done\s+.*(not permitted|not implemented)/,
  },
  {
    title: 'a filter works without noNewPrivileges too',
    observe: on(
      place,
      ['mkdir', '/x'],
      {
        edit: (config) => {
          withProfile([{ names: makeDirectory, action: 'SCMP_ACT_ERRNO' }])(config);
          config.process.noNewPrivileges = false;
        },
      },
      async (container) => (await container.run()).stderr,
    ),
    expected: /Operation not permitted/,
  },
  {
    title: 'an exec has the filter of the container',
    observe: on(
      place,
      ['sleep', '1000'],
      { edit: withProfile([{ names: makeDirectory, action: 'SCMP_ACT_ERRNO' }]) },
      async (container) => {
        await container.start();
        return (await container.exec({ args: ['mkdir', '/x'] })).stderr;
      },
    ),
    expected: /Operation not permitted/,
  },
  {
    title: 'a filter with a flag of the kernel is installed',
    observe: on(
      place,
      ['mkdir', '/x'],
      {
        edit: withProfile([{ names: makeDirectory, action: 'SCMP_ACT_ERRNO' }], { flags: ['SECCOMP_FILTER_FLAG_LOG'] }),
      },
      async (container) => (await container.run()).stderr,
    ),
    expected: /Operation not permitted/,
  },
];

/** Enough for busybox’s shell and for each runtime between the filter and the program. */
const allowed = [
  'access',
  'arch_prctl',
  'brk',
  'capget',
  'capset',
  'chdir',
  'clock_gettime',
  'clone',
  'clone3',
  'close',
  'close_range',
  'dup2',
  'dup3',
  'epoll_create1',
  'epoll_ctl',
  'epoll_pwait',
  'execve',
  'execveat',
  'exit',
  'exit_group',
  'faccessat',
  'faccessat2',
  'fchdir',
  'fchown',
  'fcntl',
  'fork',
  'fstat',
  'fstatfs',
  'futex',
  'getcwd',
  'getdents64',
  'getegid',
  'geteuid',
  'getgid',
  'getpgrp',
  'getpid',
  'getppid',
  'getrandom',
  'gettid',
  'getuid',
  'ioctl',
  'lseek',
  'lstat',
  'madvise',
  'mmap',
  'mprotect',
  'munmap',
  'nanosleep',
  'newfstatat',
  'open',
  'openat',
  'openat2',
  'pipe',
  'pipe2',
  'poll',
  'ppoll',
  'prctl',
  'pread64',
  'prlimit64',
  'read',
  'readlink',
  'readlinkat',
  'recvmsg',
  'rseq',
  'rt_sigaction',
  'rt_sigprocmask',
  'rt_sigreturn',
  'sched_getaffinity',
  'sched_yield',
  'select',
  'seccomp',
  'sendmsg',
  'set_robust_list',
  'set_tid_address',
  'setgid',
  'setgroups',
  'setresgid',
  'setresuid',
  'setsid',
  'setuid',
  'sigaltstack',
  'socketpair',
  'stat',
  'statfs',
  'statx',
  'sysinfo',
  'tgkill',
  'uname',
  'unshare',
  'vfork',
  'wait4',
  'waitid',
  'write',
  'writev',
];

const wrong: readonly Refused[] = [
  [
    'an unknown action of seccomp is refused',
    withProfile([{ names: ['mkdir'], action: 'SCMP_ACT_LAUGH' }]),
    /SCMP_ACT_LAUGH|action/i,
  ],
  [
    'an unknown default action of seccomp is refused',
    withProfile([], { defaultAction: 'SCMP_ACT_LAUGH' }),
    /SCMP_ACT_LAUGH|action/i,
  ],
  ['an unknown architecture of seccomp is refused', withProfile([], { architectures: ['SCMP_ARCH_Z80'] }), /Z80|arch/i],
  [
    'an unknown operator of seccomp is refused',
    withProfile(onMode([{ index: 1, op: 'SCMP_CMP_LIKE', value: 1 }])),
    /SCMP_CMP_LIKE|operator/i,
  ],
  [
    'an unknown flag of seccomp is refused',
    withProfile([{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }], { flags: ['SECCOMP_FILTER_FLAG_FUN'] }),
    /FLAG_FUN|flag/i,
  ],
];
