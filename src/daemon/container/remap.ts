// What userns-remap means for one container: its maps are chosen when it is created and stay its own, whatever daemon.json says later,
// because what it has written belongs to these ids. @source dockerd userns-remap; docker-run --userns
import { chownSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import { isOwnShim, type Runtime } from '../runtimes.ts';
import type { HostConfig } from '../schema/host-config.ts';
import { mapLabel, mapLines, type Remap, rootOf } from '../userns.ts';

const refuse = (message: string, hint?: string): never => {
  throw new LabError('invalidArgument', message, hint === undefined ? {} : { hint });
};

/** The maps of a container to be created; undefined for the host's ids. Errors: invalidArgument in Docker's words. */
export function remapFor(engine: Engine, host: HostConfig, runtime: Runtime): Remap | undefined {
  if (engine.remap === undefined || host.UsernsMode === 'host') return undefined;
  if (host.Privileged)
    refuse(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
      'add --userns=host',
    );
  if (host.NetworkMode === 'host')
    refuse("cannot share the host's network namespace when user namespaces are enabled", 'add --userns=host');
  if (host.PidMode === 'host')
    refuse('cannot share the host PID namespace when user namespaces are enabled', 'add --userns=host');
  if (!isOwnShim(runtime))
    refuse(
      `runtime ${runtime.name}: its shim ${runtime.type} mounts no layers with mapped ids`,
      'add --userns=host, or choose a runtime under the shim of tlab',
    );
  return engine.remap;
}

/** Labels of its snapshot. @source containerd core/snapshots */
export const snapshotLabels = (remap: Remap | undefined): Record<string, string> =>
  remap === undefined
    ? {}
    : {
        'containerd.io/snapshot/uidmapping': mapLabel(remap.uids),
        'containerd.io/snapshot/gidmapping': mapLabel(remap.gids),
      };

/** A containerd that does not know the labels would give the container layers that nobody owns there. */
export function requireMapped(
  remap: Remap | undefined,
  rootfs: ReadonlyArray<{ type: string; options: string[] }>,
): void {
  const isUnmapped = ({ type, options }: { type: string; options: string[] }): boolean =>
    type === 'overlay' && !options.some((option) => option.startsWith('uidmap='));
  if (remap === undefined || !rootfs.some(isUnmapped)) return;
  throw new LabError('notImplemented', 'userns-remap: this containerd does not map the ids of layers', {
    hint: 'use the containerd of tlab or containerd 2 (remap_ids of its overlayfs), or add --userns=host',
  });
}

/** Maps for the sandbox's user namespace. */
export const ownerOf = (remap: Remap | undefined): { uidMap: string; gidMap: string } | undefined =>
  remap === undefined ? undefined : { uidMap: mapLines(remap.uids), gidMap: mapLines(remap.gids) };

/** Gives a file that the daemon has made to the container's root. */
export function giveToRoot(remap: Remap | undefined, path: string): void {
  if (remap === undefined) return;
  const { uid, gid } = rootOf(remap);
  chownSync(path, uid, gid);
}
