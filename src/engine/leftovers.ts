// Everything of tlab that is on this host: what a reset removes, and what a test may not find afterwards. Reads only.
// Rule: a thing counts as tlab's by its name or place, and a process by the engine that it belongs to.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isInCgroups } from '../base/cgroups.ts';
import { paths } from '../base/paths.ts';
import { findProgram } from '../kernel/programs.ts';
import { descendantsOf, engineProcesses, enginesBeside } from './processes.ts';

export interface Leftover {
  kind: 'process' | 'mount' | 'link' | 'rule' | 'cgroup' | 'file';
  /** What a person would name it by: pid and program, path, link name, rule, folder. */
  what: string;
}

export interface ScanOptions {
  /** The library and the traces are wanted and do not count. */
  keepLibrary?: boolean;
}

export function findLeftovers(options: ScanOptions = {}): Leftover[] {
  return [
    ...processLeftovers(),
    ...mountLeftovers().map((what): Leftover => ({ kind: 'mount', what })),
    ...networkLeftovers(),
    ...cgroupLeftovers().map((what): Leftover => ({ kind: 'cgroup', what })),
    ...fileLeftovers(options).map((what): Leftover => ({ kind: 'file', what })),
  ];
}

/** Beside another engine these are what both use, and its own: a reset takes away what this engine's records name, and leaves the rest. */
export const networkLeftovers = (): Leftover[] =>
  enginesBeside().length > 0
    ? []
    : [
        ...linkLeftovers().map((what): Leftover => ({ kind: 'link', what })),
        ...ruleLeftovers().map((what): Leftover => ({ kind: 'rule', what })),
      ];

function processLeftovers(): Leftover[] {
  const own = engineProcesses();
  const below = descendantsOf(own.map((each) => each.pid)).filter((pid) => !own.some((each) => each.pid === pid));
  return [
    ...own.map((each): Leftover => ({ kind: 'process', what: `${each.pid} ${each.kind}` })),
    ...below.map((pid): Leftover => ({ kind: 'process', what: `${pid} in a container` })),
  ];
}

/** Every mount point of this namespace. @source man proc(5) mountinfo: octal escapes for white space */
const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8))),
    );

/** Mount points below the roots, deepest first. A root that is a mount itself (a disk of its own) is the person's. */
export function mountLeftovers(): string[] {
  const roots = [paths.runRoot, paths.dataRoot];
  return mountPoints()
    .filter((point) => roots.some((root) => point.startsWith(`${root}/`)))
    .reverse();
}

/** A bind mount of the same file system shows in no number of stat(2), but here. */
export const hasMountBelow = (folder: string): boolean => mountPoints().some((point) => point.startsWith(`${folder}/`));

export const isMountPoint = (folder: string): boolean => mountPoints().includes(folder);

/**
 * The bridge and the near ends of veth pairs in this network namespace.
 * @source man proc(5) /proc/net/dev: the reader's own namespace, where /sys shows the one that it was mounted in
 */
function linkLeftovers(): string[] {
  const names = [...readText('/proc/net/dev').matchAll(/^\s*(\S+):/gm)].map((line) => line[1] ?? '');
  return names.filter((name) => name === 'tlab0' || /^tlab-[0-9a-f]{8}$/.test(name));
}

/** Rules and chains that name a TLAB chain, in either address family. */
function ruleLeftovers(): string[] {
  return ['iptables-save', 'ip6tables-save'].flatMap((name) => {
    const program = findProgram(name);
    if (program === undefined) return [];
    try {
      const text = execFileSync(program, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return text.split('\n').filter((line) => /(^:| )TLAB/.test(line));
    } catch {
      return [];
    }
  });
}

const cgroupRoot = '/sys/fs/cgroup';

/**
 * The engine's folders, one on version 2, one a controller on version 1, with all below them; and of each container that it knows what
 * is elsewhere, below a parent that was asked for. A plain directory of such a name is nobody's cgroup and stays.
 */
export function cgroupLeftovers(): string[] {
  const hierarchies = [cgroupRoot, ...subfolders(cgroupRoot).map((name) => `${cgroupRoot}/${name}`)].filter(
    isInCgroups,
  );
  const elsewhere = hierarchies.flatMap((hierarchy) => [
    ...scopesIn(`${hierarchy}/system.slice`),
    ...containersIn(hierarchy, new Set(containerIds())),
  ]);
  const own = hierarchies.map((hierarchy) => `${hierarchy}/${paths.cgroupParent}`);
  return [...own, ...new Set(elsewhere)].filter(isInCgroups);
}

const containerId = /^[0-9a-f]{64}$/;

const containerIds = (): string[] => subfolders(paths.containers).filter((name) => containerId.test(name));

/** Of the systemd driver: one for each container, named by its whole id, and by the engine, so that another's are not taken. */
const scopesIn = (slice: string): string[] =>
  subfolders(slice)
    .filter((name) => isScope(name))
    .map((name) => `${slice}/${name}`);

function isScope(name: string, ids?: ReadonlySet<string>): boolean {
  const prefix = `${paths.cgroupParent}-`;
  const id = name.startsWith(prefix) && name.endsWith('.scope') ? name.slice(prefix.length, -'.scope'.length) : '';
  return containerId.test(id) && (ids?.has(id) ?? true);
}

/** Anywhere below, but in the engine's own folder; what is in a container's cgroup is that container's. */
function containersIn(folder: string, ids: ReadonlySet<string>): string[] {
  if (ids.size === 0) return [];
  return subfolders(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (ids.has(name) || isScope(name, ids)) return [path];
    return name === paths.cgroupParent || !isInCgroups(path) ? [] : containersIn(path, ids);
  });
}

export function processesIn(folder: string): number[] {
  const own = readText(`${folder}/cgroup.procs`).split('\n').filter(Boolean).map(Number);
  return [...own, ...subfolders(folder).flatMap((name) => processesIn(`${folder}/${name}`))];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

const kept = new Set(['library', 'traces']);

function fileLeftovers({ keepLibrary = false }: ScanOptions): string[] {
  const run = isLeft(paths.runRoot) ? [paths.runRoot] : [];
  if (!keepLibrary) return isLeft(paths.dataRoot) ? [...run, paths.dataRoot] : run;
  const data = existsSync(paths.dataRoot) ? readdirSync(paths.dataRoot).filter((name) => !kept.has(name)) : [];
  return [...run, ...data.map((name) => `${paths.dataRoot}/${name}`)];
}

/** A folder that a person mounted there may stay, empty. */
const isLeft = (folder: string): boolean =>
  existsSync(folder) && !(isMountPoint(folder) && readdirSync(folder).every((name) => name === 'lost+found'));
