// Effects of the runtime's operations, of mounts, of cgroups: one row an operation, with what it changes and to what.
// The same rows read what our runtime reports and what is derived from the calls of another: both are kernel events of level 2.
import {
  ioPriorityClasses,
  memoryPolicyModes,
  nameOf,
  propagationName,
  rlimitNames,
  schedulingPolicies,
} from '../../base/kernel-names.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { Draft, EffectKind } from './kinds.ts';
import type { Sameness } from './sameness.ts';

type Arguments = Record<string, unknown>;

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const words = (value: unknown): string[] =>
  (Array.isArray(value) ? value.map(text) : text(value).split(',')).filter(Boolean);
const simple =
  (kind: EffectKind, subject: string, argument?: string) =>
  (a: Arguments): Draft[] => [{ kind, subject, value: argument === undefined ? '' : text(a[argument]) }];

/** Operation → its effects. `await_start` and what only prepares has none. */
const rows: Record<string, (a: Arguments, sameness: Sameness) => Draft[]> = {
  cgroup_devices: (a) => [{ kind: 'device-rule', subject: 'program of version 2', value: text(a.program) }],
  systemd_call: (a) => [{ kind: 'cgroup', subject: text(a.unit), value: `systemd ${text(a.member)}` }],
  clone: (a) => words(a.flags).map((type) => ({ kind: 'namespace-made', subject: type, value: '' })),
  unshare: (a) => words(a.flags).map((type) => ({ kind: 'namespace-made', subject: type, value: '' })),
  setns: (a) => words(a.type).map((type) => ({ kind: 'namespace-joined', subject: type, value: '' })),
  id_map: (a) => [{ kind: 'id-map', subject: text(a.file), value: text(a.value).trim() }],
  oom_score_adj: simple('process', 'oom_score_adj', 'value'),
  hook: (a) => [{ kind: 'hook', subject: `${text(a.phase)} ${text(a.path)}`, value: words(a.argv).slice(1).join(' ') }],
  setsid: simple('process', 'a session of its own'),
  session_keyring: simple('process', 'a session keyring of its own'),
  sethostname: (a, same) => [{ kind: 'hostname', subject: 'host name', value: hostName(same.of(text(a.name))) }],
  setdomainname: simple('hostname', 'domain name', 'name'),
  sysctl: (a) => [{ kind: 'sysctl', subject: text(a.key).replaceAll('/', '.'), value: text(a.value) }],
  loopback_up: simple('link', 'lo in the container', ''),
  root_propagation: (a) => [{ kind: 'root', subject: 'propagation of every mount', value: propagation(a.flags) }],
  root_bind: simple('root', 'bound on itself'),
  device_make: (a) => [{ kind: 'device', subject: text(a.path), value: deviceValue(a) }],
  symlink: (a) => [{ kind: 'symlink', subject: text(a.path), value: text(a.target) }],
  console: simple('device', '/dev/console'),
  pivot_root: simple('root', 'pivot_root'),
  root_readonly: simple('root', 'read-only'),
  mask_path: (a) => [{ kind: 'masked', subject: text(a.path), value: '' }],
  readonly_path: (a) => [{ kind: 'read-only', subject: text(a.path), value: '' }],
  rlimit: (a) => [
    { kind: 'process', subject: `limit ${limitName(a.resource)}`, value: `${text(a.soft)}:${text(a.hard)}` },
  ],
  umask: simple('process', 'umask', 'mask'),
  no_new_privs: simple('process', 'no_new_privs'),
  capability_bounding: (a) => [capabilities('bounding', a.keep)],
  capset: (a) => ['effective', 'permitted', 'inheritable'].map((set) => capabilities(set, a[set])),
  capability_ambient: (a) => [capabilities('ambient', a.mask)],
  setgroups: (a) => [{ kind: 'user', subject: 'groups', value: text(a.gids) }],
  setgid: simple('user', 'gid', 'gid'),
  setuid: simple('user', 'uid', 'uid'),
  seccomp: (a) => [{ kind: 'seccomp', subject: 'filter', value: text(a.program) }],
  apparmor_profile: simple('process', 'AppArmor profile', 'profile'),
  seccomp_listener: simple('seccomp', 'agent', 'path'),
  scheduler: (a) => [
    {
      kind: 'process',
      subject: 'scheduling policy',
      value: [nameOf(schedulingPolicies, Number(a.policy)), text(a.nice), text(a.priority)].join(' '),
    },
  ],
  io_priority: (a) => [
    {
      kind: 'process',
      subject: 'I/O priority',
      value: `${nameOf(ioPriorityClasses, Number(a.class))} ${text(a.level)}`,
    },
  ],
  personality: simple('process', 'personality', 'persona'),
  cpu_affinity: simple('process', 'CPU affinity', 'cpus'),
  memory_policy: (a) => [
    {
      kind: 'process',
      subject: 'memory policy',
      value: `${nameOf(memoryPolicyModes, Number(a.mode))} ${text(a.nodes)}`.trimEnd(),
    },
  ],
  chdir: simple('cwd', 'working directory', 'path'),
  exec: (a, same) => [
    { kind: 'exec', subject: 'process 1', value: same.of(words(a.argv).join(' ')) },
    ...words(a.env).map(
      (variable): Draft => ({ kind: 'environment', subject: variable.split('=')[0] ?? '', value: '' }),
    ),
  ],
  await_start: () => [],
};

