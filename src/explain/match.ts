// What a foreign runtime does, against config.json: the line that asks for a mount, a mask, a limit; or the named default of the
// runtimes' specification where no line does. What nothing asks for is the runtime's own doing, and has no cause here.
// @source oci-runtime config, config-linux

import type { Cause } from '../trace/cause.ts';
import type { DefaultName } from '../trace/defaults.ts';
import { parameterOf } from './match-cgroups.ts';

type Data = Record<string, unknown>;

/** The parts of config.json that effects are matched with. */
export interface RuntimeConfig {
  mounts: { destination: string; type: string }[];
  maskedPaths: string[];
  readonlyPaths: string[];
  devices: string[];
  namespaces: string[];
  rlimits: string[];
  environment: string[];
  /** The whole document, to see whether a line is there. */
  document: Data;
}

const object = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): string[] => list(value).map(String);
const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/** A config.json, whatever its shape; undefined when it is no object. */
export function runtimeConfig(value: unknown): RuntimeConfig | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const document = value as Data;
  const [linux, process] = [object(document.linux), object(document.process)];
  return {
    mounts: list(document.mounts).map((one) => ({
      destination: text(object(one).destination).replace(/(.)\/$/, '$1'),
      type: text(object(one).type),
    })),
    maskedPaths: texts(linux.maskedPaths),
    readonlyPaths: texts(linux.readonlyPaths),
    devices: list(linux.devices).map((one) => text(object(one).path)),
    namespaces: list(linux.namespaces).map((one) => text(object(one).type)),
    rlimits: list(process.rlimits).map((one) => text(object(one).type)),
    environment: texts(process.env),
    document,
  };
}

const line = (pointer: string): Cause => `config:${pointer as `/${string}`}`;
const named = (name: DefaultName): Cause => `default:${name}`;

/** The line of config.json that an event carries out, or the default; undefined for what nothing asks for. */
export function causeInConfig({ type, data }: { type: string; data: Data }, config: RuntimeConfig): Cause | undefined {
  switch (type) {
    case 'kernel.mount-attached':
      return causeOfMount(text(data.target), config);
    case 'kernel.cgroup-made':
    case 'kernel.cgroup-removed':
      return line('/linux/cgroupsPath');
    case 'kernel.cgroup-written':
      return causeOfCgroup(text(data.path), text(data.value), config);
    case 'kernel.operation-executed': {
      const operation = text(data.operation);
      const find = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      return find?.(object(data.arguments), config);
    }
    default:
      return undefined;
  }
}

/** The mount at that place; for those of a version 1 cgroup mount, which is many, the one they are in. */
function causeOfMount(target: string, { mounts }: RuntimeConfig): Cause | undefined {
  const exact = mounts.findLastIndex(({ destination }) => destination === target);
  const at =
    exact >= 0
      ? exact
      : mounts.findLastIndex(({ destination, type }) => type === 'cgroup' && target.startsWith(`${destination}/`));
  return at < 0 ? undefined : line(`/mounts/${at}`);
}

function causeOfCgroup(path: string, value: string, config: RuntimeConfig): Cause | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (/^devices\.(allow|deny)$/.test(file)) return causeOfDevice(file === 'devices.allow', value, config);
  if (file === 'cgroup.procs' || file === 'tasks') return line('/linux/cgroupsPath');
  if (file === 'cgroup.subtree_control') return named('cgroup-controllers');
  const pointer = parameterOf(file);
  if (pointer !== undefined && isThere(config.document, pointer)) return line(pointer);
  return file.startsWith('cpuset.') ? named('cpuset-inherited') : undefined;
}

