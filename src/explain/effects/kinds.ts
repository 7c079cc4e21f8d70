// The vocabulary of effects: what a call or an operation can change in the kernel.
import type { TraceEvent } from '../../trace/file.ts';

/** In the order in which a comparison tells them. `one` and `many` name them with a number in front. */
export const effectKinds = {
  exit: { one: 'exit status', many: 'exit statuses' },
  exec: { one: 'program', many: 'programs' },
  environment: { one: 'environment variable', many: 'environment variables' },
  cwd: { one: 'working directory', many: 'working directories' },
  user: { one: 'user or group', many: 'users and groups' },
  hook: { one: 'hook', many: 'hooks' },
  'namespace-made': { one: 'new namespace', many: 'new namespaces' },
  'namespace-joined': { one: 'namespace joined', many: 'namespaces joined' },
  'id-map': { one: 'id map', many: 'id maps' },
  cgroup: { one: 'cgroup', many: 'cgroups' },
  'cgroup-value': { one: 'cgroup value', many: 'cgroup values' },
  'cgroup-joined': { one: 'cgroup joined', many: 'cgroups joined' },
  'device-rule': { one: 'device rule', many: 'device rules' },
  root: { one: 'root file system', many: 'steps of the root file system' },
  mount: { one: 'mount', many: 'mounts' },
  device: { one: 'device', many: 'devices' },
  symlink: { one: 'symbolic link', many: 'symbolic links' },
  masked: { one: 'masked path', many: 'masked paths' },
  'read-only': { one: 'read-only path', many: 'read-only paths' },
  hostname: { one: 'host name', many: 'host names' },
  sysctl: { one: 'sysctl', many: 'sysctls' },
  capabilities: { one: 'capability set', many: 'capability sets' },
  seccomp: { one: 'seccomp filter', many: 'seccomp filters' },
  process: { one: 'process attribute', many: 'process attributes' },
  link: { one: 'network link', many: 'network links' },
  address: { one: 'network address', many: 'network addresses' },
  route: { one: 'route', many: 'routes' },
  chain: { one: 'iptables chain', many: 'iptables chains' },
  rule: { one: 'iptables rule', many: 'iptables rules' },
  other: { one: 'other operation', many: 'other operations' },
} as const satisfies Record<string, { one: string; many: string }>;

export type EffectKind = keyof typeof effectKinds;

export interface Effect {
  kind: EffectKind;
  subject: string;
  /** Empty where the subject says all. */
  value: string;
  /** Tried, but what it is about does not exist on this host: rightly ignored. */
  absent?: true;
  /** The events that make it up, in order; several where they belong together (a bind and its remount). */
  events: [TraceEvent, ...TraceEvent[]];
}

/** An effect before it is known which event it comes from. */
export type Draft = Pick<Effect, 'kind' | 'subject' | 'value'>;