/** The effects of a mount, a cgroup event, a written file or an operation. */
export function operationEffects({ type, data }: TraceEvent, sameness: Sameness): Draft[] {
  switch (type) {
    case 'kernel.mount-attached':
      return [mountEffect(data, sameness)];
    case 'kernel.cgroup-made':
      return cgroupMade(sameness.of(text(data.path)));
    case 'kernel.cgroup-written':
      return cgroupWritten(sameness.of(text(data.path)), text(data.value));
    case 'kernel.file-written':
      return [fileWritten(sameness.of(text(data.path)), text(data.value))];
    case 'kernel.operation-executed': {
      const operation = text(data.operation);
      const row = Object.hasOwn(rows, operation) ? rows[operation] : undefined;
      const a = (typeof data.arguments === 'object' && data.arguments !== null ? data.arguments : {}) as Arguments;
      return row?.(a, sameness) ?? [{ kind: 'other', subject: operation, value: sameness.of(JSON.stringify(a)) }];
    }
    default:
      return [];
  }
}

const hostName = (name: string): string => (name === '<id>' ? "the container's id" : name);

/** `proc nosuid,nodev`, `bind:<data>/containers/<id>/hosts ro`, `remount ro`: the options sorted, since their order means nothing. */
function mountEffect(data: Arguments, sameness: Sameness): Draft {
  const options = words(data.options);
  const target = sameness.of(text(data.target)).replace(/^<rootfs>$/, '/');
  // A container's own cgroup, whatever its engine calls the one above it.
  const source = sameness.of(text(data.source)).replace(/^(\/sys\/fs\/cgroup\/.*?)[^/]+\/<id>$/, '$1<engine>/<id>');
  const fstype = text(data.fstype);
  if (fstype === 'overlay') return overlayEffect(target, options);
  const kind = options.includes('remount') ? 'remount' : fstype === '' ? `bind:${source}` : fstype;
  const rest = options.filter((option) => option !== 'remount' && option !== 'rw').sort();
  return { kind: 'mount', subject: target, value: `${kind} ${rest.join(',')}`.trim() };
}

/** The names of layers say nothing, their number does. */
function overlayEffect(target: string, options: readonly string[]): Draft {
  const lower = options.find((option) => option.startsWith('lowerdir='));
  const count = lower === undefined ? 0 : lower.split(':').length;
  const rest = options.filter((option) => !/^(lowerdir|upperdir|workdir)=/.test(option)).sort();
  const writable = options.some((option) => option.startsWith('upperdir=')) ? ['writable'] : [];
  return { kind: 'mount', subject: target, value: `overlay ${[`layers=${count}`, ...writable, ...rest].join(',')}` };
}

/** The hierarchy of a cgroup path: `memory`, `unified`, or `/` where there is one for all. */
function hierarchyOf(path: string): { hierarchy: string; rest: string } {
  const [, hierarchy = '', rest = ''] = /^\/sys\/fs\/cgroup\/([^/]+)\/(.*)$/.exec(path) ?? [undefined, '', path];
  return { hierarchy, rest };
}

/** Only a container's own: the engine's parent is made once and stays. */
function cgroupMade(path: string): Draft[] {
  return path.endsWith('<id>') ? [{ kind: 'cgroup', subject: hierarchyOf(path).hierarchy, value: '' }] : [];
}

/** The same for values: the parent's files are written by whoever finds them empty. */
function cgroupWritten(path: string, value: string): Draft[] {
  if (!path.includes('<id>')) return [];
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (file === 'tasks' || file === 'cgroup.procs' || file === 'cgroup.threads') {
    return [{ kind: 'cgroup-joined', subject: hierarchyOf(path).hierarchy, value: '' }];
  }
  const rule = /^devices\.(allow|deny)$/.exec(file)?.[1];
  if (rule !== undefined) return [{ kind: 'device-rule', subject: `${rule} ${value}`, value: '' }];
  // Two descriptors of whoever wants to hear of it. @source kernel cgroup-v1/memory.rst
  const said = file === 'cgroup.event_control' ? 'an eventfd' : value;
  return [{ kind: 'cgroup-value', subject: file, value: said }];
}

function fileWritten(path: string, value: string): Draft {
  const sysctl = /^\/proc\/sys\/(.*)$/.exec(path)?.[1];
  if (sysctl !== undefined) return { kind: 'sysctl', subject: sysctl.replaceAll('/', '.'), value };
  return { kind: 'other', subject: `write ${path}`, value };
}

const propagation = (flags: unknown): string => propagationName(Number(flags)) ?? text(flags);

function deviceValue(a: Arguments): string {
  const mode = Number.parseInt(text(a.mode), 8);
  const kind = { 2: 'c', 6: 'b', 1: 'p' }[mode >> 12] ?? '?';
  const owner = text(a.uid) === '0' && text(a.gid) === '0' ? '' : ` owner ${text(a.uid)}:${text(a.gid)}`;
  return `${kind} ${text(a.major)}:${text(a.minor)} mode ${(mode & 0o7777).toString(8)}${owner}`;
}

const limitName = (resource: unknown): string => rlimitNames[Number(resource)] ?? text(resource);

/** Sorted names, as the set that it is; the arguments name them in lower case without CAP_. */
function capabilities(set: string, value: unknown): Draft {
  const names = words(value).filter((name) => name !== 'none');
  return { kind: 'capabilities', subject: set, value: names.sort().join(',') };
}
