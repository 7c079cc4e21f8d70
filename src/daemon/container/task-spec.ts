// What a start hands to containerd: the document, its provenance, and what had to be looked up for it.

import { existsSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { layersOf, type SnapshotMount } from '../../kernel/snapshot-mounts.ts';
import { emit } from '../../trace/recorder.ts';
import { redact } from '../../trace/redact.ts';
import { cgroupDriverOf } from '../cgroups.ts';
import type { Engine } from '../engine.ts';
import type { Sandbox } from '../network/networking.ts';
import { readInRoot } from '../rootfs/layers.ts';
import { resolveUser } from '../rootfs/user.ts';
import { type GeneratedSpec, generateSpec } from '../spec/generate.ts';
import type { SpecInput, UserIds } from '../spec/input.ts';
import type { Container } from './container.ts';
import { filesOf } from './files.ts';

export interface SpecSources {
  rootfs: readonly SnapshotMount[];
  sandbox: Sandbox | undefined;
}

/** Errors: invalidArgument for a user or group that the image does not have. */
export function specOf(engine: Engine, container: Container, sources: SpecSources): GeneratedSpec {
  const generated = generateSpec(specInput(engine, container, sources));
  emit('daemon.spec-generated', {
    data: { id: container.id, config: redact(generated.config), provenance: generated.provenance },
    twin: `ctr -a ${paths.containerdSocket} -n ${engine.containerd.namespace} containers info --spec ${container.id}`,
  });
  return generated;
}

export function specInput(engine: Engine, container: Container, { rootfs, sandbox }: SpecSources): SpecInput {
  const { id, config, host, image, mounts } = container.record;
  const user = userOf(rootfs, config.User || image.config.User || '', host.GroupAdd ?? []);
  return {
    id,
    config,
    host,
    image: image.config,
    user,
    mounts,
    files: filesOf(container),
    networkNamespace: sandbox?.path,
    userNamespace: userNamespaceOf(container, sandbox),
    cgroupDriver: cgroupDriverOf(engine),
    cgroupParent: engine.configuration['cgroup-parent'],
    initProgram: (host.Init ?? engine.configuration.init) ? initProgram(engine) : undefined,
    facts: engine.facts,
  };
}

function userNamespaceOf({ record: { remap } }: Container, sandbox: Sandbox | undefined): SpecInput['userNamespace'] {
  if (remap === undefined) return undefined;
  if (sandbox?.userPath === undefined) throw new LabError('internal', 'a mapped container without a user namespace');
  return { path: sandbox.userPath, remap };
}

export function userOf(rootfs: readonly SnapshotMount[], spec: string, groupAdd: readonly string[]): UserIds {
  const layers = layersOf(rootfs);
  const user = resolveUser(spec, groupAdd, {
    passwd: readInRoot(layers, '/etc/passwd'),
    group: readInRoot(layers, '/etc/group'),
  });
  const { uid, gid, additionalGids } = user;
  emit('daemon.user-resolved', { data: { user: spec, uid, gid, additionalGids } });
  return user;
}

/** Beside the bundle (dist/bin), or seen from this source file. Errors: unavailable. */
function initProgram(engine: Engine): string {
  const here = import.meta.dirname;
  const own = engine.configuration['init-path'];
  const places = own === undefined ? [`${here}/bin/tlab-init`, `${here}/../../../dist/bin/tlab-init`] : [own];
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new LabError('unavailable', `init program ${places[0]}: it is not there`, { hint: 'run `npm run build`' });
  return found;
}
