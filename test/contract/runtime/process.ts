// The process that the configuration describes: program, arguments, environment, working directory, identity, limits.
// @source oci-runtime config#process
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { must } from '../../helpers/shell.ts';
import {
  type Behaviour,
  on,
  type Refused,
  readings,
  refusalOf,
  refusals,
  refusedWhole,
  type Suite,
} from '../behaviour.ts';
import type { Document, Place } from '../place.ts';

export const processSuite: Suite = (place) => [
  ...plainReadings(place),
  ...userReadings(place),
  ...limitReadings(place),
  ...programs(place),
  ...ownStreams(place),
  ...refusals(place, wrong, { prepare: (rootfs) => writeFileSync(`${rootfs}/etc/text`, 'no program\n') }),
];

const status = (field: string): string => `grep '^${field}:' /proc/self/status | cut -f2-`;

const plainReadings = (place: Place): Behaviour[] =>
  readings(
    place,
    {
      edit: ({ process }) => {
        process.cwd = '/made/by/runtime';
        process.env = ['PATH=/bin', 'WORDS=two words', 'EMPTY=', 'TWICE=first', 'TWICE=last', 'SIGNS=$HOME "x"'];
        process.noNewPrivileges = true;
      },
    },
    [
      ['the program runs in process.cwd, which is made when it is missing', 'pwd', '/made/by/runtime'],
      ['a variable of process.env keeps its spaces', 'echo "$WORDS"', 'two words'],
      ['a variable of process.env may be empty', "env | grep '^EMPTY='", 'EMPTY='],
      ['signs of a shell in process.env are not interpreted', 'echo "$SIGNS"', '$HOME "x"'],
      ['HOME is set from the user database or to / when process.env has none', 'echo $HOME', '/'],
      [
        'the environment has nothing of the runtime’s own',
        "env | cut -d= -f1 | grep -Ev '^(PATH|WORDS|EMPTY|TWICE|SIGNS|HOME|PWD|SHLVL|_)$'; echo none",
        'none',
      ],
      [
        'the first process has pid 1 in a new pid namespace',
        "ps -o pid,args | grep '[s]h -c' | head -n 1 | awk '{print $1}'",
        '1',
      ],
      ['the first process leads its session', "awk '{print $6}' /proc/1/stat", '1'],
      ['standard input, output and error are the only descriptors', 'ls /proc/1/fd | tr "\\n" " "', '0 1 2'],
      ['noNewPrivileges sets no_new_privs', status('NoNewPrivs'), '1'],
      ['no signal is blocked', status('SigBlk'), '0000000000000000'],
      ['the program’s standard input is that of the runtime', 'wc -c', '0'],
    ],
  );

const userReadings = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: ({ process }) => {
        process.user = { uid: 1000, gid: 1001, additionalGids: [5, 2147483647], umask: 0o27 };
        delete process.noNewPrivileges;
      },
      prepare: (rootfs) => writeFileSync(`${rootfs}/etc/passwd`, 'someone:x:1000:1001::/home/some one:/bin/sh\n'),
    },
    [
      ['the real, effective, saved and file uid are process.user.uid', status('Uid'), '1000\t1000\t1000\t1000'],
      ['the real, effective, saved and file gid are process.user.gid', status('Gid'), '1001\t1001\t1001\t1001'],
      ['the supplementary groups are exactly additionalGids', status('Groups'), '5 2147483647'],
      ['a umask of process.user is set', 'umask', '0027'],
      ['HOME comes from the container’s own /etc/passwd', 'echo "$HOME"', '/home/some one'],
      ['a user other than root has no effective capability', status('CapEff'), '0000000000000000'],
      ['a user other than root has no permitted capability', status('CapPrm'), '0000000000000000'],
      ['without noNewPrivileges no_new_privs is off', status('NoNewPrivs'), '0'],
      [
        'the user may write to a regular file that is its standard output through /proc/self/fd',
        'echo through >> /proc/self/fd/1',
        'through',
      ],
    ],
  ),
  ...readings(place, { edit: ({ process }) => Object.assign(process, { user: { uid: 0, gid: 0 } }) }, [
    ['the umask is 0022 when the configuration has none', 'umask', '0022'],
    ['without additionalGids there are no supplementary groups', status('Groups'), ''],
  ]),
];

