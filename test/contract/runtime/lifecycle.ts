// A container's life: what create, start, kill and delete do, what a state says, and which verb a status refuses.
// @source oci-runtime runtime#lifecycle, runtime#operations, runtime#state

import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, once, type Suite } from '../behaviour.ts';
import type { Container } from '../container.ts';
import type { Place } from '../place.ts';

export const lifecycleSuite: Suite = (place) => [
  ...created(place),
  ...running(place),
  ...refusalsByStatus(place),
  ...allowed(place),
  ...ended(place),
  ...unknownOnes(place),
];

const sleeping = ['sleep', '1000'];
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

const annotated = (place: Place): Container =>
  place.container(['sh', '-c', 'touch /ran; exec sleep 1000'], {
    edit: (config) => {
      config.annotations = { 'org.example.key': 'value', 'org.example.empty': '' };
    },
  });

function created(place: Place): Behaviour[] {
  const container = once(() => place.keep(annotated(place)).created());
  const state = async (field: string) => (await (await container()).state())[field];
  return [
    { title: 'after create the status is created', observe: () => state('status'), expected: 'created' },
    {
      title: 'the state has the id',
      observe: async () => (await state('id')) === (await container()).id,
      expected: true,
    },
    {
      title: 'the state has the absolute path of the bundle',
      observe: async () => (await state('bundle')) === (await container()).bundle,
      expected: true,
    },
    {
      title: 'the state has a version of the specification',
      observe: () => state('ociVersion'),
      expected: /^1\.\d+\.\d+/,
    },
    {
      title: 'the state has the annotations of the configuration',
      observe: () => state('annotations'),
      expected: { 'org.example.key': 'value', 'org.example.empty': '' },
    },
    {
      title: 'the state has the pid of a living process',
      observe: async () => isAlive(await state('pid')),
      expected: true,
    },
    {
      title: '--pid-file has the pid of the state, without a line break',
      observe: async () => readFileSync(`${(await container()).bundle}/pid`, 'utf8') === String(await state('pid')),
      expected: true,
    },
    {
      title: 'the program does not run before start',
      observe: async () => existsSync(`${(await container()).rootfs}/ran`),
      expected: false,
    },
    {
      title: 'the namespaces are there before start',
      observe: async () => {
        const pid = await state('pid');
        return ['pid', 'mnt', 'net', 'ipc', 'uts'].filter(
          (name) => readlinkSync(`/proc/${pid}/ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`),
        );
      },
      expected: [],
    },
    {
      title: 'a second create with the same id is refused',
      observe: async () => {
        const { status, stderr } = await (await container()).create();
        return `${status !== 0} ${stderr}`;
      },
      expected: /^true .*exist/,
    },
    {
      title: 'a refused create leaves the container of that id as it was',
      observe: async () => [await state('status'), isAlive(await state('pid'))],
      expected: ['created', true],
    },
  ];
}

const running = (place: Place): Behaviour[] => [
  {
    title: 'start runs the program and the status is running',
    observe: on(place, ['sh', '-c', 'echo ran; exec sleep 1000'], {}, async (container) => {
      await container.start();
      await container.says(/ran/);
      return container.status();
    }),
    expected: 'running',
  },
  {
    title: 'start leaves the pid as it was after create',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      return (await container.state()).pid === container.pid;
    }),
    expected: true,
  },
  {
    title: 'a change of config.json after create changes nothing',
    observe: on(place, ['echo', 'first'], {}, async (container) => {
      await container.created();
      const config = { ...container.config, process: { ...container.config.process, args: ['echo', 'second'] } };
      writeFileSync(`${container.bundle}/config.json`, JSON.stringify(config));
      await container.verb('start');
      return container.says(/\n/);
    }),
    expected: 'first',
  },
];

const ways: Readonly<Record<string, (container: Container) => Promise<unknown>>> = {
  created: (container) => container.created(),
  running: (container) => container.start(),
  paused: async (container) => (await container.start()).verb('pause'),
  stopped: async (container) => (await container.start()).stopped(),
};

const verbs: Readonly<Record<string, readonly string[]>> = {
  start: ['start'],
  exec: ['exec'],
  kill: ['kill', 'KILL'],
  pause: ['pause'],
  resume: ['resume'],
  delete: ['delete'],
};

const call = (container: Container, verb: string) =>
  verb === 'exec' ? container.exec({ args: ['true'] }) : container.verb(...(verbs[verb] as [string]));

/** A refused verb changes nothing, so one container of a status serves all of its refusals. */
function refusalsByStatus(place: Place): Behaviour[] {
  const refused: Readonly<Record<string, readonly string[]>> = {
    created: ['resume', 'delete'],
    running: ['start', 'resume', 'delete'],
    paused: ['start', 'exec', 'pause', 'delete'],
    stopped: ['start', 'exec', 'kill', 'pause', 'resume'],
  };
  return Object.entries(refused).flatMap(([status, names]) => {
    const bring = async (): Promise<Container> => {
      const container = place.keep(place.container(sleeping));
      await ways[status]?.(container);
      return container;
    };
    const shared = once(bring);
    return names.map((verb) => ({
      title: `${verb} of a container that is ${status} is refused and changes nothing`,
      observe: async () => {
        const container = await shared();
        const { status: answer } = await call(container, verb);
        const after = await container.verb('state');
        return [answer !== 0, after.status === 0 ? JSON.parse(after.stdout).status : 'deleted'];
      },
      expected: [true, status],
    }));
  });
}

