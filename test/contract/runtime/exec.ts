// More processes in a container: what they share with the first one, what their own document changes, how their end is told.
// @source man runc-exec(8)
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, once, type Suite } from '../behaviour.ts';
import { succeeded } from '../container.ts';
import type { Document, Place } from '../place.ts';

export const execSuite: Suite = (place) => [...inOne(place), ...byFlags(place), ...others(place)];

const sleeping = ['sleep', '1000'];

const containerOf = (place: Place) =>
  place.container(sleeping, {
    edit: (config) => {
      config.process.cwd = '/tmp';
      config.process.env.push('FROM=container');
    },
  });

/** [statement, change of the container's process, what is printed, what it is expected to be] */
type Row = readonly [title: string, script: string, change: Document, expected: string];

const rows: readonly Row[] = [
  ['an exec has the user of its document', 'id -u; id -g', { user: { uid: 12, gid: 34 } }, '0 12\n34'],
  [
    'an exec has the supplementary groups of its document',
    'id -G',
    { user: { uid: 0, gid: 0, additionalGids: [5, 6] } },
    '0 0 5 6',
  ],
  ['an exec has the working directory of its document', 'pwd', { cwd: '/etc' }, '0 /etc'],
  ['an exec has only the environment of its document', 'echo "$FROM|$OWN"', { env: ['PATH=/bin', 'OWN=1'] }, '0 |1'],
  ['an exec has the umask of its document', 'umask', { user: { uid: 0, gid: 0, umask: 0o77 } }, '0 0077'],
  [
    'an exec has no_new_privs when its document has it',
    'grep NoNewPrivs /proc/self/status | cut -f2',
    { noNewPrivileges: true },
    '0 1',
  ],
  [
    'an exec has the resource limits of its document',
    'ulimit -Sc; ulimit -Hc',
    { rlimits: [{ type: 'RLIMIT_CORE', soft: 512, hard: 1024 }] },
    '0 1\n2',
  ],
  [
    'an exec has the capabilities of its document',
    'grep -E "Cap(Eff|Bnd)" /proc/self/status | cut -f2',
    { capabilities: { bounding: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'], effective: ['CAP_CHOWN'] } },
    '0 0000000000000001\n0000000000000001',
  ],
  ['an exec has the oom_score_adj of its document', 'cat /proc/self/oom_score_adj', { oomScoreAdj: 77 }, '0 77'],
  ['the status of an exec is that of its program', 'exit 42', {}, '42'],
  ['the status of an exec that a signal ends is 128 and its number', 'kill -TERM $$', {}, '143'],
  ['an exec has a session of its own', '[ $(cut -d" " -f6 /proc/$$/stat) = $$ ] && echo own', {}, '0 own'],
];

function inOne(place: Place): Behaviour[] {
  const container = once(() => place.keep(containerOf(place)).start());
  const exec = async (change: Document, ...more: string[]) => (await container()).exec(change, more);
  const namespaces = ['pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup'];
  return [
    ...rows.map(([title, script, change, expected]) => ({
      title,
      observe: async () => {
        const { status, stdout } = await exec({ ...change, args: ['sh', '-c', script] });
        return `${status} ${stdout}`;
      },
      expected,
    })),
    {
      title: 'an exec is in the namespaces of the container',
      observe: async () => {
        const { stdout } = await exec({
          args: ['sh', '-c', `for n in ${namespaces.join(' ')}; do readlink /proc/self/ns/$n; done`],
        });
        const { pid } = await container();
        return stdout.trim() === namespaces.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`)).join('\n');
      },
      expected: true,
    },
    {
      title: 'an exec is in the cgroups of the container',
      observe: async () => {
        const { stdout } = await exec({ args: ['cat', '/proc/self/cgroup'] });
        const versionOne = (text: string) => text.split('\n').filter((line) => !line.startsWith('0::'));
        const { pid } = await container();
        const own = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        return versionOne(stdout).join() === versionOne(own).join();
      },
      expected: true,
    },
    {
      title: 'the standard error of an exec is its own',
      observe: async () => {
        const { stdout, stderr } = await exec({ args: ['sh', '-c', 'echo out; echo err >&2'] });
        return [stdout, stderr];
      },
      expected: ['out\n', 'err\n'],
    },
    {
      title: 'an exec of a program that is not there is refused and named',
      observe: async () => {
        const { status, stderr } = await exec({ args: ['nowhere'] });
        return `${status !== 0} ${stderr}`;
      },
      expected: /^true [\s\S]*nowhere/,
    },
    {
      title: 'several execs at once have their own output and status',
      observe: async () => {
        const all = [3, 4, 5, 6].map(async (n) => {
          const { status, stdout } = await exec({ args: ['sh', '-c', `echo got ${n}; exit ${n}`] });
          return `${status} ${stdout.trim()}`;
        });
        return (await Promise.all(all)).sort();
      },
      expected: ['3 got 3', '4 got 4', '5 got 5', '6 got 6'],
    },
    {
      title: 'a detached exec is left running, its pid in the file',
      observe: async () => {
        const file = `${(await container()).bundle}/exec.pid`;
        const { status } = await exec({ args: ['sleep', '999'] }, '--detach', '--pid-file', file);
        const pid = readFileSync(file, 'utf8');
        await waitUntil(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\u0000999\u0000', {
          what: 'the program',
        });
        process.kill(Number(pid), 'SIGKILL');
        return status;
      },
      expected: 0,
    },
    {
      title: 'an exec that fails leaves the container running',
      observe: async () => {
        await exec({ args: ['nowhere'] });
        return (await container()).status();
      },
      expected: 'running',
    },
  ];
}

/** [statement, flags, script, status and output] */
const flagged: readonly (readonly [title: string, flags: readonly string[], script: string, expected: string])[] = [
  [
    'exec without flags has the environment and the directory of the container',
    [],
    'echo "$FROM"; pwd',
    '0 container\n/tmp',
  ],
  ['exec --cwd sets the working directory', ['--cwd=/etc'], 'pwd', '0 /etc'],
  [
    'exec --env adds to the environment of the container',
    ['--env=OWN=1', '--env=MORE=2'],
    'echo "$FROM $OWN $MORE"',
    '0 container 1 2',
  ],
  ['exec --user takes uid:gid', ['--user=12:34'], 'id -u; id -g', '0 12\n34'],
  ['exec --no-new-privs sets no_new_privs', ['--no-new-privs'], 'grep NoNewPrivs /proc/self/status | cut -f2', '0 1'],
  [
    'exec --cap adds a capability',
    ['--cap=CAP_SYS_ADMIN'],
    'grep CapEff /proc/self/status | cut -f2',
    '0 0000000020200420',
  ],
  ['exec --additional-gids adds groups', ['--additional-gids=12', '--additional-gids=34'], 'id -G', '0 0 12 34'],
  ['exec gives the status of its program', [], 'exit 9', '9'],
];

function byFlags(place: Place): Behaviour[] {
  const container = once(() => place.keep(containerOf(place)).start());
  return flagged.map(([title, flags, script, expected]) => ({
    title,
    observe: async () => {
      const { status, stdout } = await (await container()).execute(flags, ['sh', '-c', script]);
      return `${status} ${stdout}`;
    },
    expected,
  }));
}

const others = (place: Place): Behaviour[] => [
  {
    title: 'exec --preserve-fds 1 hands on descriptor 3',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      writeFileSync(`${container.bundle}/handed`, 'handed on');
      const descriptor = openSync(`${container.bundle}/handed`, 'r');
      const words = ['sh', '-c', 'cat <&3'];
      const { stdout } = await container.execute(['--preserve-fds=1'], words, { descriptors: [descriptor] });
      closeSync(descriptor);
      return stdout;
    }),
    expected: 'handed on',
  },
  {
    title: 'exec hands a signal on to its program, and gives its status',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      const into = { output: `${container.bundle}/exec-output`, errors: `${container.bundle}/exec-errors` };
      const script = 'trap "echo term; exit 3" TERM; echo up; while :; do sleep 0.02; done';
      const { child, ended } = place.spawn(['exec', container.id, 'sh', '-c', script], { into });
      const output = (): string => readFileSync(into.output, 'utf8');
      await waitUntil(() => output() !== '', { what: 'the exec' });
      child.kill('SIGTERM');
      return `${await ended} ${output()}`;
    }),
    expected: '3 up\nterm',
  },
  {
    title: 'exec --ignore-paused runs when the container is resumed, without it the exec is refused',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      succeeded(await container.verb('pause'));
      const refused = (await container.execute([], ['true'])).status !== 0;
      const into = { output: `${container.bundle}/exec-output`, errors: `${container.bundle}/exec-errors` };
      const { ended } = place.spawn(['exec', '--ignore-paused', container.id, 'echo', 'ran'], { into });
      const members = () =>
        readFileSync(`${container.cgroup('freezer')}/tasks`, 'utf8')
          .trim()
          .split('\n');
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      // Its process stands still as soon as it is in there.
      await waitUntil(() => isOver || members().length > 1, { what: 'the exec to come into the cgroup' });
      const early = readFileSync(into.output, 'utf8');
      succeeded(await container.verb('resume'));
      return [refused, early, await ended, readFileSync(into.output, 'utf8')];
    }),
    expected: [true, '', 0, 'ran\n'],
  },
  {
    title: 'an exec in a created container runs before its program does',
    observe: on(place, ['sh', '-c', 'touch /ran; exec sleep 1000'], {}, async (container) => {
      await container.created();
      const { status, stdout } = await container.exec({ args: ['sh', '-c', 'ls /ran 2>/dev/null; echo early'] });
      return `${status} ${stdout} ${existsSync(`${container.rootfs}/ran`)}`;
    }),
    expected: /^0 early\s+false$/,
  },
  {
    title: 'the end of the container ends its execs',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      const file = `${container.bundle}/exec.pid`;
      await container.exec({ args: ['sleep', '998'] }, ['--detach', '--pid-file', file]);
      const pid = readFileSync(file, 'utf8');
      await container.stopped();
      await waitUntil(() => !existsSync(`/proc/${pid}/exe`), { what: 'the exec to end' });
      return existsSync(`/proc/${pid}/exe`);
    }),
    expected: false,
  },
  {
    title: 'kill reaches only the first process, kill --all every one',
    observe: on(place, ['sh', '-c', 'trap "echo first" USR1; while :; do sleep 0.05; done'], {}, async (container) => {
      await container.start();
      const output = `${container.bundle}/exec-output`;
      const child = ['sh', '-c', 'trap "echo second; exit" USR1; echo ready; while :; do sleep 0.05; done'];
      const ended = container.exec({ args: child }, [], { into: { output, errors: `${output}-errors` } });
      await waitUntil(() => existsSync(output) && /ready/.test(readFileSync(output, 'utf8')), { what: 'the exec' });
      await container.verb('kill', 'USR1');
      await container.says(/first/);
      const before = readFileSync(output, 'utf8');
      await container.verb('kill', '--all', 'USR1');
      await ended;
      return [before, readFileSync(output, 'utf8')];
    }),
    expected: ['ready\n', 'ready\nsecond\n'],
  },
];
