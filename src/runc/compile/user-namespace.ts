// Id maps of a user namespace of the container's own: who writes them, and whether what config.json names is mapped at all.
// Rule: gid_map of an ordinary user is written after setgroups says deny, or a member of a group could shed it and gain what the
// group is kept from (CVE-2014-8989). @source man user_namespaces(7)
import type { RuntimeConfig } from '../../oci/runtime.ts';
import type { ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { byRuntime, type CompileContext, hasNamespace, type PlanCause, refusal } from './context.ts';
import { mapLines } from './id-maps.ts';

type IdMap = NonNullable<NonNullable<RuntimeConfig['linux']>['uidMappings']>;

/** Writes both maps, while the child waits; of a user namespace that is joined by its path they are there, and must be these. */
export function mappingOperations(context: CompileContext): Operation[] {
  const { namespaces = [], uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  if (uidMappings.length + gidMappings.length === 0) return [];
  if (namespaces.some(({ type, path }) => type === 'user' && path !== undefined && path !== ''))
    return [
      byRuntime('id_map_check', '/linux/uidMappings', { file: 'uid_map', value: mapLines(uidMappings) }),
      byRuntime('id_map_check', '/linux/gidMappings', { file: 'gid_map', value: mapLines(gidMappings) }),
    ];
  const { rootless } = context.host;
  const gids: Operation = mapped(context, gidMappings, {
    file: 'gid_map',
    cause: '/linux/gidMappings',
    own: rootless?.gid,
    helper: rootless?.newgidmap,
    program: 'newgidmap',
  });
  const uids: Operation = mapped(context, uidMappings, {
    file: 'uid_map',
    cause: '/linux/uidMappings',
    own: rootless?.uid,
    helper: rootless?.newuidmap,
    program: 'newuidmap',
  });
  const deny = deniesSetgroups(context)
    ? [byRuntime('id_map', 'default:setgroups-denied', { file: 'setgroups', value: 'deny' })]
    : [];
  return [uids, ...deny, gids];
}

interface MapTarget {
  file: 'uid_map' | 'gid_map';
  cause: PlanCause;
  /** The runtime's own id: the one that it may map without help. */
  own: number | undefined;
  helper: string | undefined;
  program: string;
}

function mapped(context: CompileContext, map: IdMap, target: MapTarget): Operation {
  const { rootless } = context.host;
  const lines = mapLines(map);
  if (rootless === undefined || rootless.mayMapAny || isOwnId(map, target.own))
    return byRuntime('id_map', target.cause, { file: target.file, value: lines });
  if (!target.helper)
    throw refusal(
      target.cause,
      `more than the own id ${target.own}: it takes the program ${target.program}: install it (Debian: uidmap), or map only that id`,
    );
  return byRuntime('id_map_helper', target.cause, { program: target.helper, value: lines });
}

const isOwnId = (map: IdMap, own: number | undefined): boolean =>
  map.length === 1 && map[0]?.size === 1 && map[0].hostID === own;

/** newgidmap leaves it allowed for ranges of /etc/subgid; the own id without privileges needs it. */
function deniesSetgroups({ config, host }: CompileContext): boolean {
  const { rootless } = host;
  return rootless !== undefined && !rootless.mayMapAny && isOwnId(config.linux?.gidMappings ?? [], rootless.gid);
}

/** What an ordinary user cannot have, by name, before anything is compiled. */
export function checkRootless(context: CompileContext): void {
  const { rootless } = context.host;
  if (rootless !== undefined && rootless.uid !== 0 && !hasNamespace(context, 'user'))
    throw refusal(
      '/linux/namespaces',
      `uid ${rootless.uid} needs a user namespace of the container's own: add {"type":"user"} with maps, as spec --rootless writes`,
    );
}

/** Every id that config.json names must be mapped: the kernel says only EINVAL. */
export function checkMapped(context: CompileContext, process: ProcessSpec): void {
  const { uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  if (uidMappings.length === 0) return;
  requireMapped(uidMappings, process.user.uid, { pointer: '/process/user/uid', map: 'uidMappings' });
  requireMapped(gidMappings, process.user.gid, { pointer: '/process/user/gid', map: 'gidMappings' });
  const groups = process.user.additionalGids ?? [];
  for (const [index, gid] of groups.entries())
    requireMapped(gidMappings, gid, { pointer: `/process/user/additionalGids/${index}`, map: 'gidMappings' });
  if (groups.length > 0 && deniesSetgroups(context))
    throw refusal('/process/user/additionalGids', 'expected none: setgroups is denied where only the own id is mapped');
}

/** `uid=` and `gid=` of a mount are ids of the container. */
export function checkMountIds(context: CompileContext, options: readonly string[], pointer: PlanCause): void {
  const { uidMappings = [], gidMappings = [] } = context.config.linux ?? {};
  if (uidMappings.length === 0) return;
  for (const option of options) {
    const [, name, id] = /^([ug]id)=(\d+)$/.exec(option) ?? [];
    if (id === undefined) continue;
    const [map, words] = name === 'uid' ? [uidMappings, 'uidMappings'] : [gidMappings, 'gidMappings'];
    requireMapped(map, Number(id), { pointer: `${pointer}/options`, map: words, shown: option });
  }
}

function requireMapped(
  map: IdMap,
  id: number,
  { pointer, map: name, shown = String(id) }: { pointer: string; map: string; shown?: string },
): void {
  const isMapped = map.some(({ containerID, size }) => id >= containerID && id < containerID + size);
  if (!isMapped) throw refusal(pointer, `"${shown}": /linux/${name} does not map it`);
}