/** [statement, how it comes there, the verb, the status then] */
const steps: readonly (readonly [title: string, from: string, verb: string, to: string])[] = [
  ['kill ends a container that is created', 'created', 'kill', 'stopped'],
  ['kill ends a container that is running', 'running', 'kill', 'stopped'],
  ['pause makes a running container paused', 'running', 'pause', 'paused'],
  ['resume makes a paused container running', 'paused', 'resume', 'running'],
  ['exec in a created container leaves it created', 'created', 'exec', 'created'],
];

const allowed = (place: Place): Behaviour[] =>
  steps.map(([title, from, verb, to]) => ({
    title,
    observe: on(place, sleeping, {}, async (container) => {
      await ways[from]?.(container);
      const { status, stderr } = await call(container, verb);
      if (to === 'stopped') await container.reaches(to);
      return status === 0 ? container.status() : `status ${status}: ${stderr}`;
    }),
    expected: to,
  }));

const ended = (place: Place): Behaviour[] => [
  {
    title: 'a container whose program has ended is stopped',
    observe: on(place, ['true'], {}, async (container) => {
      await container.start();
      await container.reaches('stopped');
      return (await container.state()).pid;
    }),
    expected: 0,
  },
  {
    title: 'delete removes the state and the cgroups',
    observe: on(place, ['true'], {}, async (container) => {
      await (await container.start()).reaches('stopped');
      const { status } = await container.verb('delete');
      return { status, left: container.left() };
    }),
    expected: { status: 0, left: [] },
  },
  {
    title: 'delete leaves the bundle alone',
    observe: on(place, ['touch', '/made'], {}, async (container) => {
      await (await container.start()).reaches('stopped');
      await container.verb('delete');
      return existsSync(`${container.rootfs}/made`) && existsSync(`${container.bundle}/config.json`);
    }),
    expected: true,
  },
  {
    title: 'an id is free again after delete',
    observe: on(place, ['echo', 'again'], {}, async (container) => {
      await (await container.start()).reaches('stopped');
      await container.verb('delete');
      return (await container.run()).stdout;
    }),
    expected: 'again',
  },
  {
    title: 'delete --force ends and removes a running container',
    observe: on(place, sleeping, {}, async (container) => {
      const { pid } = await container.start();
      const { status } = await container.verb('delete', '--force');
      return { status, left: container.left(), isAlive: isAlive(pid) };
    }),
    expected: { status: 0, left: [], isAlive: false },
  },
  {
    title: 'delete --force removes a paused container',
    observe: on(place, sleeping, {}, async (container) => {
      await (await container.start()).verb('pause');
      const { status } = await container.verb('delete', '--force');
      return { status, left: container.left() };
    }),
    expected: { status: 0, left: [] },
  },
  {
    title: 'delete --force ends what forks without end and has no pid namespace',
    observe: on(
      place,
      ['sh', '-c', 'while :; do sh -c "sleep 1000 & sleep 1000" & sleep 0.01; done 2>/dev/null'],
      {
        edit: ({ linux }) => {
          linux.namespaces = linux.namespaces.filter(({ type }: { type: string }) => type !== 'pid');
          linux.resources.pids = { limit: 30 };
        },
      },
      async (container) => {
        await container.start();
        const isMany = (): boolean => Number(container.cgroupFile('pids.current')) > 10;
        await waitUntil(isMany, { what: 'ten processes' });
        const { status } = await container.verb('delete', '--force');
        return { status, left: container.left() };
      },
    ),
    expected: { status: 0, left: [] },
  },
  {
    title: 'the end of the first process ends every process of its pid namespace',
    observe: on(place, ['sh', '-c', 'sleep 1000 & sleep 1000 & exec sleep 1000'], {}, async (container) => {
      await container.start();
      await container.stopped();
      return readFileSync(`${container.cgroup('pids')}/cgroup.procs`, 'utf8');
    }),
    expected: '',
  },
];

const unknownOnes = (place: Place): Behaviour[] => [
  ...['state', 'start', 'kill', 'delete', 'pause', 'resume', 'ps'].map((verb) => ({
    title: `${verb} of an id that does not exist is refused`,
    observe: async () => {
      const { status, stderr } = await place.call([verb, 'nobody', ...(verb === 'kill' ? ['KILL'] : [])]);
      return `${status !== 0} ${stderr}`;
    },
    expected: /^true .*(not exist|no such file|nobody)/i,
  })),
  {
    title: 'delete --force of an id that does not exist succeeds',
    observe: async () => (await place.call(['delete', '--force', 'nobody'])).status,
    expected: 0,
  },
];
