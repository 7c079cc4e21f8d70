// The command line: exit statuses, signals, options of run, descriptors, logs, list, spec, features.
// @source man runc(8)
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Behaviour, on, once, readings, type Suite } from '../behaviour.ts';
import { type Container, succeeded } from '../container.ts';
import type { Document, Place } from '../place.ts';

export const commandLineSuite: Suite = (place) => [
  ...readings(place, { withoutPlan: true }, [
    ['a bundle needs nothing but config.json and its root filesystem', 'echo ran', 'ran'],
  ]),
  ...statuses(place),
  ...flags(place),
  ...runs(place),
  ...descriptors(place),
  ...logs(place),
  ...lists(place),
  ...documents(place),
];

const sleeping = ['sleep', '1000'];
const statusOf = (place: Place, script: string) =>
  on(place, ['sh', '-c', script], {}, async (container) => (await container.run()).status);

const statuses = (place: Place): Behaviour[] => [
  { title: 'the status of run is that of the program', observe: statusOf(place, 'exit 7'), expected: 7 },
  { title: 'run of a program that ends well gives 0', observe: statusOf(place, 'true'), expected: 0 },
  {
    title: 'the status of run is 128 and the number of the signal that ended the program',
    observe: on(place, sleeping, {}, async (container) => {
      const ended = container.run();
      await container.appears();
      await container.verb('kill', 'KILL');
      return (await ended).status;
    }),
    expected: 137,
  },
  {
    title: 'run hands a signal on to the program',
    observe: on(
      place,
      ['sh', '-c', 'trap "exit 5" TERM; echo up; while :; do sleep 0.02; done'],
      {},
      async (container) => {
        const into = { output: `${container.bundle}/output`, errors: `${container.bundle}/errors` };
        const { child, ended } = place.spawn(['run', '--bundle', container.bundle, container.id], { into });
        await container.says(/up/);
        child.kill('SIGTERM');
        return ended;
      },
    ),
    expected: 5,
  },
  ...[
    ['TERM', 'kill takes the name of a signal'],
    ['SIGTERM', 'kill takes the name of a signal with SIG'],
    ['15', 'kill takes the number of a signal'],
    [undefined, 'kill without a signal sends TERM'],
  ].map(
    ([signal, title]): Behaviour => ({
      title: title as string,
      observe: on(
        place,
        ['sh', '-c', 'trap "echo term; exit" TERM; echo up; while :; do sleep 0.02; done'],
        {},
        async (container) => {
          await container.start();
          await container.says(/up/);
          succeeded(await container.verb('kill', ...(signal === undefined ? [] : [signal])));
          return container.says(/term/);
        },
      ),
      expected: 'up\nterm',
    }),
  ),
  {
    title: 'kill takes the name of a real-time signal, counted from 34',
    observe: on(
      place,
      ['sh', '-c', `trap 'echo 37; exit' 37; echo up; while :; do sleep 0.02; done`],
      {},
      async (container) => {
        await container.start();
        await container.says(/up/);
        succeeded(await container.verb('kill', 'SIGRTMIN+3'));
        return container.says(/37/);
      },
    ),
    expected: 'up\n37',
  },
  {
    title: 'kill refuses a signal that does not exist',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      const { status } = await container.verb('kill', 'NOTHING');
      return [status !== 0, await container.status()];
    }),
    expected: [true, 'running'],
  },
];

/** Whether delete of a container that runs removes it, with these words. */
const deletes = (place: Place, words: (id: string) => readonly string[]) =>
  on(place, sleeping, {}, async (container) => {
    await container.start();
    await place.call(['delete', ...words(container.id)]);
    return container.left().length === 0;
  });

const flags = (place: Place): Behaviour[] => [
  { title: 'a flag with =1 is set', observe: deletes(place, (id) => ['--force=1', id]), expected: true },
  { title: 'a flag with =F is not set', observe: deletes(place, (id) => ['--force=F', id]), expected: false },
  { title: 'a flag may follow the id', observe: deletes(place, (id) => [id, '--force']), expected: true },
  { title: 'an id may follow --', observe: deletes(place, (id) => ['-f', '--', id]), expected: true },
];

