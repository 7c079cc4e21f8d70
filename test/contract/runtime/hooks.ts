// Hooks: each phase in its place of the life, in its namespaces, with the state on standard input; what a failure does.
// @source oci-runtime config#posix-platform-hooks, runtime#lifecycle
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, once, type Refused, refusals, type Suite } from '../behaviour.ts';
import type { Document, Place } from '../place.ts';

export const hooksSuite: Suite = (place) => [...life(place), ...failures(place), ...refusals(place, wrong)];

const phases = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;
type Phase = (typeof phases)[number];

/** Appends one JSON line: the phase, the state that it read, namespaces, arguments and environment. */
const script = `#!/bin/sh
state=$(cat)
env=$(env | cut -d= -f1 | grep -vE '^(PWD|SHLVL|_|OLDPWD)$' | sort | tr '\\n' ' ')
echo "{\\"phase\\":\\"$1\\",\\"state\\":$state,\\"mnt\\":\\"$(readlink /proc/self/ns/mnt)\\",\\"net\\":\\"$(readlink /proc/self/ns/net)\\",\\"zero\\":\\"$ZERO\\",\\"env\\":\\"$env\\",\\"given\\":\\"$GIVEN\\",\\"hostname\\":\\"$(cat /proc/sys/kernel/hostname)\\"}" >> "$OUT"
`;

interface Line {
  phase: Phase;
  state: Document;
  mnt: string;
  net: string;
  env: string;
  given: string;
  hostname: string;
}

interface Life {
  lines: Line[];
  id: string;
  bundle: string;
  pid: number;
  namespaces: { mnt: string; net: string };
}

/** One container through its whole life, two hooks a phase. */
async function liveWith(place: Place): Promise<Life> {
  const out = `${place.folder}/hooks`;
  mkdirSync(out);
  writeFileSync(`${out}/hook`, script);
  writeFileSync(`${out}/log`, '');
  chmodSync(`${out}/hook`, 0o755);
  const hook = (phase: Phase, given: string): Document => ({
    path: `${out}/hook`,
    args: ['zeroth', phase],
    env: ['PATH=/usr/bin:/bin', `OUT=${out}/log`, `GIVEN=${given}`],
    timeout: 20,
  });
  const edit = (config: Document): void => {
    config.hostname = 'hooked';
    config.annotations = { key: 'value' };
    config.mounts.push({ destination: out, source: out, type: 'bind', options: ['rbind'] });
    config.hooks = Object.fromEntries(phases.map((phase) => [phase, [hook(phase, 'first'), hook(phase, 'second')]]));
  };
  await using container = place.container(['sh', '-c', `echo program >> ${out}/program; sleep 1000`], { edit });
  await container.created();
  appendFileSync(`${out}/log`, '{"phase":"created"}\n');
  const namespaces = {
    mnt: readlinkSync(`/proc/${container.pid}/ns/mnt`),
    net: readlinkSync(`/proc/${container.pid}/ns/net`),
  };
  await container.verb('start');
  appendFileSync(`${out}/log`, '{"phase":"started"}\n');
  await waitUntil(() => existsSync(`${out}/program`), { what: 'the program' });
  await container.stopped();
  await container.verb('delete');
  const lines = readFileSync(`${out}/log`, 'utf8').trim().split('\n');
  return {
    lines: lines.map((line) => JSON.parse(line)),
    id: container.id,
    bundle: container.bundle,
    pid: container.pid,
    namespaces,
  };
}

/** These phases in the order of the lines, each once. */
const steps = (lines: readonly Line[], wanted: readonly string[]): string[] => [
  ...new Set(lines.map(({ phase }) => phase as string).filter((phase) => wanted.includes(phase))),
];

function life(place: Place): Behaviour[] {
  const lived = once(() => liveWith(place));
  const of = async (phase: Phase): Promise<Line[]> => (await lived()).lines.filter((line) => line.phase === phase);
  const statuses: Readonly<Record<Phase, string>> = {
    prestart: 'creating',
    createRuntime: 'creating',
    createContainer: 'creating',
    startContainer: 'created',
    poststart: 'running',
    poststop: 'stopped',
  };
  const inContainer = new Set<Phase>(['createContainer', 'startContainer']);
  return [
    {
      title: 'the hooks of create run in the order of the specification, before it returns',
      observe: async () => steps((await lived()).lines, ['prestart', 'createRuntime', 'createContainer', 'created']),
      expected: ['prestart', 'createRuntime', 'createContainer', 'created'],
    },
    {
      title: 'startContainer hooks run after start is asked for',
      observe: async () => steps((await lived()).lines, ['created', 'startContainer', 'poststop']),
      expected: ['created', 'startContainer', 'poststop'],
    },
    {
      title: 'poststart hooks run after start is asked for and before it returns',
      observe: async () => steps((await lived()).lines, ['created', 'poststart', 'started']),
      expected: ['created', 'poststart', 'started'],
    },
    ...phases.map((phase) => ({
      title: `${phase} hooks run in the order of their list`,
      observe: async () => (await of(phase)).map(({ given }) => given),
      expected: ['first', 'second'],
    })),
    ...phases.map((phase) => ({
      title: `a ${phase} hook reads a state that is ${statuses[phase]}`,
      observe: async () => (await of(phase))[0]?.state.status,
      expected: statuses[phase],
    })),
    ...phases.map((phase) => ({
      title: `a ${phase} hook runs in the mount namespace of the ${inContainer.has(phase) ? 'container' : 'runtime'}`,
      observe: async () => {
        const { mnt } = (await of(phase))[0] as Line;
        const { namespaces } = await lived();
        if (mnt === namespaces.mnt) return 'container';
        return mnt === readlinkSync(`${place.runtime.proc}/ns/mnt`) ? 'runtime' : 'another';
      },
      expected: inContainer.has(phase) ? 'container' : 'runtime',
    })),
    {
      title: 'the state that a hook reads has id, bundle and pid of the container',
      observe: async () => {
        const { id, bundle, pid } = await lived();
        const { state } = (await of('createRuntime'))[0] as Line;
        return [state.id === id, state.bundle === bundle, state.pid === pid];
      },
      expected: [true, true, true],
    },
    {
      title: 'the state that a hook reads has the annotations',
      observe: async () => (await of('createRuntime'))[0]?.state.annotations,
      expected: { key: 'value' },
    },
    {
      title: 'a createRuntime hook finds the network namespace of the container',
      observe: async () => (await of('createRuntime'))[0]?.net === readlinkSync('/proc/self/ns/net'),
      expected: true,
    },
    {
      title: 'a hook has the environment of its document and nothing else',
      observe: async () => (await of('prestart'))[0]?.env,
      expected: 'GIVEN OUT PATH',
    },
    {
      title: 'a startContainer hook sees the host name of the container',
      observe: async () => (await of('startContainer'))[0]?.hostname,
      expected: 'hooked',
    },
  ];
}