/** `c 10:229 rwm`: the last rule about that device; what no rule asks for is the runtime's default, as are its own devices. */
function causeOfDevice(isAllowed: boolean, value: string, { document }: RuntimeConfig): Cause {
  const [type = 'a', numbers = '*:*'] = value.split(' ');
  const rules = list(object(object(document.linux).resources).devices).map(object);
  const number = (one: unknown): string => (typeof one === 'number' && one >= 0 ? String(one) : '*');
  const at = rules.findLastIndex(
    (rule) =>
      rule.allow === isAllowed &&
      (text(rule.type) || 'a') === type &&
      (type === 'a' || `${number(rule.major)}:${number(rule.minor)}` === numbers),
  );
  if (at >= 0) return line(`/linux/resources/devices/${at}`);
  return named(type === 'a' ? 'default-devices' : 'spec-devices');
}

function isThere(document: Data, pointer: string): boolean {
  let value: unknown = document;
  for (const step of pointer.split('/').slice(1)) value = object(value)[step];
  return value !== undefined;
}

const indexed = (pointer: string, at: number): Cause | undefined => (at < 0 ? undefined : line(`${pointer}/${at}`));
const always = (pointer: string) => (): Cause => line(pointer);
/** The line where there is one, else the default. */
const orDefault =
  (pointer: string, name: DefaultName) =>
  (_: Data, config: RuntimeConfig): Cause =>
    isThere(config.document, pointer) ? line(pointer) : named(name);

/** @source uapi asm-generic/resource.h */
const limitTypes =
  'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME'.split(' ');

const operations: Readonly<Record<string, (a: Data, config: RuntimeConfig) => Cause | undefined>> = {
  clone: always('/linux/namespaces'),
  unshare: always('/linux/namespaces'),
  setns: (a, { namespaces }) => indexed('/linux/namespaces', namespaces.indexOf(text(a.type))),
  id_map: (a) => line(a.file === 'gid_map' ? '/linux/gidMappings' : '/linux/uidMappings'),
  oom_score_adj: orDefault('/process/oomScoreAdj', 'oom-score'),
  setsid: () => named('own-session'),
  session_keyring: () => named('session-keyring'),
  sethostname: always('/hostname'),
  setdomainname: always('/domainname'),
  sysctl: (a, { document }) => {
    const key = text(a.key).replaceAll('/', '.');
    return object(object(document.linux).sysctl)[key] === undefined ? undefined : line(`/linux/sysctl/${key}`);
  },
  root_propagation: orDefault('/linux/rootfsPropagation', 'root-propagation'),
  root_bind: always('/root/path'),
  pivot_root: always('/root/path'),
  root_readonly: always('/root/readonly'),
  console: always('/process/terminal'),
  device_make: (a, { devices }) => indexed('/linux/devices', devices.indexOf(text(a.path))) ?? named('spec-devices'),
  symlink: () => named('dev-links'),
  mask_path: (a, { maskedPaths }) => indexed('/linux/maskedPaths', maskedPaths.indexOf(text(a.path))),
  readonly_path: (a, { readonlyPaths }) => indexed('/linux/readonlyPaths', readonlyPaths.indexOf(text(a.path))),
  rlimit: (a, { rlimits }) => indexed('/process/rlimits', rlimits.indexOf(`RLIMIT_${limitTypes[Number(a.resource)]}`)),
  umask: orDefault('/process/user/umask', 'umask'),
  no_new_privs: always('/process/noNewPrivileges'),
  capability_bounding: always('/process/capabilities/bounding'),
  capset: always('/process/capabilities'),
  capability_ambient: always('/process/capabilities'),
  seccomp: always('/linux/seccomp'),
  apparmor_profile: always('/process/apparmorProfile'),
  seccomp_listener: always('/linux/seccomp/listenerPath'),
  scheduler: always('/process/scheduler'),
  io_priority: always('/process/ioPriority'),
  personality: always('/linux/personality'),
  cpu_affinity: always('/process/execCPUAffinity'),
  memory_policy: always('/linux/memoryPolicy'),
  setgroups: always('/process/user/additionalGids'),
  setgid: always('/process/user/gid'),
  setuid: always('/process/user/uid'),
  chdir: always('/process/cwd'),
  exec: always('/process/args'),
};