const ownStreams = (place: Place): Behaviour[] => [
  ...readings(place, { edit: ({ process }) => Object.assign(process.user, { additionalGids: [4294967294] }) }, [
    ['a supplementary group above 2147483647 is honoured', status('Groups'), '4294967294'],
  ]),
  {
    title: 'the user may write to a pipe that is its standard output through /proc/self/fd',
    observe: on(
      place,
      ['sh', '-c', 'echo through > /proc/self/fd/1'],
      { edit: ({ process }) => Object.assign(process.user, { uid: 1000, gid: 1000 }) },
      async (container) => {
        const fifo = `${container.bundle}/fifo`;
        await must('mkfifo', [fifo]);
        const end = openSync(fifo, 'r+');
        const into = { output: fifo, errors: `${container.bundle}/errors` };
        await place.spawn(['run', '--bundle', container.bundle, container.id], { into }).ended;
        closeSync(end);
        return readFileSync(into.errors, 'utf8');
      },
    ),
    expected: '',
  },
];

const bits = (...numbers: readonly number[]): string =>
  numbers
    .reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n)
    .toString(16)
    .padStart(16, '0');

/** @source uapi linux/capability.h */
const [chown, kill, setgid, netBind] = [0, 5, 6, 10];

const limitReadings = (place: Place): Behaviour[] => [
  ...readings(
    place,
    {
      edit: ({ process }) => {
        process.capabilities = {
          bounding: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SETGID', 'CAP_NET_BIND_SERVICE'],
          permitted: ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],
          inheritable: ['CAP_KILL', 'CAP_NET_BIND_SERVICE'],
          effective: ['CAP_CHOWN', 'CAP_KILL'],
          ambient: ['CAP_KILL'],
        };
        process.user = { uid: 7, gid: 7 };
      },
    },
    [
      ['the bounding set is capabilities.bounding', status('CapBnd'), bits(chown, kill, setgid, netBind)],
      ['the inheritable set is capabilities.inheritable', status('CapInh'), bits(kill, netBind)],
      ['the ambient set is capabilities.ambient', status('CapAmb'), bits(kill)],
      ['a user other than root has the ambient capabilities as permitted ones', status('CapPrm'), bits(kill)],
      ['a user other than root has the ambient capabilities as effective ones', status('CapEff'), bits(kill)],
    ],
  ),
  ...readings(
    place,
    {
      edit: ({ process }) => {
        process.rlimits = [
          // Equal: runc’s own Go may raise the soft limit to the hard one meanwhile.
          { type: 'RLIMIT_NOFILE', soft: 456, hard: 456 },
          { type: 'RLIMIT_CORE', soft: 0, hard: 4096 },
          { type: 'RLIMIT_NPROC', soft: 77, hard: 99 },
        ];
        process.oomScoreAdj = 321;
        process.capabilities = { bounding: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'], effective: ['CAP_CHOWN'] };
      },
    },
    [
      ['RLIMIT_NOFILE has its value', 'ulimit -Sn; ulimit -Hn', '456\n456'],
      ['RLIMIT_CORE has its soft and its hard value', "awk '/^Max core/ {print $5, $6}' /proc/self/limits", '0 4096'],
      [
        'RLIMIT_NPROC has its soft and its hard value',
        "awk '/^Max processes/ {print $3, $4}' /proc/self/limits",
        '77 99',
      ],
      ['oomScoreAdj is written to oom_score_adj', 'cat /proc/self/oom_score_adj', '321'],
      ['root has the effective capabilities that the configuration lists', status('CapEff'), bits(chown)],
      ['root has no capability beyond the bounding set', status('CapPrm'), bits(chown)],
      [
        'root without capabilities may not do what they allow',
        'mount -t tmpfs none /tmp; echo $?',
        /(denied|permitted)[\s\S]*[^0]$/,
      ],
    ],
  ),
];

