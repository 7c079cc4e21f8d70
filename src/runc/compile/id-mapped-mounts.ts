// Mounts whose ids are mapped: `uidMappings` and `gidMappings` of a mount, options `idmap` and `ridmap`.
// Only who has rights over the file system may map its ids, so the runtime does it, before the clone, on a detached tree that the child
// attaches. Left column of a map: the id on disk; right column: the id as the host sees it. @source oci-runtime config#mounts
import { posix } from 'node:path';
import type { MountSpec } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byRuntime, type CompileContext, refusal } from './context.ts';
import { MS } from './flags.ts';
import { mapLines } from './id-maps.ts';

import type { MountOptions } from './mount-options.ts';
import type { IdMapping, ResolvedMount } from './resolved-mount.ts';
import { rootPropagation } from './root-propagation.ts';

interface Asked {
  spec: MountSpec;
  options: MountOptions;
  type: string;
  pointer: string;
}

/** The mapping that a mount asks for, if any. @source runc libcontainer/configs/validate checkIDMapMounts */
export function idMappingOf(context: CompileContext, { spec, options, type, pointer }: Asked): IdMapping | undefined {
  const { uidMappings = [], gidMappings = [] } = spec;
  const isMapped = uidMappings.length > 0 || gidMappings.length > 0;
  if (!isMapped && options.idMapping === undefined) return undefined;
  if (type !== 'bind')
    throw refusal(`${pointer}/type`, `"${type}": expected a bind, since ids are mapped for binds only`);
  if (isMapped && uidMappings.length === 0)
    throw refusal(`${pointer}/uidMappings`, 'missing: expected beside gidMappings');
  if (isMapped && gidMappings.length === 0)
    throw refusal(`${pointer}/gidMappings`, 'missing: expected beside uidMappings');
  const isRecursive = options.idMapping === 'ridmap';
  if (isMapped) return { uidMap: mapLines(uidMappings), gidMap: mapLines(gidMappings), userNamespace: '', isRecursive };
  return { ...containerMapping(context, pointer), isRecursive };
}

/** That of the container's user namespace, new or joined. */
function containerMapping(context: CompileContext, pointer: string): Omit<IdMapping, 'isRecursive'> {
  const { namespaces = [], uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  const user = namespaces.find(({ type }) => type === 'user');
  if (user === undefined)
    throw refusal(`${pointer}/uidMappings`, 'missing: expected them, or a user namespace whose maps are taken');
  return { uidMap: mapLines(uidMappings), gidMap: mapLines(gidMappings), userNamespace: user.path ?? '' };
}

/** Root of a user namespace is nobody outside, and could not come near a source in a folder of root's: the runtime opens it, as runc does. */
export const needsHostRights = ({ config, host }: CompileContext): boolean =>
  host.rootless === undefined && (config.linux?.namespaces ?? []).some(({ type }) => type === 'user');

const noMapping = { uidMap: '', gidMap: '', userNamespace: '', isRecursive: false };

/** The trees, in the order in which the child attaches them. */
export function mountSources(context: CompileContext, mounts: readonly ResolvedMount[]): Operation[] {
  const propagation = sourcePropagation(context);
  return mounts.flatMap((mount) => {
    if (mount.isPrepared !== true) return [];
    const { isRecursive, ...maps } = mount.idMapping ?? noMapping;
    return [
      byRuntime('mount_source', mount.cause, {
        source: posix.resolve(context.bundle, mount.spec.source ?? ''),
        target: mount.destination,
        recursive: (mount.options.flags & MS.REC) !== 0 ? 1 : 0,
        propagation,
        ...maps,
        idMapping: mount.idMapping === undefined ? 0 : isRecursive ? 2 : 1,
      }),
    ];
  });
}

/** These trees come from the host's mount namespace itself: unless sharing is asked for, what is mounted in them stays in them. */
function sourcePropagation(context: CompileContext): number {
  const { copies, root } = rootPropagation(context);
  return (copies & MS.SHARED) !== 0 ? 0 : root;
}
