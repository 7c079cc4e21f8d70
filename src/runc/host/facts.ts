// Facts about this host that a plan depends on, read in a few small files. The compiler takes them as an argument.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { NamespaceType } from '../../oci/runtime.ts';
import { type CgroupLayout, readCgroupLayout } from './cgroups.ts';
import { type RootlessFacts, type RootlessWord, readRootless } from './rootless.ts';

export interface HostFacts {
  cgroups: CgroupLayout;
  /** Capabilities that this process may hand on: its bounding set. */
  boundingCapabilities: bigint;
  effectiveCapabilities: bigint;
  /** Hard limits of this process by kernel number; undefined is unlimited. */
  hardLimits: ReadonlyMap<number, bigint>;
  /** A small file of the cgroup filesystem as it is now, trimmed; '' when it is not there. */
  readCgroupFile: (path: string) => string;
  /** The path is of the namespace that this process is in itself. */
  isHostNamespace: (type: NamespaceType, path: string) => boolean;
  /** /proc/kcore exists, so containers get /dev/core. */
  hasKcore: boolean;
  /** systemd is this host's init. @source man sd_booted(3) */
  hasSystemd: boolean;
  /** The I/O scheduler that has weights of cgroups is loaded. */
  hasBfq: () => boolean;
  /** The name that /proc/devices has for a major number. */
  deviceName: (kind: 'char' | 'block', major: number) => string | undefined;
  /** Linux security modules that label processes and that this kernel has switched on. */
  securityModules: { appArmor: boolean; seLinux: boolean };
  /** Undefined for a runtime with all privileges. */
  rootless?: RootlessFacts | undefined;
}

/** The host as this process sees it now. */
export function readHostFacts(rootless: RootlessWord = 'auto'): HostFacts {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effectiveCapabilities = capabilityMask(status, 'CapEff');
  return {
    cgroups: readCgroupLayout(),
    boundingCapabilities: capabilityMask(status, 'CapBnd'),
    effectiveCapabilities,
    hardLimits: parseHardLimits(readFileSync('/proc/self/limits', 'utf8')),
    readCgroupFile: (path) => readOr(path),
    isHostNamespace,
    hasKcore: existsSync('/proc/kcore'),
    hasSystemd: existsSync('/run/systemd/system'),
    hasBfq: () => hasBfq('/sys/block'),
    deviceName: (kind, major) => deviceNameIn(readFileSync('/proc/devices', 'utf8'), kind, major),
    securityModules: {
      appArmor: readOr('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
      seLinux: existsSync('/sys/fs/selinux/enforce'),
    },
    rootless: readRootless(rootless, effectiveCapabilities),
  };
}

/** Each disk names the schedulers that it could have: `[none] mq-deadline bfq`. @source kernel block/switching-sched.rst */
function hasBfq(disks: string): boolean {
  const names = existsSync(disks) ? readdirSync(disks) : [];
  return names.some((name) => /\bbfq\b/.test(readOr(`${disks}/${name}/queue/scheduler`)));
}

const namespaceFiles: Partial<Record<NamespaceType, string>> = { network: 'net', mount: 'mnt' };

function isHostNamespace(type: NamespaceType, path: string): boolean {
  const [own, other] = [`/proc/self/ns/${namespaceFiles[type] ?? type}`, path].map((name) =>
    statSync(name, { bigint: true, throwIfNoEntry: false }),
  );
  return own !== undefined && own.ino === other?.ino && own.dev === other.dev;
}

/** @source man proc_devices(5): two lists, each under its title */
export function deviceNameIn(devices: string, kind: 'char' | 'block', major: number): string | undefined {
  const [char = '', block = ''] = devices.split('Block devices:');
  return new RegExp(`^ *${major} (.+)$`, 'm').exec(kind === 'char' ? char : block)?.[1];
}

const readOr = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');

function capabilityMask(status: string, field: string): bigint {
  const at = status.indexOf(`\n${field}:\t`);
  return at === -1 ? 0n : BigInt(`0x${status.slice(at + field.length + 3, at + field.length + 19)}`);
}

/** Titles of /proc/pid/limits. @source man proc_pid_limits(5) */
const limitTitles: Readonly<Record<string, number>> = {
  'Max cpu time': 0,
  'Max file size': 1,
  'Max data size': 2,
  'Max stack size': 3,
  'Max core file size': 4,
  'Max resident set': 5,
  'Max processes': 6,
  'Max open files': 7,
  'Max locked memory': 8,
  'Max address space': 9,
  'Max file locks': 10,
  'Max pending signals': 11,
  'Max msgqueue size': 12,
  'Max nice priority': 13,
  'Max realtime priority': 14,
  'Max realtime timeout': 15,
};

/** The finite hard limits in the text of /proc/pid/limits. */
export function parseHardLimits(text: string): Map<number, bigint> {
  const limits = new Map<number, bigint>();
  for (const line of text.split('\n')) {
    const resource = limitTitles[line.slice(0, 25).trim()];
    const hard = line.slice(25).trim().split(/\s+/)[1];
    if (resource !== undefined && hard !== undefined && /^[0-9]+$/.test(hard)) limits.set(resource, BigInt(hard));
  }
  return limits;
}
