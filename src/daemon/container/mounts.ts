// Binds, Mounts, Volumes and Tmpfs of a request, and the image's volumes → what is mounted where.
// Rule: a missing source of a -v bind is made as a folder, as Docker does; of --mount it is refused.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { LabError } from '../../base/errors.ts';
import type { RunConfig } from '../../oci/image.ts';
import type { CreateBody } from '../schema/create.ts';
import type { MountSpec } from '../schema/host-config.ts';
import type { ResolvedMount } from '../spec/input.ts';
import type { VolumeStore } from '../volume/store.ts';

export interface ResolvedMounts {
  mounts: ResolvedMount[];
  /** Volumes made for this container alone: they go when it goes with -v. */
  anonymous: string[];
}

const propagations = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
const ignoredModes = new Set(['z', 'Z', 'nocopy', 'consistent', 'cached', 'delegated', '']);

/** Errors: invalidArgument in Docker's words. */
export function resolveMounts(body: CreateBody, image: RunConfig, volumes: VolumeStore): ResolvedMounts {
  const host = body.HostConfig ?? {};
  const anonymous: string[] = [];
  const newVolume = (): string => {
    const name = volumes.newName();
    anonymous.push(name);
    return name;
  };
  const mounts = [
    ...(host.Binds ?? []).map((bind) => resolveBind(bind, volumes)),
    ...(host.Mounts ?? []).map((mount) => resolveMount(mount, volumes, newVolume)),
    ...Object.entries(host.Tmpfs ?? {}).map(([target, options]) => tmpfs(target, options)),
  ];
  const taken = new Set(mounts.map((mount) => mount.destination));
  if (taken.size < mounts.length) {
    const twice = mounts.find(
      (mount, index) => mounts.findIndex((other) => other.destination === mount.destination) < index,
    );
    throw new LabError('invalidArgument', `Duplicate mount point: ${twice?.destination}`);
  }
  const declared = new Map<string, ResolvedMount['from']>();
  for (const path of Object.keys(image.Volumes ?? {})) declared.set(checkTarget(path, path), 'image:/config/Volumes');
  for (const path of Object.keys(body.Volumes ?? {})) declared.set(checkTarget(path, path), 'api:/Volumes');
  for (const [path, from] of declared) {
    if (!taken.has(path)) mounts.push({ ...volumeMount(volumes, newVolume(), path), from });
  }
  return { mounts, anonymous };
}

function checkTarget(target: string, spec: string): string {
  const path = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (!target.startsWith('/'))
    throw new LabError('invalidArgument', `invalid mount path: '${target}' mount path must be absolute`);
  if (path === '/')
    throw new LabError(
      'invalidArgument',
      `invalid volume specification: '${spec}': invalid mount config: destination can't be '/'`,
    );
  return path;
}

/** `source:target[:options]`. @source docker-run --volume */
function resolveBind(bind: string, volumes: VolumeStore): ResolvedMount {
  const [source = '', target, modes = '', ...more] = bind.split(':');
  if (target === undefined || source === '' || more.length > 0) {
    throw new LabError('invalidArgument', `invalid volume specification: '${bind}'`);
  }
  const destination = checkTarget(target, bind);
  const { readOnly, propagation } = parseModes(modes, bind);
  const from = 'api:/HostConfig/Binds' as const;
  if (!source.startsWith('/')) return { ...volumeMount(volumes, source, destination), readOnly, mode: modes, from };
  const path = posix.normalize(source);
  if (!existsSync(path)) volumes.makeFolder(path);
  return bindMount({ source: path, destination, readOnly, propagation, mode: modes, from });
}

function parseModes(modes: string, bind: string): { readOnly: boolean; propagation: string } {
  let readOnly = false;
  let propagation = 'rprivate';
  for (const mode of modes.split(',')) {
    if (mode === 'ro' || mode === 'rw') readOnly = mode === 'ro';
    else if (propagations.has(mode)) propagation = mode;
    else if (!ignoredModes.has(mode))
      throw new LabError('invalidArgument', `invalid volume specification: '${bind}': invalid mode: ${mode}`);
  }
  return { readOnly, propagation };
}

function resolveMount(mount: MountSpec, volumes: VolumeStore, newVolume: () => string): ResolvedMount {
  const destination = checkTarget(mount.Target, mount.Target);
  const from = 'api:/HostConfig/Mounts' as const;
  const readOnly = mount.ReadOnly ?? false;
  if (mount.Type === 'tmpfs') {
    const { SizeBytes: size, Mode: mode } = mount.TmpfsOptions ?? {};
    const options = [
      ...(size ? [`size=${size}`] : []),
      ...(mode ? [`mode=${mode.toString(8)}`] : []),
      ...(readOnly ? ['ro'] : []),
    ];
    return { ...tmpfs(destination, options.join(',')), readOnly, from };
  }
  if (mount.Type === 'volume')
    return { ...volumeMount(volumes, mount.Source || newVolume(), destination), readOnly, from };
  const source = mount.Source ?? '';
  if (!source.startsWith('/')) {
    throw new LabError(
      'invalidArgument',
      `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`,
    );
  }
  if (!existsSync(source) && !mount.BindOptions?.CreateMountpoint) {
    throw new LabError(
      'invalidArgument',
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    );
  }
  if (!existsSync(source)) volumes.makeFolder(source);
  const propagation = mount.BindOptions?.Propagation || 'rprivate';
  if (!propagations.has(propagation)) throw new LabError('invalidArgument', `invalid propagation mode: ${propagation}`);
  return bindMount({ source, destination, readOnly, propagation, mode: '', from });
}

type BindFields = Pick<ResolvedMount, 'source' | 'destination' | 'readOnly' | 'propagation' | 'mode' | 'from'>;

const bindMount = (fields: BindFields): ResolvedMount => ({ type: 'bind', options: [fields.propagation], ...fields });

function volumeMount(volumes: VolumeStore, name: string, destination: string): ResolvedMount {
  return {
    type: 'volume',
    name,
    source: volumes.ensure(name).Mountpoint,
    destination,
    readOnly: false,
    options: ['rprivate'],
    mode: '',
    propagation: '',
    from: 'api:/Volumes',
  };
}

/** @source docker-run --tmpfs: noexec, nosuid and nodev unless told otherwise */
const tmpfsDefaults = ['noexec', 'nosuid', 'nodev'];
const tmpfsOption =
  /^(ro|rw|exec|noexec|suid|nosuid|dev|nodev|sync|async|atime|noatime|relatime|strictatime|(size|mode|uid|gid|nr_inodes|nr_blocks)=[0-9]+[kKmMgG%]?)$/;

function tmpfs(target: string, options: string): ResolvedMount {
  const own = options.split(',').filter(Boolean);
  const wrong = own.find((option) => !tmpfsOption.test(option));
  if (wrong !== undefined) throw new LabError('invalidArgument', `invalid tmpfs option "${wrong}"`);
  const kept = tmpfsDefaults.filter((option) => !own.includes(option.slice(2)) && !own.includes(option));
  return {
    type: 'tmpfs',
    source: '',
    destination: checkTarget(target, target),
    readOnly: own.includes('ro'),
    options: [...kept, ...own],
    mode: options,
    propagation: '',
    from: 'api:/HostConfig/Tmpfs',
  };
}
