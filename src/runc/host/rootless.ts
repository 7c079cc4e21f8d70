// What tlab-runc must know of the host when it has not all privileges: whose process it is, what maps that user may write, and
// which cgroups are theirs. Undefined facts are a runtime with all privileges: nothing of this file then changes a plan.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CgroupHierarchy } from './cgroups.ts';

export interface RootlessFacts {
  /** Effective ids of the runtime. */
  uid: number;
  gid: number;
  /** The runtime may write any id map: CAP_SETUID and CAP_SETGID. */
  mayMapAny: boolean;
  /** Absolute paths of the set-uid programs that write maps from /etc/subuid and /etc/subgid; '' when they are not installed. */
  newuidmap: string;
  newgidmap: string;
  /** A directory can be made at this path: the nearest one that exists is writable. */
  isWritable: (path: string) => boolean;
  /** The cgroup of this process in the hierarchy with these controllers; of version 2 for none. '/' when it is not known. */
  ownCgroup: (controllers: readonly string[]) => string;
}

export type RootlessWord = 'auto' | 'true' | 'false';

const CAP_SETGID = 6n;
const CAP_SETUID = 7n;

/** `auto`: not root, or root only in a user namespace. @source man runc(8) --rootless */
export function readRootless(word: RootlessWord, effectiveCapabilities: bigint): RootlessFacts | undefined {
  const uid = process.geteuid?.() ?? 0;
  const isRootless = word === 'auto' ? uid !== 0 || isInUserNamespace() : word === 'true';
  if (!isRootless) return undefined;
  const has = (capability: bigint): boolean => ((effectiveCapabilities >> capability) & 1n) === 1n;
  const own = parseOwnCgroups(readFileSync('/proc/self/cgroup', 'utf8'));
  return {
    uid,
    gid: process.getegid?.() ?? 0,
    mayMapAny: has(CAP_SETUID) && has(CAP_SETGID),
    newuidmap: inPath('newuidmap'),
    newgidmap: inPath('newgidmap'),
    isWritable,
    ownCgroup: (controllers) => own.get([...controllers].sort().join(',')) ?? '/',
  };
}

/** The initial user namespace maps every id to itself. @source man user_namespaces(7) */
const isInUserNamespace = (): boolean => !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));

/** Paths by controllers, sorted and with commas; '' is version 2. @source man cgroups(7) /proc/pid/cgroup */
export function parseOwnCgroups(text: string): Map<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [[controllers.split(',').sort().join(','), path]];
  });
  return new Map(lines as [string, string][]);
}

function inPath(program: string): string {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin', '/bin'];
  return folders.map((folder) => `${folder}/${program}`).find((path) => path.startsWith('/') && existsSync(path)) ?? '';
}

function isWritable(path: string): boolean {
  let at = path;
  while (!existsSync(at)) at = dirname(at);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The name under which `ownCgroup` knows a hierarchy. */
export const ownCgroupOf = (facts: RootlessFacts, hierarchy: CgroupHierarchy | undefined): string =>
  facts.ownCgroup(hierarchy?.controllers ?? []);
