// A container in a mount namespace that others use: the host's, when config.json names none, or one that is joined by its path.
// It changes to its root with chroot(2). Rule: nothing is mounted there, since it would be mounted for the others too and stay behind;
// runc and crun do it, and leave it behind. So what would take a mount is refused by name.
import { posix } from 'node:path';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, refusal } from './context.ts';
import { ownDeviceOperations } from './devices.ts';

export const hasOwnMounts = ({ config }: CompileContext): boolean =>
  (config.linux?.namespaces ?? []).some(({ type, path }) => type === 'mount' && !path);

/** What takes a mount, by pointer. @source runc libcontainer/configs/validate security */
export function checkSharedMounts(context: CompileContext): void {
  if (hasOwnMounts(context)) return;
  const { mounts = [], root, linux = {} } = context.config;
  const changes: [pointer: string, isAsked: boolean][] = [
    ['/mounts', mounts.length > 0],
    ['/root/readonly', root?.readonly === true],
    ['/linux/rootfsPropagation', (linux.rootfsPropagation ?? '') !== ''],
    ['/linux/maskedPaths', (linux.maskedPaths ?? []).length > 0],
    ['/linux/readonlyPaths', (linux.readonlyPaths ?? []).length > 0],
    [
      '/linux/devices',
      (linux.devices ?? []).length > 0 && (linux.namespaces ?? []).some(({ type }) => type === 'user'),
    ],
  ];
  const pointer = changes.find(([, isAsked]) => isAsked)?.[0];
  if (pointer !== undefined)
    throw refusal(pointer, 'expected a mount namespace of its own, since it would change what others see mounted');
}

/** No default devices: the root is used as it is. */
export function enterSharedRoot(context: CompileContext): Operation[] {
  const path = context.config.root?.path ?? '';
  if (path === '') throw refusal('/root/path', 'missing: expected the root filesystem');
  return [
    byInit('root_enter', '/root/path', { path: posix.resolve(context.bundle, path) }),
    ...ownDeviceOperations(context),
  ];
}

/** A process that is executed later: it joined no mount namespace, or one whose root is not the container's. */
export const enterRootOfInit = (context: CompileContext): Operation[] =>
  hasOwnMounts(context) ? [] : [byInit('root_enter', '/root/path', { path: '' })];
