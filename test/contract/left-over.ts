// What a runtime could leave on the host, found by the names that a place gives: mounts, cgroups, processes, state directories.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { namesIn } from '../helpers/nothing-left.ts';
import type { Place } from './place.ts';

export interface Traces {
  states: string[];
  cgroups: string[];
  mounts: string[];
  processes: string[];
}

export const nothing = { states: [], cgroups: [], mounts: [], processes: [] };

export function tracesOf({ root, cgroup, folder, runtime }: Place): Traces {
  return {
    states: namesIn(root).filter((name) => !name.startsWith('.')),
    cgroups: everyHierarchy(cgroup).flatMap((directory) => directoriesIn(directory)),
    mounts: readFileSync(`${runtime.proc}/mountinfo`, 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder)),
    processes: processesOf([folder, cgroup]),
  };
}

/** Directories with this path in every hierarchy of the host. */
export function everyHierarchy(path: string): string[] {
  const { v1, v2 } = readCgroupLayout();
  return [...v1.map(({ mountpoint }) => mountpoint), ...(v2 === undefined ? [] : [v2])]
    .map((mountpoint) => mountpoint + path)
    .filter((directory) => existsSync(directory));
}

const directoriesIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${path}/${entry.name}`);

/** Those whose command line or cgroup has one of the words. */
function processesOf(words: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `${pid} ${textOf(`/proc/${pid}/cmdline`)} ${textOf(`/proc/${pid}/cgroup`)}`)
    .filter((line) => words.some((word) => line.includes(word)));
}

/** Empty when the process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
