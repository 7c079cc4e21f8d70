// Network namespaces kept alive by a bind mount on a file, as `ip netns` does it: no process is needed to hold one.
import { rmSync, statfsSync } from 'node:fs';
import { emit } from '../../trace/recorder.ts';
import { errnoName, errnoOf } from '../errors.ts';
import type { NamespaceOwner, NetworkNamespaces } from '../kernel.ts';
import { callAsync, checked, library } from './library.ts';
import { realMounts } from './mounts.ts';

/** f_type of a namespace's file. @source uapi linux/magic.h */
const NSFS_MAGIC = 0x6e736673;

export const realNetworkNamespaces: NetworkNamespaces = {
  async create(path, owner) {
    if (owner !== undefined) return createOwned(path, owner);
    const result = await callAsync(library().netnsCreate, path);
    emit('kernel.network-namespace-created', {
      data: { path, ...(result < 0 ? { errno: errnoName(-result) } : {}) },
      twin: `touch ${path} && unshare --net=${path} true`,
    });
    checked(result, { call: 'unshare(2)', what: `network namespace "${path}"` });
  },

  remove(path) {
    try {
      // Lazily: another mount namespace may still have it open, and that must not keep ours.
      if (this.isAlive(path)) realMounts.detach(path, ['MNT_DETACH']);
    } catch (error) {
      if (errnoOf(error) !== 'EINVAL') throw error;
    }
    rmSync(path, { force: true });
  },

  isAlive(path) {
    try {
      return statfsSync(path).type === NSFS_MAGIC;
    } catch {
      return false;
    }
  },
};

async function createOwned(path: string, { path: userPath, uidMap, gidMap }: NamespaceOwner): Promise<void> {
  const result = await callAsync(library().netnsCreateMapped, path, userPath, uidMap, gidMap);
  const maps = [
    ...uidMap
      .trimEnd()
      .split('\n')
      .map((line) => `--map-users ${commas(line)}`),
    ...gidMap
      .trimEnd()
      .split('\n')
      .map((line) => `--map-groups ${commas(line)}`),
  ];
  emit('kernel.network-namespace-created', {
    data: {
      path,
      user: { path: userPath, uidMap, gidMap },
      ...(result < 0 ? { errno: errnoName(-result) } : {}),
    },
    twin: `touch ${userPath} ${path} && unshare --user=${userPath} ${maps.join(' ')} --net=${path} true`,
  });
  checked(result, { call: 'clone(2)', what: `network namespace "${path}" with a user namespace "${userPath}"` });
}

/** As unshare(1) wants a line of a map: the outer id comes first. */
function commas(line: string): string {
  const [inside, outside, count] = line.trim().split(/\s+/);
  return `${outside},${inside},${count}`;
}

/** @source uapi linux/in.h, asm-generic/socket.h: AF_INET, AF_INET6, SOCK_DGRAM */
const domains = { udp4: 2, udp6: 10 } as const;
const SOCK_DGRAM = 2;

/** A descriptor of a new socket in the namespace at `path`, or in the own one; the caller closes it. */
export const openSocketIn = (path: string | undefined, kind: keyof typeof domains): number =>
  checked(library().netnsSocket(path ?? null, domains[kind], SOCK_DGRAM, 0), {
    call: 'socket(2)',
    what: `${kind} socket in ${path ?? 'the own namespace'}`,
  });