const runs = (place: Place): Behaviour[] => [
  {
    title: 'run removes the container when its program has ended',
    observe: on(place, ['true'], {}, async (container) => {
      await container.run();
      return container.left();
    }),
    expected: [],
  },
  {
    title: 'run --keep leaves the container stopped',
    observe: on(place, ['true'], {}, async (container) => {
      await container.run(['--keep']);
      return container.status();
    }),
    expected: 'stopped',
  },
  {
    title: 'run --detach leaves the container running',
    observe: on(place, sleeping, {}, async (container) => {
      const { status } = await container.run(['--detach', '--pid-file', `${container.bundle}/pid`]);
      return [status, await container.status(), (await container.state()).pid === container.pid];
    }),
    expected: [0, 'running', true],
  },
  {
    title: 'output and error of the program are those of run',
    observe: on(place, ['sh', '-c', 'echo out; echo err >&2'], {}, async (container) => {
      const { stdout, stderr } = await container.run();
      return [stdout, stderr];
    }),
    expected: ['out\n', 'err\n'],
  },
  {
    title: 'standard input of run is that of the program',
    observe: on(place, ['cat'], {}, async (container) => {
      writeFileSync(`${container.bundle}/input`, 'handed in');
      const input = openSync(`${container.bundle}/input`, 'r');
      const { stdout } = await container.run([], { input });
      closeSync(input);
      return stdout;
    }),
    expected: 'handed in',
  },
  {
    title: 'a pid file that cannot be written fails create',
    observe: on(place, ['true'], {}, async (container) => {
      const flags = ['--bundle', container.bundle, '--pid-file', '/no/where/pid'];
      const { status } = await place.call(['create', ...flags, container.id]);
      const seen = [status !== 0, container.left()];
      await container.verb('delete', '--force');
      return seen;
    }),
    expected: [true, []],
  },
];

/** What of descriptors 3 to 5 the program has, when the runtime is given three. */
const openIn = (place: Place, more: readonly string[]) =>
  on(
    place,
    ['sh', '-c', 'for n in 3 4 5; do [ -e /proc/self/fd/$n ] && cat <&$n; done; echo .'],
    {},
    async (container) => {
      const files = [3, 4, 5].map((n) => {
        writeFileSync(`${container.bundle}/fd${n}`, `${n} `);
        return openSync(`${container.bundle}/fd${n}`, 'r');
      });
      const { stdout } = await container.run(more, { descriptors: files });
      files.forEach(closeSync);
      return stdout;
    },
  );

const descriptors = (place: Place): Behaviour[] => [
  { title: 'no descriptor of the caller reaches the program', observe: openIn(place, []), expected: '.' },
  {
    title: '--preserve-fds 1 hands on descriptor 3 alone',
    observe: openIn(place, ['--preserve-fds=1']),
    expected: '3 .',
  },
  {
    title: '--preserve-fds 3 hands on three descriptors',
    observe: openIn(place, ['--preserve-fds=3']),
    expected: '3 4 5 .',
  },
];

const failing = async (container: Container, flags: readonly string[]): Promise<string> => {
  await container.place.call([...flags, 'create', '--bundle', container.bundle, container.id]);
  return readFileSync(`${container.bundle}/log`, 'utf8').trim();
};

const logs = (place: Place): Behaviour[] => [
  {
    title: '--log has the reason of a failure',
    observe: on(place, ['/no/program'], {}, (container) => failing(container, ['--log', `${container.bundle}/log`])),
    expected: /\/no\/program/,
  },
  {
    title: '--log-format json writes objects with level, msg and time',
    observe: on(place, ['/no/program'], {}, async (container) => {
      const text = await failing(container, ['--log', `${container.bundle}/log`, '--log-format', 'json']);
      const { level, msg, time } = JSON.parse(text.split('\n').at(-1) ?? '');
      return [level, /no\/program/.test(msg), Number.isNaN(Date.parse(time))];
    }),
    expected: ['error', true, false],
  },
  {
    title: '--version names a version of the specification',
    observe: async () => (await place.call(['--version'])).stdout,
    expected: /^spec: 1\.\d+\.\d+/m,
  },
  {
    title: 'help says what there is',
    observe: async () => {
      const calls = [
        ['--help'],
        ['help'],
        ['help', 'create'],
        ['create', '--help'],
        ['exec', '-h'],
        ['list', '--help'],
      ];
      const answers = await Promise.all(calls.map((args) => place.call(args)));
      return answers.map(({ status, stdout }) => status === 0 && /usage/i.test(stdout));
    },
    expected: [true, true, true, true, true, true],
  },
  ...[
    ['an unknown command is refused', ['dance']],
    ['an unknown option is refused', ['list', '--colour']],
    ['create without an id is refused', ['create']],
    ['state without an id is refused', ['state']],
    ['create with two ids is refused', ['create', 'one', 'two']],
    ['kill with two signals is refused', ['kill', 'one', 'KILL', 'TERM']],
    ['a flag that is neither true nor false is refused', ['delete', '--force=perhaps', 'nobody']],
  ].map(([title, args]) => ({
    title: title as string,
    observe: async () => (await place.call(args as string[])).status !== 0,
    expected: true,
  })),
];

