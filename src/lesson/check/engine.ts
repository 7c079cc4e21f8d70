// The engine's own processes as facts: is it there, does its door answer, is it younger than a container, is it that container's parent.
// Rule: asking starts nothing. A daemon that is down is a fact here, not an error.
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { paths } from '../../base/paths.ts';
import { engineProcesses, type ProcessKind, parentOf } from '../../engine/processes.ts';
import { processFacts } from './proc.ts';
import type { Facts } from './verdict.ts';

export type EnginePart = Extract<ProcessKind, 'tlabd' | 'tlab-containerd' | 'shim'>;

const doors: Partial<Record<EnginePart, string>> = {
  tlabd: paths.daemonSocket,
  'tlab-containerd': paths.containerdSocket,
};

/** `container`: its first process, where there is one. Of several shims, the one that is its parent. */
export async function engineFacts(part: EnginePart, container: number | undefined): Promise<Facts> {
  const parent = container === undefined ? undefined : parentOf(container);
  const pids = engineProcesses()
    .filter(({ kind }) => kind === part)
    .map(({ pid }) => pid);
  const pid = part === 'shim' ? pids.find((one) => one === parent) : pids[0];
  const door = doors[part];
  const answers = door === undefined ? undefined : await isAnswered(door);
  return {
    state: pid === undefined ? 'not running' : 'running',
    ...(answers !== undefined && { answers }),
    ...(pid !== undefined && processFacts(pid)),
    ...(pid !== undefined && container !== undefined && { isYounger: startOf(pid) > startOf(container) }),
    ...(pid !== undefined && container !== undefined && { isParent: pid === parent }),
  };
}

/** In clock ticks since boot. @source man proc_pid_stat(5): field 22, counted from the last bracket */
function startOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return Number.NaN;
  }
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ path });
  socket.on('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  return promise;
}
