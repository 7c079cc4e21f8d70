// `linux.namespaces` → one clone with the new ones, a setns for each that has a path. Order matters:
// pid is joined before the clone, since setns(2) moves only children; user first of the rest, since it owns the others;
// cgroup is left (unshare) only after the child was put into its cgroup, which becomes the namespace's root.
import type { NamespaceSpec, NamespaceType } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, byRuntime, type CompileContext, type PlanCause, refusal, unsupported } from './context.ts';
import { CLONE_NEW } from './flags.ts';

type Entry = { type: NamespaceType; path: string; cause: PlanCause };

const entries = (context: CompileContext): Entry[] =>
  (context.config.linux?.namespaces ?? []).map((namespace: NamespaceSpec, index) => ({
    type: namespace.type,
    path: namespace.path ?? '',
    cause: `/linux/namespaces/${index}`,
  }));

/** What cannot be done, by name, before anything else is compiled. */
export function checkNamespaces(context: CompileContext): void {
  const seen = new Set<NamespaceType>();
  for (const { type, path, cause } of entries(context)) {
    if (seen.has(type)) throw refusal(cause, `"${type}": expected each namespace once`);
    seen.add(type);
    if (type === 'time') throw unsupported(cause, 'a time namespace');
    if (type === 'mount' && path !== '') throw unsupported(`${cause}/path`, 'joining a mount namespace');
    if (type === 'user' && path !== '') throw unsupported(`${cause}/path`, 'joining a user namespace');
    if (type === 'cgroup' && path !== '') throw unsupported(`${cause}/path`, 'joining a cgroup namespace');
  }
  if (!seen.has('mount')) throw unsupported('/linux/namespaces', 'a container without a mount namespace of its own');
  checkMappings(context, seen.has('user'));
}

function checkMappings(context: CompileContext, hasUser: boolean): void {
  const { uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  if (!hasUser && uidMappings.length + gidMappings.length > 0) {
    throw refusal('/linux/uidMappings', 'expected none without a user namespace');
  }
  if (hasUser && uidMappings.length === 0) throw refusal('/linux/uidMappings', 'missing: a user namespace needs them');
  if (hasUser && gidMappings.length === 0) throw refusal('/linux/gidMappings', 'missing: a user namespace needs them');
}

/** The clone, with what must stand around it. */
export function cloneOperations(context: CompileContext): Operation[] {
  const pid = entries(context).filter(({ type, path }) => type === 'pid' && path !== '');
  return [
    ...pid.map(({ path, cause }) => byRuntime('setns', cause, { path, type: CLONE_NEW.pid })),
    byRuntime('clone', '/linux/namespaces', { flags: bitsOf(fresh(context).filter(isMadeAtClone(context))) }),
    ...mappingOperations(context),
  ];
}

/** The new ones; cgroup waits until the child is in its cgroup. */
const fresh = (context: CompileContext): NamespaceType[] =>
  entries(context)
    .filter(({ type, path }) => path === '' && type !== 'cgroup')
    .map(({ type }) => type);

/** Beside a user namespace the others are made after its maps are written, or their objects (mqueue's root) belong to nobody. */
const isMadeAtClone =
  (context: CompileContext) =>
  (type: NamespaceType): boolean =>
    type === 'user' || type === 'pid' || !fresh(context).includes('user');

const bitsOf = (types: readonly NamespaceType[]): number => types.reduce((bits, type) => bits | CLONE_NEW[type], 0);

function mappingOperations(context: CompileContext): Operation[] {
  const { uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  if (uidMappings.length === 0) return [];
  const lines = (mappings: typeof uidMappings): string =>
    mappings.map((item) => `${item.containerID} ${item.hostID} ${item.size}\n`).join('');
  return [
    byRuntime('id_map', '/linux/uidMappings', { file: 'uid_map', value: lines(uidMappings) }),
    byRuntime('id_map', '/linux/gidMappings', { file: 'gid_map', value: lines(gidMappings) }),
  ];
}

/** In the child: what a user namespace of its own must own, joins, then the cgroup namespace. */
export function joinNamespaces(context: CompileContext): Operation[] {
  const all = entries(context);
  const late = bitsOf(fresh(context).filter((type) => !isMadeAtClone(context)(type)));
  return [
    ...(late === 0 ? [] : [byInit('unshare', '/linux/namespaces', { flags: late })]),
    ...all
      .filter(({ type, path }) => path !== '' && type !== 'pid')
      .map(({ type, path, cause }) => byInit('setns', cause, { path, type: CLONE_NEW[type] })),
    ...all
      .filter(({ type, path }) => type === 'cgroup' && path === '')
      .map(({ cause }) => byInit('unshare', cause, { flags: CLONE_NEW.cgroup })),
  ];
}

/** A new network namespace has lo, down. */
export const loopbackOperations = (context: CompileContext): Operation[] =>
  entries(context)
    .filter(({ type, path }) => type === 'network' && path === '')
    .map(({ cause }) => byInit('loopback_up', cause, {}));

/** An exec joins all that its container's init is in; paths are beneath /proc/<pid of init>/. The mount namespace last: paths change with it. */
export function execNamespaces(context: CompileContext): { beforeClone: Operation[]; inChild: Operation[] } {
  const order: NamespaceType[] = ['user', 'ipc', 'uts', 'network', 'cgroup', 'mount'];
  const present = new Map(entries(context).map((entry) => [entry.type, entry.cause]));
  const join = (type: NamespaceType): { path: string; type: number } => ({
    path: `ns/${type === 'mount' ? 'mnt' : type === 'network' ? 'net' : type}`,
    type: CLONE_NEW[type],
  });
  const pidCause = present.get('pid');
  return {
    beforeClone: pidCause === undefined ? [] : [byRuntime('setns', pidCause, join('pid'))],
    inChild: order.flatMap((type) => {
      const cause = present.get(type);
      return cause === undefined ? [] : [byInit('setns', cause, join(type))];
    }),
  };
}
