// What of the engine is running: its processes and their doors.
import { paths } from '../base/paths.ts';
import { answers } from './answers.ts';
import { engineProcesses } from './processes.ts';

export interface EnginePart {
  name: string;
  state: 'running' | 'not running' | 'not answering';
  pid?: number;
  door: string;
}

export async function engineStatus(): Promise<EnginePart[]> {
  const processes = engineProcesses();
  const pidOf = (kind: string): number | undefined => processes.find((each) => each.kind === kind)?.pid;
  const part = async (name: 'tlabd' | 'tlab-containerd', door: string): Promise<EnginePart> => {
    const pid = pidOf(name);
    const isUp = (await answers(door)) !== 'no';
    const state = isUp ? 'running' : pid === undefined ? 'not running' : 'not answering';
    return { name, state, door, ...(pid === undefined ? {} : { pid }) };
  };
  const shims = processes.filter((each) => each.kind === 'shim');
  return [
    await part('tlabd', paths.daemonSocket),
    await part('tlab-containerd', paths.containerdSocket),
    ...shims.map(
      (shim): EnginePart => ({
        name: 'shim',
        state: 'running',
        pid: shim.pid,
        door: shimId(shim.argv) ?? paths.shimSockets,
      }),
    ),
  ];
}

/** The container that a shim belongs to. @source containerd runtime v2: `-id` on the shim's command line */
function shimId(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '-id' || word === '--id');
  return at < 0 ? undefined : argv[at + 1]?.slice(0, 12);
}
