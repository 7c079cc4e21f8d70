// What this host can do, read from /proc and /dev: given to the pure functions that generate a spec.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { allCapabilities } from './spec/capabilities.ts';
import type { HostDevice, HostFacts } from './spec/input.ts';

export function readHostFacts(): HostFacts {
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    architecture: process.arch,
    cgroupVersion: cgroupVersion(),
    capabilities: capabilitiesIn(status),
    hasSeccomp: /^Seccomp:/m.test(status),
    appArmorProfiles,
    devices: () => devicesUnder('/dev'),
  };
}

/** The bounding set: what the daemon cannot have it cannot give. @source man capabilities(7) */
function capabilitiesIn(status: string): string[] {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return allCapabilities.filter((_name, bit) => (mask >> BigInt(bit)) & 1n);
}

/** One a line, `name (mode)`; a name may hold spaces. @source kernel admin-guide/LSM/apparmor.rst */
function appArmorProfiles(): readonly string[] | undefined {
  if (!textOf('/sys/module/apparmor/parameters/enabled').startsWith('Y')) return undefined;
  return textOf('/sys/kernel/security/apparmor/profiles')
    .split('\n')
    .flatMap((line) => /^(.+) \([a-z]+\)$/.exec(line)?.[1] ?? []);
}

/** '' where it is not there. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A hybrid host counts as version 1: its controllers are there. @source man cgroups(7) */
function cgroupVersion(): 1 | 2 {
  try {
    return statSync('/sys/fs/cgroup/cgroup.controllers').isFile() ? 2 : 1;
  } catch {
    return 1;
  }
}

/** Folders whose nodes belong to a mount of the container's own. */
const skipped = new Set(['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/.udev', '/dev/.lxc', '/dev/console', '/dev/fd']);

function devicesUnder(folder: string): HostDevice[] {
  const found: HostDevice[] = [];
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    if (skipped.has(path)) continue;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) found.push(...devicesUnder(path));
    else if (stat?.isCharacterDevice() || stat?.isBlockDevice()) found.push(deviceOf(path, stat));
  }
  return found;
}

/** dev_t as glibc packs it. @source man makedev(3) */
function deviceOf(path: string, stat: ReturnType<typeof lstatSync> & {}): HostDevice {
  const rdev = Number(stat.rdev);
  const major = (rdev >>> 8) & 0xfff;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major,
    minor,
    fileMode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}
