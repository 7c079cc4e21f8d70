// `tlab` alone: where things stand, and what to do next. It asks the daemon but never starts it.
import { daemonClient } from '../daemon/client.ts';
import type { ContainerSummary } from '../daemon/protocol.ts';
import { socketPath } from './connection.ts';
import { counted } from './format/words.ts';
import { paint, print } from './terminal.ts';

export async function overview(): Promise<number> {
  print(paint.out('bold', 'tlab: a container stack that one can see through'));
  print('');
  print(await standing());
  print('');
  for (const [line, says] of next) print(`  ${paint.out('cyan', line.padEnd(widest))}  ${says}`);
  print('');
  print('All commands: tlab --help');
  return 0;
}

const next: ReadonlyArray<readonly [string, string]> = [
  ['tlab trace run nginx', 'run a web server and see every step'],
  ['tlab run -it --rm busybox sh', 'a shell in a new container'],
  ['tlab trace show', 'look again at the last trace'],
  ['tlab ps -a', 'the containers that there are'],
  ['tlab doctor', 'what this machine can do'],
];
const widest = Math.max(...next.map(([line]) => line.length));

async function standing(): Promise<string> {
  try {
    const client = daemonClient(socketPath());
    const all = await client.json<ContainerSummary[]>({
      method: 'GET',
      path: '/containers/json',
      query: { all: true },
    });
    const running = all.filter((container) => container.State === 'running').length;
    return `The daemon is running: ${counted(all.length, 'container')}, ${running} running.`;
  } catch {
    const root = process.getuid?.() === 0;
    return root
      ? 'The daemon is not running; the first command that needs it starts it.'
      : 'The daemon is not running, or not for you. As root: sudo tlab system start';
  }
}
