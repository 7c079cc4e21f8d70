// Terminals: where they come from, who gets the other end, their size and owner; when they are refused.
// @source oci-runtime config#process, runc docs/terminals.md
import { existsSync, openSync, readFileSync } from 'node:fs';
import { must, run, start } from '../../helpers/shell.ts';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, once, type Suite } from '../behaviour.ts';
import type { Container } from '../container.ts';
import type { Document, Place } from '../place.ts';

export const terminalSuite: Suite = (place) => [...given(place), ...inForeground(place), ...refused(place)];

/** Listens on a socket of the container's bundle and writes what the terminal that comes says. */
async function receiver(container: Container, name: string) {
  const program = `${container.place.folder}/console-receive`;
  if (!existsSync(program))
    await must('gcc', ['-o', program, new URL('../../native/console-receive.c', import.meta.url).pathname]);
  const socket = `${container.bundle}/${name}.sock`;
  const output = `${container.bundle}/${name}`;
  const receiving = start(program, [socket], { log: openSync(output, 'w') });
  await waitUntil(() => existsSync(socket), { what: 'the console socket' });
  return {
    socket,
    async text(): Promise<string> {
      await receiving.ended;
      return readFileSync(output, 'utf8').replaceAll('\r', '');
    },
  };
}

const withTerminal = ({ process }: Document): void => {
  process.terminal = true;
  process.consoleSize = { height: 33, width: 101 };
  process.user = { uid: 1000, gid: 5 };
};

const script = `echo name $(tty); echo size $(stty size); echo owner $(stat -c %u $(tty)); [ -c /dev/console ] && echo console
echo controlling $(cut -d' ' -f7 /proc/self/stat); echo x > /dev/tty && echo tty; [ -t 0 -a -t 1 -a -t 2 ] && echo three`;

function given(place: Place): Behaviour[] {
  const seen = once(async () => {
    await using container = place.container(['sh', '-c', script], { edit: withTerminal });
    const receiving = await receiver(container, 'terminal');
    await container.start(['--console-socket', receiving.socket]);
    return await receiving.text();
  });
  const line = (words: RegExp) => async () => words.exec(await seen())?.[0];
  return [
    {
      title: 'the console socket gets a terminal of the container’s own devpts',
      observe: line(/name .*/),
      expected: 'name /dev/pts/0',
    },
    { title: 'the terminal has the size of consoleSize', observe: line(/size .*/), expected: 'size 33 101' },
    { title: 'the terminal belongs to the user of the process', observe: line(/owner .*/), expected: 'owner 1000' },
    { title: '/dev/console is there with a terminal', observe: line(/console$/m), expected: 'console' },
    { title: 'the terminal is the controlling one', observe: line(/controlling .*/), expected: 'controlling 34816' },
    { title: '/dev/tty leads to the terminal', observe: line(/^x\ntty$/m), expected: 'x\ntty' },
    { title: 'input, output and error are the terminal', observe: line(/three/), expected: 'three' },
    {
      title: 'an exec with a terminal sends it to its own console socket',
      observe: on(place, ['sleep', '1000'], {}, async (container) => {
        await container.start();
        const receiving = await receiver(container, 'exec-terminal');
        const document = { terminal: true, args: ['sh', '-c', 'tty; echo done'] };
        await container.exec(document, ['--detach', '--console-socket', receiving.socket]);
        return receiving.text();
      }),
      expected: '/dev/pts/0\ndone',
    },
  ];
}

/** A run in a terminal of 77 columns and 22 rows that types one line. */
const typed = (place: Place, script: string) =>
  on(
    place,
    ['sh', '-c', script],
    { edit: ({ process }) => Object.assign(process, { terminal: true }) },
    async (container) => {
      const words = [
        ...place.runtime.commandIn('/'),
        '--root',
        place.root,
        'run',
        '--bundle',
        container.bundle,
        container.id,
      ];
      const command = `stty cols 77 rows 22; ${words.join(' ')}`;
      const { status, stdout } = await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        input: 'hello\n',
      });
      return `${status} ${stdout.replaceAll('\r', '')}`;
    },
  );

const inForeground = (place: Place): Behaviour[] => [
  {
    title: 'run in the foreground relays the terminal, its input and the status',
    observe: typed(place, 'tty; read line; echo "got $line"; exit 6'),
    expected: /^6 [\s\S]*\/dev\/pts\/0\n[\s\S]*got hello/,
  },
  {
    title: 'run in the foreground gives the terminal the size of its own',
    observe: typed(
      place,
      'for i in $(seq 100); do [ "$(stty size)" = "22 77" ] && echo sized && exit; sleep 0.02; done 2>/dev/null',
    ),
    expected: /sized/,
  },
];

const createWith = (place: Place, terminal: boolean, flags: (container: Container) => readonly string[]) =>
  on(place, ['true'], { edit: ({ process }) => Object.assign(process, { terminal }) }, async (container) => {
    const { status } = await container.create(flags(container));
    const seen = [status !== 0, container.left()];
    if (status !== 0) container.clear();
    return seen;
  });

const refused = (place: Place): Behaviour[] => [
  {
    title: 'create with a terminal and without a console socket is refused',
    observe: createWith(place, true, () => []),
    expected: [true, []],
  },
  {
    title: 'a console socket that nobody listens on is refused',
    observe: createWith(place, true, ({ bundle }) => ['--console-socket', `${bundle}/nobody.sock`]),
    expected: [true, []],
  },
  {
    title: 'a console socket without a terminal is refused',
    observe: createWith(place, false, ({ bundle }) => ['--console-socket', `${bundle}/nobody.sock`]),
    expected: [true, []],
  },
];
