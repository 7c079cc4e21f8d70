// The container's file system from the first propagation change to the last mask.
import { posix } from 'node:path';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, isApart, refusal } from './context.ts';
import { deviceOperations } from './devices.ts';
import { bringsOwnDev, mountOperations } from './mounts.ts';
import type { ResolvedMount } from './resolved-mount.ts';
import { propagationCause, rootPropagation } from './root-propagation.ts';

/** The root filesystem's path on the host. */
function rootfsOf(context: CompileContext): string {
  const path = context.config.root?.path ?? '';
  if (path === '') throw refusal('/root/path', 'missing: expected the root filesystem');
  return posix.resolve(context.bundle, path);
}

/** Before pivot_root: nothing of it may propagate back to the host, so propagation comes first. */
export function prepareRoot(context: CompileContext, mounts: readonly ResolvedMount[]): Operation[] {
  const { copies, root } = rootPropagation(context);
  return [
    byInit('root_propagation', propagationCause(context), { flags: copies }),
    byInit('root_bind', '/root/path', { path: rootfsOf(context), propagation: root }),
    ...mountOperations(context, mounts),
    ...(bringsOwnDev(mounts) ? [] : deviceOperations(context)),
  ];
}

export const readonlyRoot = (context: CompileContext): Operation[] =>
  context.config.root?.readonly === true ? [byInit('root_readonly', '/root/readonly', {})] : [];

/** Names of the container's UTS namespace; without one they would be the host's. */
export function nameOperations(context: CompileContext): Operation[] {
  const { hostname, domainname } = context.config;
  const owner = (pointer: string): void => {
    if (!isApart(context, 'uts'))
      throw refusal(pointer, 'expected a uts namespace of its own, since it would change the host');
  };
  if (hostname) owner('/hostname');
  if (domainname) owner('/domainname');
  return [
    ...(hostname ? [byInit('sethostname', '/hostname', { name: hostname })] : []),
    ...(domainname ? [byInit('setdomainname', '/domainname', { name: domainname })] : []),
  ];
}

/** Read-only paths, then masks: a path that is in both ends hidden. */
export function hiddenPaths(context: CompileContext): Operation[] {
  const { readonlyPaths = [], maskedPaths = [] } = context.config.linux ?? {};
  return [
    ...readonlyPaths.map((path, index) =>
      byInit('readonly_path', `/linux/readonlyPaths/${index}`, { path: inside(path, `/linux/readonlyPaths/${index}`) }),
    ),
    ...maskedPaths.map((path, index) =>
      byInit('mask_path', `/linux/maskedPaths/${index}`, { path: inside(path, `/linux/maskedPaths/${index}`) }),
    ),
  ];
}

function inside(path: string, pointer: string): string {
  if (!path.startsWith('/')) throw refusal(pointer, `"${path}": expected an absolute path`);
  const normal = posix.normalize(path);
  if (normal === '/') throw refusal(pointer, '"/": expected a path below the root');
  return normal;
}