function lists(place: Place): Behaviour[] {
  const one = once(() => place.keep(place.container(sleeping)).start());
  const entry = async (): Promise<Document> => {
    const { id } = await one();
    const all: Document[] = JSON.parse(succeeded(await place.call(['list', '--format=json'])).stdout);
    return all.find((row) => row.id === id);
  };
  return [
    {
      title: 'list -f json has pid, status, bundle and the time of creation',
      observe: async () => {
        const { pid, status, bundle, created } = await entry();
        const container = await one();
        return [pid === container.pid, status, bundle === container.bundle, Date.parse(created) > 0];
      },
      expected: [true, 'running', true, true],
    },
    { title: 'list -f json has the owner', observe: async () => (await entry()).owner, expected: 'root' },
    {
      title: 'list -q prints ids alone',
      observe: async () => {
        const { id } = await one();
        return succeeded(await place.call(['list', '--quiet']))
          .stdout.trim()
          .split('\n')
          .includes(id);
      },
      expected: true,
    },
    {
      title: 'a damaged state does not hide the others from list',
      observe: async () => {
        const { id } = await one();
        const damaged = `${place.root}/damaged`;
        mkdirSync(damaged);
        for (const name of ['state.json', 'status']) writeFileSync(`${damaged}/${name}`, '{');
        const { status, stdout } = await place.call(['list', '--quiet']);
        rmSync(damaged, { recursive: true });
        return [status, stdout.split('\n').includes(id)];
      },
      expected: [0, true],
    },
    {
      title: 'list prints a table with a head',
      observe: async () =>
        succeeded(await place.call(['list']))
          .stdout.split('\n')[0]
          ?.trim()
          .split(/\s+/),
      expected: ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
    },
    {
      title: 'a root of its own has containers of its own',
      observe: async () => {
        await one();
        return (await place.call(['--root', `${place.folder}/other`, 'list', '--quiet'])).stdout;
      },
      expected: '',
    },
  ];
}

/** `spec` in a new folder: what config.json then is. */
async function specified(place: Place, name: string, ...flags: string[]): Promise<Document> {
  const folder = `${place.folder}/${name}`;
  mkdirSync(folder);
  succeeded(await place.call(['spec', ...flags], { cwd: folder }));
  return JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'));
}

const documents = (place: Place): Behaviour[] => [
  {
    title: 'spec writes a configuration of a shell with a terminal on a read-only root',
    observe: async () => {
      const { process, root } = await specified(place, 'spec');
      return [process.args, process.terminal, root];
    },
    expected: [['sh'], true, { path: 'rootfs', readonly: true }],
  },
  {
    title: 'spec does not overwrite a configuration',
    observe: async () => {
      await specified(place, 'spec-twice');
      return (await place.call(['spec'], { cwd: `${place.folder}/spec-twice` })).status !== 0;
    },
    expected: true,
  },
  {
    title: 'spec --rootless has a user namespace with maps',
    observe: async () => {
      const { linux } = await specified(place, 'spec-rootless', '--rootless');
      return [linux.namespaces.some(({ type }: Document) => type === 'user'), linux.uidMappings?.length];
    },
    expected: [true, 1],
  },
  {
    title: 'the configuration that spec writes can be run',
    observe: async () => {
      const config = await specified(place, 'spec-run');
      const edit = (ours: Document): void => {
        const { args, cgroupsPath } = { args: ours.process.args, cgroupsPath: ours.linux.cgroupsPath };
        Object.assign(ours, config, {
          process: { ...config.process, args, terminal: false },
          linux: { ...config.linux, cgroupsPath },
        });
      };
      await using container = place.container(['echo', 'works'], { edit });
      return (await container.run()).stdout;
    },
    expected: 'works',
  },
  {
    title: 'features prints the namespaces that it knows as JSON',
    observe: async () => {
      const { linux } = JSON.parse(succeeded(await place.call(['features'])).stdout);
      return ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts'].every((name) =>
        linux.namespaces.includes(name),
      );
    },
    expected: true,
  },
  {
    title: 'features prints hooks, mount options and capabilities',
    observe: async () => {
      const { hooks, mountOptions, linux } = JSON.parse(succeeded(await place.call(['features'])).stdout);
      return [
        hooks.includes('createContainer'),
        mountOptions.includes('rbind'),
        linux.capabilities.includes('CAP_CHOWN'),
      ];
    },
    expected: [true, true, true],
  },
];
