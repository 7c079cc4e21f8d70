// The engine's own processes on this host, found in /proc. Rule: a process is ours only when its program is one of tlab's
// and its run root is this engine's; a pid file alone proves nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { paths } from '../base/paths.ts';

export type ProcessKind = 'tlabd' | 'tlab-containerd' | 'shim' | 'runc';

export interface EngineProcess {
  pid: number;
  kind: ProcessKind;
  argv: string[];
}

/** Programs by the base name of one of the first two words of their command line. */
const programs: Record<string, ProcessKind> = {
  'tlabd.cjs': 'tlabd',
  tlabd: 'tlabd',
  'tlab-containerd.cjs': 'tlab-containerd',
  'tlab-containerd': 'tlab-containerd',
  'containerd-shim-tlab-v2': 'shim',
  'tlab-runc': 'runc',
  'tlab-runc.cjs': 'runc',
};

export function engineProcesses(): EngineProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => engineProcess(Number(name)) ?? []);
}

/** The process when it is one of this engine's; undefined when it is gone or another's. */
export function engineProcess(pid: number): EngineProcess | undefined {
  if (!isAlive(pid)) return undefined; // a zombie has its name but no environment any more
  const argv = procText(pid, 'cmdline').split('\0').filter(Boolean);
  const kind = kindOf(argv) ?? kindOf([procText(pid, 'comm').trim()]);
  return kind !== undefined && runRootOf(pid) === paths.runRoot ? { pid, kind, argv } : undefined;
}

function kindOf(argv: readonly string[]): ProcessKind | undefined {
  for (const word of argv.slice(0, 2)) {
    const name = basename(word);
    if (Object.hasOwn(programs, name)) return programs[name];
    if (word.endsWith('src/daemon/main.ts')) return 'tlabd';
    if (word.endsWith('src/containerd/main.ts')) return 'tlab-containerd';
  }
  return undefined;
}

/** @source man proc(5) /proc/pid/environ: the environment that the process was started with */
function runRootOf(pid: number): string {
  const variable = procText(pid, 'environ')
    .split('\0')
    .find((entry) => entry.startsWith('TLAB_RUN_ROOT='));
  return variable?.slice('TLAB_RUN_ROOT='.length) ?? '/run/tlab';
}

function procText(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

export const parentOf = (pid: number): number => {
  // The name of a program may hold spaces and parentheses: fields are counted from the last one. @source man proc(5) stat
  const stat = procText(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
};

/** Every process below one of these, at any depth. */
export function descendantsOf(pids: readonly number[]): number[] {
  const wanted = new Set(pids);
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(all.map((pid) => [pid, parentOf(pid)]));
  return all.filter((pid) => {
    for (let at = parents.get(pid) ?? 0; at > 1; at = parents.get(at) ?? 0) if (wanted.has(at)) return true;
    return false;
  });
}

export function isAlive(pid: number): boolean {
  const stat = procText(pid, 'stat');
  return stat !== '' && !/^Z/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Sends a signal and waits until the process is gone; false when it is still there after the deadline. */
export async function endProcess(pid: number, signal: NodeJS.Signals, deadlineMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch {
    return true;
  }
  const end = performance.now() + deadlineMs;
  while (isAlive(pid)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
