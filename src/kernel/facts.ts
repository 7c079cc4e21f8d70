// What this host can do, for `tlab doctor` and for errors that say what is missing. Every probe reads files and changes nothing;
// all of them together take a few milliseconds. A probe that cannot know says so instead of guessing.
import { existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Fact } from './fact.ts';
import { type NamespaceLimits, namespaceFact, namespaceKinds } from './namespace-facts.ts';
import { findProgram } from './programs.ts';
import { userNamespaceFacts } from './user-namespace-facts.ts';

/** @source uapi linux/magic.h */
const fileSystems = { cgroup2: 0x63677270, overlay: 0x794c7630 } as const;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function typeOf(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch {
    return undefined;
  }
}

function kernelVersion(): Fact {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const isNew = major > 5 || (major === 5 && minor >= 15);
  return {
    id: 'kernel',
    what: 'Linux kernel',
    state: isNew ? 'ok' : 'missing',
    seen: release(),
    needed: '5.15 or later',
    ...(isNew ? {} : { advice: 'use a distribution of 2022 or later: Debian 12, Ubuntu 22.04' }),
  };
}

function root(): Fact {
  const user = process.geteuid?.() ?? -1;
  return {
    id: 'root',
    what: 'user',
    state: user === 0 ? 'ok' : 'missing',
    seen: user === 0 ? 'root' : `user ${user}`,
    needed: 'root, to start the engine',
    ...(user === 0 ? {} : { advice: 'run the command with sudo; recorded traces can be read without it' }),
  };
}

// Numbers of the capabilities that the engine uses itself. @source uapi linux/capability.h
const required = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_ADMIN: 12,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_MKNOD: 27,
} as const;

// Without these something smaller does not work; containers get at most what the engine has.
const useful = {
  CAP_FSETID: { bit: 4, loss: 'set-id bits in images' },
  CAP_NET_BIND_SERVICE: { bit: 10, loss: 'ports below 1024 in containers' },
  CAP_NET_RAW: { bit: 13, loss: 'ping in containers' },
  CAP_SYS_PTRACE: { bit: 19, loss: 'tracing' },
  CAP_SYS_RESOURCE: { bit: 24, loss: 'raising hard limits (--ulimit) and lowering oom_score_adj' },
  CAP_AUDIT_WRITE: { bit: 29, loss: 'audit records from containers' },
  CAP_SETFCAP: { bit: 31, loss: 'file capabilities in images' },
  CAP_BPF: { bit: 39, loss: 'traces of level 3' },
} as const;

