// Where the lines of a real Docker's config.json come from: our own generator makes a document from the same request, and each of its causes
// is laid on the line of theirs that says the same (mounts by destination, variables by name, namespaces and limits by type).
// Rule: derived, never observed. What ours does not have is the engine's own decision.
import { parseCreate } from '../../daemon/schema/create.ts';
import { allCapabilities } from '../../daemon/spec/capabilities.ts';
import { generateSpec } from '../../daemon/spec/generate.ts';
import type { ResolvedMount, SpecInput } from '../../daemon/spec/input.ts';
import type { RunConfig } from '../../oci/image.ts';
import type { Cause, Provenance } from '../../trace/cause.ts';

type Json = Record<string, unknown>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Lists whose elements are known by a name of theirs, and not by their position. */
const named: ReadonlyArray<{ pointer: string; of: (element: unknown) => string }> = [
  { pointer: '/mounts', of: (element) => text(object(element).destination) },
  { pointer: '/process/env', of: (element) => text(element).split('=', 1)[0] ?? '' },
  { pointer: '/process/rlimits', of: (element) => text(object(element).type) },
  { pointer: '/linux/namespaces', of: (element) => text(object(element).type) },
  { pointer: '/linux/devices', of: (element) => text(object(element).path) },
];

/**
 * Pointer into their config.json → cause.
 * @param body of POST /containers/create, as the command line stands for it
 * @param image the image's configuration
 */
export function provenanceOf(theirs: unknown, body: unknown, image: RunConfig): Provenance {
  const provenance: Provenance = { '': 'default:engine-decision' };
  const ours = generateSpec(inputOf(object(theirs), body, image));
  for (const [pointer, cause] of Object.entries(ours.provenance)) {
    const place = placeIn(pointer, ours.config, object(theirs));
    if (place !== undefined) provenance[place] = cause;
  }
  return provenance;
}

const at = (document: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, step) => object(value)[step], document);

function placeIn(pointer: string, ours: unknown, theirs: Json): string | undefined {
  const kind = named.find((one) => pointer.startsWith(`${one.pointer}/`));
  if (kind === undefined) return pointer;
  const index = Number(pointer.slice(kind.pointer.length + 1));
  const name = kind.of(list(at(ours, kind.pointer))[index]);
  const place = list(at(theirs, kind.pointer)).findIndex((element) => kind.of(element) === name);
  return place < 0 ? undefined : `${kind.pointer}/${place}`;
}

function inputOf(theirs: Json, body: unknown, image: RunConfig): SpecInput {
  const { HostConfig: host = {}, ...config } = parseCreate(body);
  const user = object(object(theirs.process).user);
  const profile = text(object(theirs.process).apparmorProfile);
  const args = list(object(theirs.process).args);
  const namespaces = list(object(theirs.linux).namespaces).map((one) => text(object(one).type));
  return {
    id: text(theirs.hostname).padEnd(12, '0'),
    config,
    host,
    image,
    user: {
      uid: Number(user.uid ?? 0),
      gid: Number(user.gid ?? 0),
      additionalGids: list(user.additionalGids).map(Number),
      home: '/',
    },
    mounts: list(theirs.mounts).flatMap((mount) => askedMount(object(mount), host, config, image)),
    files: { hosts: '', hostname: '', resolvConf: '' },
    networkNamespace: namespaces.includes('network') ? 'their own' : undefined,
    initProgram: args[0] === '/sbin/docker-init' ? '/sbin/docker-init' : undefined,
    facts: {
      architecture: process.arch,
      cgroupVersion: namespaces.includes('cgroup') ? 2 : 1,
      capabilities: allCapabilities,
      hasSeccomp: object(theirs.linux).seccomp !== undefined,
      appArmorProfiles: () => (profile === '' ? undefined : [profile]),
      devices: () => [],
    },
  };
}

/** A mount that somebody asked for, with the field that asks; none for those that every container has. */
function askedMount(
  mount: Json,
  host: SpecInput['host'],
  config: SpecInput['config'],
  image: RunConfig,
): ResolvedMount[] {
  const destination = text(mount.destination);
  const from = askedBy(destination, host, config, image);
  if (from === undefined) return [];
  const fields = { source: text(mount.source), destination, readOnly: false, options: [], mode: '', propagation: '' };
  return [{ type: mount.type === 'tmpfs' ? 'tmpfs' : 'bind', ...fields, from }];
}

function askedBy(
  destination: string,
  host: SpecInput['host'],
  config: SpecInput['config'],
  image: RunConfig,
): Extract<Cause, `api:${string}` | `image:${string}`> | undefined {
  if ((host.Binds ?? []).some((bind) => bind.split(':')[1] === destination)) return 'api:/HostConfig/Binds';
  if ((host.Mounts ?? []).some((one) => one.Target === destination)) return 'api:/HostConfig/Mounts';
  if (Object.hasOwn(host.Tmpfs ?? {}, destination)) return 'api:/HostConfig/Tmpfs';
  if (Object.hasOwn(config.Volumes ?? {}, destination)) return 'api:/Volumes';
  return Object.hasOwn(image.Volumes ?? {}, destination) ? 'image:/config/Volumes' : undefined;
}