const withHooks = (hooks: Document) => (config: Document) => {
  config.hooks = hooks;
};
/** It waits for its end of input or leaves it be: crun fails (EPIPE) now and then when a hook has ended before the state is written. */
const sh = (text: string, more: Document = {}): Document => ({
  path: '/bin/sh',
  args: ['sh', '-c', text.startsWith('sleep') ? text : `cat > /dev/null; ${text}`],
  env: ['PATH=/usr/bin:/bin'],
  ...more,
});

const failures = (place: Place): Behaviour[] => [
  {
    title: 'after a startContainer hook that fails the container is stopped and its program has not run',
    observe: on(
      place,
      ['touch', '/ran'],
      { edit: withHooks({ startContainer: [sh('exit 1')] }) },
      async (container) => {
        await container.created();
        await container.verb('start');
        await container.reaches('stopped');
        return existsSync(`${container.rootfs}/ran`);
      },
    ),
    expected: false,
  },
  {
    title: 'a poststop hook that fails does not stop delete',
    observe: on(place, ['true'], { edit: withHooks({ poststop: [sh('exit 1')] }) }, async (container) => {
      await (await container.start()).reaches('stopped');
      return [(await container.verb('delete')).status, container.left()];
    }),
    expected: [0, []],
  },
  {
    title: 'after a hook that fails no further one of its phase runs',
    observe: async () => {
      const file = `${place.folder}/ran-second`;
      await using container = place.container(['true'], {
        edit: withHooks({ createRuntime: [sh('exit 1'), sh(`touch ${file}`)] }),
      });
      const { status } = await container.create();
      return [status !== 0, existsSync(file)];
    },
    expected: [true, false],
  },
  {
    title: 'a failed create runs the poststop hooks',
    observe: async () => {
      const file = `${place.folder}/ran-poststop`;
      await using container = place.container(['true'], {
        edit: withHooks({ createRuntime: [sh('exit 1')], poststop: [sh(`touch ${file}`)] }),
      });
      await container.create();
      return existsSync(file);
    },
    expected: true,
  },
  {
    title: 'delete --force runs the poststop hooks',
    observe: async () => {
      const file = `${place.folder}/ran-forced`;
      await using container = place.container(['sleep', '1000'], {
        edit: withHooks({ poststop: [sh(`touch ${file}`)] }),
      });
      await container.start();
      await container.verb('delete', '--force');
      return existsSync(file);
    },
    expected: true,
  },
  {
    title: 'a hook that reads nothing of the state is no failure',
    observe: on(
      place,
      ['echo', 'ran'],
      { edit: withHooks({ createRuntime: [sh('sleep 0.1')] }) },
      async (container) => {
        return (await container.run()).stdout;
      },
    ),
    expected: 'ran',
  },
];

const wrong: readonly Refused[] = [
  ['a prestart hook that fails fails create', withHooks({ prestart: [sh('exit 3')] }), /hook|exit|3/i],
  ['a createRuntime hook that fails fails create', withHooks({ createRuntime: [sh('exit 3')] }), /hook|exit|3/i],
  ['a createContainer hook that fails fails create', withHooks({ createContainer: [sh('exit 1')] }), /hook|exit/i],
  [
    'a hook whose program is not there fails create',
    withHooks({ createRuntime: [{ path: '/no/where' }] }),
    /no\/where|hook/,
  ],
  [
    'a hook that takes longer than its timeout fails create',
    withHooks({ createRuntime: [sh('exec sleep 60', { timeout: 1 })] }),
    /hook|time|1 s/i,
  ],
  [
    'a relative path of a hook is refused',
    // One that reads the state that is written to it: else a runtime that runs it may meet a pipe that nobody reads any more.
    withHooks({ createRuntime: [{ path: 'cat' }] }),
    /path|absolute|hook|cat/i,
  ],
];