const printing = (place: Place, args: readonly string[], edit: (config: Document) => void = () => undefined) => {
  const prepare = (rootfs: string): void =>
    writeFileSync(`${rootfs}/tmp/busy`, '#!/bin/sh\necho busy "$@"\n', { mode: 0o755 });
  return on(place, args, { edit, prepare }, async (container) => {
    const { status, stdout } = await container.run();
    return `${status} ${stdout}`;
  });
};

const inTmp = (config: Document): void => {
  config.process.cwd = '/tmp';
  config.process.env = ['PATH=/bin:/tmp'];
};

const programs = (place: Place): Behaviour[] => [
  {
    title: 'a program without a slash is looked up in the PATH of process.env',
    observe: printing(place, ['busy', 'a b', ''], inTmp),
    expected: '0 busy a b',
  },
  {
    title: 'a program with a slash is relative to process.cwd',
    observe: printing(place, ['./busy', 'x'], inTmp),
    expected: '0 busy x',
  },
  {
    title: 'arguments reach the program as they are',
    observe: printing(place, ['printf', '[%s]', 'a  b', '', '$HOME', 'é\n']),
    expected: '0 [a  b][][$HOME][é\n]',
  },
  {
    title: 'without process.args a container cannot be run',
    observe: on(place, [], { edit: (config) => delete config.process.args }, (container) =>
      refusalOf(container, /args|empty/i),
    ),
    expected: refusedWhole,
  },
  {
    title: 'of a variable that is set twice the last value holds',
    observe: printing(place, ['sh', '-c', 'echo $TWICE'], ({ process }) => process.env.push('TWICE=1', 'TWICE=2')),
    expected: '0 2',
  },
  {
    title: 'a container has a session keyring with its name, with --no-new-keyring none',
    observe: async () => {
      const names = async (flags: readonly string[]): Promise<boolean> => {
        await using container = place.container(['cat', '/proc/keys'], {
          edit: ({ linux }) => Object.assign(linux, { maskedPaths: [] }),
        });
        const { stdout } = await container.run(flags);
        return new RegExp(` keyring +(_ses\\.)?${container.id}: `).test(stdout);
      };
      return [await names([]), await names(['--no-new-keyring'])];
    },
    expected: [true, false],
  },
  {
    title: 'an empty HOME in process.env counts as none',
    observe: printing(place, ['sh', '-c', 'echo "[$HOME]"'], ({ process }) => process.env.push('HOME=')),
    expected: '0 [/]',
  },
];

const wrong: readonly Refused[] = [
  [
    'a program that is not in PATH is refused by create',
    ({ process }) => process.args.splice(0, 9, 'nowhere'),
    /nowhere/,
  ],
  [
    'a program with a path that is not there is refused by create',
    ({ process }) => process.args.splice(0, 9, '/no/where'),
    /\/no\/where/,
  ],
  [
    'a file that is not executable is refused by create',
    ({ process }) => process.args.splice(0, 9, '/etc/text'),
    /permission denied/i,
  ],
  [
    'a directory as the program is refused by create',
    ({ process }) => process.args.splice(0, 9, '/etc'),
    /denied|permitted|directory/i,
  ],
  ['a relative process.cwd is refused', ({ process }) => Object.assign(process, { cwd: 'etc' }), /cwd|absolute/i],
  [
    'a process.cwd that is a file is refused',
    ({ process }) => Object.assign(process, { cwd: '/etc/text' }),
    /\/etc\/text|directory/,
  ],
  [
    'an unknown resource limit is refused',
    ({ process }) => Object.assign(process, { rlimits: [{ type: 'RLIMIT_NONE', soft: 1, hard: 1 }] }),
    /RLIMIT_NONE/,
  ],
  [
    'a soft limit above its hard limit is refused',
    ({ process }) => Object.assign(process, { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 20, hard: 10 }] }),
    /rlimit|NOFILE/i,
  ],
  ['an oomScoreAdj beyond 1000 is refused', ({ process }) => Object.assign(process, { oomScoreAdj: 1001 }), /oom/i],
  ['a configuration without process is refused by create', (config) => delete config.process, /process/],
];
