// `linux.namespaces` → one clone with the new ones, a setns for each that has a path. Order matters:
// - pid is joined before the clone, since setns(2) moves only children;
// - so is everything else beside a user namespace, new or joined: who is in it may not join what belongs to the host's, and what is to
//   belong to it has to be made in it. The process of a fork does these, and the clone (native/runc/clone.c);
// - cgroup is left (unshare) only after the child was put into its cgroup, which becomes the namespace's root.
import type { NamespaceSpec, NamespaceType } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, byRuntime, type CompileContext, type PlanCause, refusal } from './context.ts';
import { CAP_SYS_ADMIN, CLONE_NEW } from './flags.ts';
import { checkTimeOffsets, timeOperations } from './time-namespace.ts';
import { checkRootless, mappingOperations } from './user-namespace.ts';

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
  for (const { type, cause } of entries(context)) {
    if (seen.has(type)) throw refusal(cause, `"${type}": expected each namespace once`);
    seen.add(type);
  }
  checkMappings(context);
  checkTimeOffsets(context);
  checkRootless(context);
}

/** A joined user namespace has its maps already; where config.json says them too, they are compared. @source runc libcontainer/specconv setupUserNamespace */
function checkMappings(context: CompileContext): void {
  const { uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  const user = entries(context).find(({ type }) => type === 'user');
  const hasMappings = uidMappings.length + gidMappings.length > 0;
  if (user === undefined && hasMappings) throw refusal('/linux/uidMappings', 'expected none without a user namespace');
  if (user === undefined || user.path !== '') return;
  if (uidMappings.length === 0) throw refusal('/linux/uidMappings', 'missing: a user namespace needs them');
  if (gidMappings.length === 0) throw refusal('/linux/gidMappings', 'missing: a user namespace needs them');
}

/** The clone, with what must stand around it. */
export function cloneOperations(context: CompileContext): Operation[] {
  const joins = joinedBeforeClone(context).map(({ type, path, cause }) =>
    byInit('setns', cause, { path, type: CLONE_NEW[type] }),
  );
  const flags = bitsOf(fresh(context).filter(isMadeAtClone(context)));
  const clone: Operation[] =
    joins.length === 0
      ? [byRuntime('clone', '/linux/namespaces', { flags })]
      : [byRuntime('fork', '/linux/namespaces', {}), ...joins, byInit('clone', '/linux/namespaces', { flags })];
  return [...clone, ...mappingOperations(context)];
}

const joined = (context: CompileContext): Entry[] => entries(context).filter(({ path }) => path !== '');

function joinedBeforeClone(context: CompileContext): Entry[] {
  const all = joined(context);
  const hasUser = entries(context).some(({ type }) => type === 'user');
  return hasUser ? aroundUser(context, all) : all.filter(({ type }) => type === 'pid');
}

/**
 * With the host's rights everything is joined before they are given up with the user namespace; without them, the user namespace
 * has to give the rights. A new one does not give them over what was there before it.
 */
function aroundUser<E extends { type: NamespaceType }>(context: CompileContext, joins: readonly E[]): E[] {
  const user = joins.filter(({ type }) => type === 'user');
  const others = joins.filter(({ type }) => type !== 'user');
  const isPrivileged = (context.host.effectiveCapabilities & CAP_SYS_ADMIN) !== 0n;
  return isPrivileged ? [...others, ...user] : [...user, ...others];
}

/** The new ones; cgroup waits until the child is in its cgroup, and time until its clocks are set. */
const fresh = (context: CompileContext): NamespaceType[] =>
  entries(context)
    .filter(({ type, path }) => path === '' && type !== 'cgroup' && type !== 'time')
    .map(({ type }) => type);

/** Beside a new user namespace the others are made after its maps are written, or their objects (mqueue's root) belong to nobody. */
const isMadeAtClone =
  (context: CompileContext) =>
  (type: NamespaceType): boolean =>
    type === 'user' || type === 'pid' || !fresh(context).includes('user');

const bitsOf = (types: readonly NamespaceType[]): number => types.reduce((bits, type) => bits | CLONE_NEW[type], 0);

/** In the child: what a new user namespace must own, the joins that had time, then the cgroup namespace. */
export function joinNamespaces(context: CompileContext): Operation[] {
  const late = bitsOf(fresh(context).filter((type) => !isMadeAtClone(context)(type)));
  const before = new Set(joinedBeforeClone(context).map(({ type }) => type));
  return [
    ...(late === 0 ? [] : [byInit('unshare', '/linux/namespaces', { flags: late })]),
    ...timeOperations(context),
    ...joined(context)
      .filter(({ type }) => !before.has(type))
      .map(({ type, path, cause }) => byInit('setns', cause, { path, type: CLONE_NEW[type] })),
    ...entries(context)
      .filter(({ type, path }) => type === 'cgroup' && path === '')
      .map(({ cause }) => byInit('unshare', cause, { flags: CLONE_NEW.cgroup })),
  ];
}

/** A new network namespace has lo, down. */
export const loopbackOperations = (context: CompileContext): Operation[] =>
  entries(context)
    .filter(({ type, path }) => type === 'network' && path === '')
    .map(({ cause }) => byInit('loopback_up', cause, {}));

/**
 * An exec joins all that its container's init is in; paths are beneath /proc/<pid of init>/. The mount namespace last of those that
 * the host's rights open.
 */
export function execNamespaces(context: CompileContext): Operation[] {
  const order: NamespaceType[] = ['ipc', 'uts', 'network', 'time', 'cgroup', 'pid', 'user', 'mount'];
  const present = order.flatMap((type) => entries(context).filter((entry) => entry.type === type));
  const file = (type: NamespaceType): string => (type === 'mount' ? 'mnt' : type === 'network' ? 'net' : type);
  return aroundUser(context, present).map(({ type, cause }) =>
    byInit('setns', cause, { path: `ns/${file(type)}`, type: CLONE_NEW[type] }),
  );
}