function capabilities(): Fact {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readText('/proc/self/status'))?.[1] ?? '0'}`);
  const has = (bit: number): boolean => (mask & (1n << BigInt(bit))) !== 0n;
  const lacking = Object.entries(required).flatMap(([name, bit]) => (has(bit) ? [] : [name]));
  const losses = Object.entries(useful).flatMap(([name, { bit, loss }]) => (has(bit) ? [] : [`${name} (${loss})`]));
  const missing = [...lacking, ...losses];
  return {
    id: 'capabilities',
    what: 'capabilities of this process',
    state: lacking.length > 0 ? 'missing' : losses.length > 0 ? 'degraded' : 'ok',
    seen: missing.length === 0 ? 'all that are used' : `without ${missing.join(', ')}`,
    needed: Object.keys(required).join(', '),
    ...(missing.length === 0 ? {} : { advice: 'run as root outside of a container, or grant what is missing' }),
  };
}

export type CgroupLayout = 'v2' | 'v1' | 'hybrid' | 'none';

/** Which cgroup versions are mounted, and the controllers that can be used. @source man cgroups(7) */
export function cgroupLayout(): { layout: CgroupLayout; controllers: string[] } {
  if (typeOf('/sys/fs/cgroup') === fileSystems.cgroup2) {
    return { layout: 'v2', controllers: readText('/sys/fs/cgroup/cgroup.controllers').split(/\s+/).filter(Boolean) };
  }
  const options = [...readText('/proc/self/mountinfo').matchAll(/ - cgroup \S+ (\S+)$/gm)].map((line) => line[1] ?? '');
  const known = new Set(
    readText('/proc/cgroups')
      .split('\n')
      .map((line) => line.split('\t')[0] ?? ''),
  );
  const controllers = options.flatMap((option) => option.split(',')).filter((option) => known.has(option));
  if (controllers.length === 0) return { layout: 'none', controllers };
  const hasUnified = typeOf('/sys/fs/cgroup/unified') === fileSystems.cgroup2;
  return { layout: hasUnified ? 'hybrid' : 'v1', controllers };
}

function cgroups(): Fact {
  const { layout, controllers } = cgroupLayout();
  const wanted = ['cpu', 'cpuset', 'memory', 'pids', layout === 'v2' ? 'io' : 'blkio'];
  const lacking = wanted.filter((controller) => !controllers.includes(controller));
  const isComplete = layout !== 'none' && lacking.length === 0;
  return {
    id: 'cgroups',
    what: 'control groups',
    state: layout === 'none' ? 'missing' : isComplete ? 'ok' : 'degraded',
    seen: layout === 'none' ? 'not mounted' : `${layout}: ${controllers.join(', ')}`,
    needed: `mounted at /sys/fs/cgroup with ${wanted.join(', ')}`,
    ...(isComplete ? {} : { advice: `limits of ${lacking.join(', ')} cannot be set; boot with cgroup_enable=…` }),
  };
}

// Read at most once a process: it is what the running kernel was built with.
let kernelConfiguration: string | undefined;

/** The kernel's build configuration, from itself or from /boot; empty when neither is there. */
function configuration(): string {
  if (kernelConfiguration !== undefined) return kernelConfiguration;
  try {
    kernelConfiguration = gunzipSync(readFileSync('/proc/config.gz')).toString('latin1');
  } catch {
    kernelConfiguration = readText(`/boot/config-${release()}`);
  }
  return kernelConfiguration;
}

interface Feature {
  id: string;
  what: string;
  option: string;
  module: string;
  advice: string;
}

function feature({ id, what, option, module, advice }: Feature): Fact {
  const isLoaded =
    existsSync(`/sys/module/${module}`) || new RegExp(`\\b${module}$`, 'm').test(readText('/proc/filesystems'));
  const built = new RegExp(`^${option}=([ym])$`, 'm').exec(configuration())?.[1];
  const isFile = readText(`/lib/modules/${release()}/modules.dep`).includes(`/${module}.ko`);
  const needed = `${option}, built in or as the module ${module}`;
  if (isLoaded || built === 'y') return { id, what, state: 'ok', seen: 'in the kernel', needed };
  if (isFile) return { id, what, state: 'ok', seen: 'a module, loaded when needed', needed };
  if (built === 'm')
    return { id, what, state: 'missing', seen: 'a module whose file is not installed', needed, advice };
  if (configuration() === '') return { id, what, state: 'unknown', seen: 'this kernel does not say', needed };
  return { id, what, state: 'missing', seen: 'not built', needed, advice };
}

/** `nft` or `legacy`, by the program that the name leads to; undefined when iptables is not installed. */
function iptablesBackend(): 'nft' | 'legacy' | undefined {
  const path = findProgram('iptables-restore');
  if (path === undefined) return undefined;
  return basename(realpathSync(path)).includes('nft') ? 'nft' : 'legacy';
}

function iptables(): Fact {
  const backend = iptablesBackend();
  return {
    id: 'iptables',
    what: 'iptables',
    state: backend === undefined ? 'missing' : 'ok',
    seen: backend === undefined ? 'not installed' : `backend ${backend}`,
    needed: 'iptables-restore and iptables-save, for networks and published ports',
    ...(backend === undefined
      ? { advice: 'install the package iptables; --network none and host work without it' }
      : {}),
  };
}

function seccomp(): Fact {
  const actions = readText('/proc/sys/kernel/seccomp/actions_avail').trim();
  return {
    id: 'seccomp',
    what: 'seccomp filters',
    state: actions === '' ? 'missing' : 'ok',
    seen: actions === '' ? 'not built' : actions,
    needed: 'CONFIG_SECCOMP_FILTER, for the default profile',
    ...(actions === '' ? { advice: 'containers start only with --security-opt seccomp=unconfined' } : {}),
  };
}

const namespaces = (): Fact => {
  const limits = namespaceKinds.map((kind) => [kind, readText(`/proc/sys/user/max_${kind}_namespaces`)]);
  return namespaceFact(Object.fromEntries(limits) as NamespaceLimits);
};

const userNamespaces = (): Fact[] =>
  userNamespaceFacts({
    limit: readText('/proc/sys/user/max_user_namespaces'),
    unprivilegedClone: readText('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestricts: readText('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    hasHelpers: findProgram('newuidmap') !== undefined && findProgram('newgidmap') !== undefined,
  });

function btf(): Fact {
  const isThere = existsSync('/sys/kernel/btf/vmlinux');
  return {
    id: 'btf',
    what: 'kernel type information (BTF)',
    state: isThere ? 'ok' : 'degraded',
    seen: isThere ? '/sys/kernel/btf/vmlinux' : 'none',
    needed: 'CONFIG_DEBUG_INFO_BTF, for traces of level 3',
    ...(isThere ? {} : { advice: 'levels 0 to 2 of a trace do not need it' }),
  };
}

const features: readonly Feature[] = [
  {
    id: 'overlayfs',
    what: 'overlay file system',
    option: 'CONFIG_OVERLAY_FS',
    module: 'overlay',
    advice: 'install the kernel package of the distribution with all its modules',
  },
  {
    id: 'veth',
    what: 'virtual Ethernet pairs',
    option: 'CONFIG_VETH',
    module: 'veth',
    advice: 'containers can use --network none or host',
  },
  {
    id: 'bridge',
    what: 'Ethernet bridges',
    option: 'CONFIG_BRIDGE',
    module: 'bridge',
    advice: 'containers can use --network none or host',
  },
];

/** Every fact, in the order in which a person would want to fix them. */
export const hostFacts = (): Fact[] => [
  kernelVersion(),
  root(),
  capabilities(),
  cgroups(),
  ...features.map(feature),
  iptables(),
  seccomp(),
  namespaces(),
  ...userNamespaces(),
  btf(),
];
