// Hosts to compile for, so that unit tests need none of their own.

import type { RuntimeConfig } from '../../src/oci/runtime.ts';
import type { CompileContext } from '../../src/runc/compile/context.ts';
import { compileBundle } from '../../src/runc/compile.ts';
import { defaultSpec } from '../../src/runc/default-spec.ts';
import type { CgroupLayout } from '../../src/runc/host/cgroups.ts';
import type { HostFacts } from '../../src/runc/host/facts.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';

const hierarchy = (...controllers: string[]) => ({
  controllers,
  mountpoint: `/sys/fs/cgroup/${controllers.map((name) => name.replace('name=', '')).join(',')}`,
});

/** A hybrid host: version 1 hierarchies, and an empty version 2 one beside them. */
export const version1: CgroupLayout = {
  v1: ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'name=systemd'].map((name) =>
    hierarchy(name),
  ),
  v2: '/sys/fs/cgroup/unified',
};
/** As Debian mounts version 1: two pairs share a hierarchy. */
export const comounted: CgroupLayout = {
  v1: [hierarchy('cpu', 'cpuacct'), hierarchy('memory'), hierarchy('devices')],
  v2: undefined,
};
export const version2: CgroupLayout = { v1: [], v2: '/sys/fs/cgroup' };

export const hostWith = (changes: Partial<HostFacts> = {}): HostFacts => ({
  cgroups: version1,
  boundingCapabilities: (1n << 41n) - 1n,
  effectiveCapabilities: (1n << 41n) - 1n,
  hardLimits: new Map([
    [6, 20000n],
    [7, 20000n],
  ]),
  readCgroupFile: (path) => {
    if (path.endsWith('/cgroup.controllers')) return 'cpuset cpu memory pids';
    if (path === '/sys/fs/cgroup/cpuset/cpuset.cpus') return '0-1';
    return path === '/sys/fs/cgroup/cpuset/cpuset.mems' ? '0' : '';
  },
  isHostNamespace: (_type, path) => path === '/host',
  hasKcore: false,
  hasBfq: () => false,
  hasSystemd: true,
  deviceName: (kind, major) => (kind === 'char' && major === 136 ? 'pts' : undefined),
  securityModules: { appArmor: false, seLinux: false },
  ...changes,
});

export const contextWith = (config: Partial<RuntimeConfig>, host: Partial<HostFacts> = {}): CompileContext => ({
  id: 'web',
  bundle: '/bundle',
  config: { ociVersion: '1.2.0', ...config },
  host: hostWith(host),
  warnings: [],
});

/** `name:first-argument`, enough to see an order. */
export const brief = (operations: readonly Operation[]): string[] =>
  operations.map((operation) => [operation.name, ...Object.values(operation.arguments).slice(0, 1)].join(':'));

export type ArgumentsOf<N extends Operation['name']> = Extract<Operation, { name: N }>['arguments'];

/** The arguments of every operation of one kind, in order. */
export const named = <N extends Operation['name']>(operations: readonly Operation[], name: N): ArgumentsOf<N>[] =>
  operations.filter((operation) => operation.name === name).map((operation) => operation.arguments as ArgumentsOf<N>);

type Config = ReturnType<typeof defaultSpec>;

// biome-ignore lint/suspicious/noExplicitAny: edits make documents that the type rightly forbids
export type Edit = (config: any) => void;

/** The default config.json, edited, as a plan. */
export function compile(edit: Edit, host = hostWith()) {
  const config: Config = defaultSpec();
  edit(config);
  return compileBundle({ id: 'web', bundle: '/bundle', config: JSON.stringify(config), host });
}
