// The installed Docker that a command line would talk to: its client, and by the socket the dockerd behind it and that one's containerd.
// Rule: found by what the kernel says (who listens at the path), not by names in a pid file. @source man proc(5) net/unix
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';

export interface InstalledDocker {
  /** Path of the docker command line. */
  client: string;
  daemonPid: number;
  containerdPid: number;
  /** Where containerd keeps the bundles of dockerd's containers, a folder each. */
  bundles: string;
}

const defaultSocket = '/var/run/docker.sock';
const defaultContainerdSocket = '/run/containerd/containerd.sock';

/** @param host as `docker --host`, or DOCKER_HOST; the usual socket without. @throws LabError unavailable */
export function findDocker(host: string | undefined): InstalledDocker {
  const client = programOnPath('docker');
  if (client === undefined) {
    throw new LabError('unavailable', 'docker: no program of that name on PATH', {
      hint: 'install a Docker (Debian: docker.io), or trace our own engine: tlab trace run …',
    });
  }
  const socket = socketOf(host ?? process.env.DOCKER_HOST ?? '');
  const daemonPid = listenerOf(socket, ['dockerd']);
  if (daemonPid === undefined) {
    throw new LabError('unavailable', `docker daemon: no dockerd listens at ${socket} on this host`, {
      hint: 'start it (systemctl start docker), or name its socket in DOCKER_HOST',
    });
  }
  const containerdPid = containerdOf(daemonPid);
  if (containerdPid === undefined) {
    throw new LabError('unavailable', `containerd of dockerd (process ${daemonPid}): not found on this host`);
  }
  return { client, daemonPid, containerdPid, bundles: bundlesOf(containerdPid) };
}

function programOnPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => `${folder || '.'}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function socketOf(host: string): string {
  if (host === '') return defaultSocket;
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return path;
  throw new LabError(
    'unavailable',
    `docker host "${host}": expected unix:///…, since only this host's kernel can be traced`,
    {
      hint: 'run tlab on the host where dockerd runs',
    },
  );
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
};

const pids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const commandOf = (pid: number): string => read(`/proc/${pid}/comm`).trim();
const argumentsOf = (pid: number): string[] => read(`/proc/${pid}/cmdline`).split('\0');

/** The process of one of these names that holds the listening socket of a path. */
function listenerOf(socket: string, names: readonly string[]): number | undefined {
  const paths = new Set([socket, realPath(socket)]);
  return pids().find((pid) => names.includes(commandOf(pid)) && listensAt(pid, paths));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** As its own network namespace lists sockets: dockerd may be in another one than we are. */
function listensAt(pid: number, paths: ReadonlySet<string>): boolean {
  const inodes = read(`/proc/${pid}/net/unix`)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => paths.has(fields[7] ?? '') || paths.has(realPath(fields[7] ?? '')))
    .map((fields) => `socket:[${fields[6]}]`);
  return inodes.length > 0 && descriptorsOf(pid).some((name) => inodes.includes(name));
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}

/** dockerd's own child, or the host's, whose socket dockerd was given. */
function containerdOf(daemonPid: number): number | undefined {
  const isChild = (pid: number): boolean => new RegExp(`^PPid:\\t${daemonPid}$`, 'm').test(read(`/proc/${pid}/status`));
  const child = pids().find((pid) => commandOf(pid) === 'containerd' && isChild(pid));
  if (child !== undefined) return child;
  const words = argumentsOf(daemonPid);
  const at = words.findIndex((word) => word === '--containerd' || word.startsWith('--containerd='));
  const given = words[at]?.split('=')[1] ?? words[at + 1];
  return listenerOf((at < 0 ? undefined : given) ?? defaultContainerdSocket, ['containerd']);
}

/** @source containerd runtime-v2: <state>/io.containerd.runtime.v2.task/<namespace>/<id> */
function bundlesOf(containerdPid: number): string {
  const words = argumentsOf(containerdPid);
  const at = words.findIndex((word) => word === '--config' || word === '-c');
  const file = at < 0 ? '/etc/containerd/config.toml' : (words[at + 1] ?? '');
  const state = /^\s*state\s*=\s*"([^"]+)"/m.exec(read(file))?.[1] ?? '/run/containerd';
  return `${state}/io.containerd.runtime.v2.task/moby`;
}
