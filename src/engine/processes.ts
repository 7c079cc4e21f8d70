// The engine's own processes on this host, found in /proc. Rule: a process is ours only when its program is one of tlab's
// and its run root is this engine's; a pid file alone proves nothing.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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

export const engineProcesses = (): EngineProcess[] => allPids().flatMap((pid) => engineProcess(pid) ?? []);

/** The process when it is one of this engine's; undefined when it is gone or another's. */
export function engineProcess(pid: number): EngineProcess | undefined {
  const found = anyEngineProcess(pid);
  return found !== undefined && runRootOf(found) === paths.runRoot ? found : undefined;
}

/** Run roots of the other engines that live in this network namespace: the bridge and the chains have one name for all. */
export function enginesBeside(): string[] {
  const namespace = networkNamespaceOf('self');
  const roots = allPids().flatMap((pid) => {
    const found = anyEngineProcess(pid);
    const isHere = found !== undefined && found.kind !== 'runc' && networkNamespaceOf(pid) === namespace;
    return isHere ? (runRootOf(found) ?? []) : [];
  });
  return [...new Set(roots)].filter((root) => root !== paths.runRoot);
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function anyEngineProcess(pid: number): EngineProcess | undefined {
  if (!isAlive(pid)) return undefined; // a zombie has its name but no environment any more
  const argv = procText(pid, 'cmdline').split('\0').filter(Boolean);
  const kind = kindOf(argv) ?? kindOf([procText(pid, 'comm').trim()]);
  return kind === undefined ? undefined : { pid, kind, argv };
}

function networkNamespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // gone meanwhile
  }
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

/** The option that says for whom it works: a shim's containerd, where a runtime keeps its containers. */
const placeOptions: Partial<Record<ProcessKind, string>> = { shim: 'address', runc: 'root' };

/**
 * Undefined for a shim of a real containerd and for a runtime whose root somebody else has chosen: these are no engine's.
 * @source man proc(5) /proc/pid/environ: the environment that the process was started with
 */
function runRootOf({ pid, kind, argv }: EngineProcess): string | undefined {
  const variable = procText(pid, 'environ')
    .split('\0')
    .find((entry) => entry.startsWith('TLAB_RUN_ROOT='));
  const root = variable?.slice('TLAB_RUN_ROOT='.length) ?? '/run/tlab';
  const place = optionOf(argv, placeOptions[kind]);
  return place === undefined || place.startsWith(`${root}/`) ? root : undefined;
}

/** `-name value`, `-name=value`, with one dash or two, the first of that name. */
function optionOf(argv: readonly string[], name: string | undefined): string | undefined {
  const pattern = new RegExp(`^--?${name}(?:=(.*))?$`, 's');
  const at = name === undefined ? -1 : argv.findIndex((word) => pattern.test(word));
  return at === -1 ? undefined : (pattern.exec(argv[at] ?? '')?.[1] ?? argv[at + 1]);
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
  const all = allPids();
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
