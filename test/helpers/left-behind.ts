// What a command of the runtime could leave on the host, found by a mark: a folder's path that is in the environment of all its processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { RuntimePlace, TestContainer } from './runtime.ts';

/** Text of a file of /proc, empty when its process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Living processes with the mark in their environment, or in a cgroup below `cgroup`; this process is not one. */
export function processesOf(mark: string, cgroup: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(mark) || textOf(`/proc/${pid}/cgroup`).includes(cgroup))
    .filter((pid) => !/\) [ZX] /.test(textOf(`/proc/${pid}/stat`)))
    .map((pid) => `${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

/** Session keyrings of these containers. The kernel collects one some seconds after its last process, so this is for the end. */
export const keyringsOf = (prefix: string): string[] =>
  textOf('/proc/keys')
    .split('\n')
    .filter((line) => line.includes(`_ses.${prefix}`));

/** Everything of one container that is still there, by kind; no entry is a kind of which nothing is left. */
export function leftBehind(
  place: RuntimePlace,
  container: TestContainer,
  own: readonly string[],
): Record<string, string[]> {
  const lines = (path: string, word: string): string[] =>
    textOf(path)
      .split('\n')
      .filter((line) => line.includes(word));
  const found = {
    state: existsSync(place.root) ? readdirSync(place.root).filter((name) => name === container.id) : [],
    cgroups: place.cgroups(container),
    processes: processesOf(`${container.bundle}/`, place.cgroupOf(container)),
    mounts: lines('/proc/self/mountinfo', `${container.bundle}/`),
    sockets: lines('/proc/net/unix', `${container.bundle}/`),
    files: readdirSync(container.bundle).filter((name) => !own.includes(name)),
  };
  return Object.fromEntries(Object.entries(found).filter(([, names]) => names.length > 0));
}
