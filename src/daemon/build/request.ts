// POST /build: the query at the door. What tlab does not do is refused by name, before a byte of the context is read.
// @source docker-api POST /build
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import type { Platform } from '../../oci/image.ts';
import { formatPlatform, hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { boolean } from '../router.ts';
import { maybe, text, textMap, texts } from '../schema/fields.ts';
import { type HostConfig, hostConfigFields, hostConfigSchema } from '../schema/host-config.ts';

export interface BuildRequest {
  /** Canonical references. */
  tags: string[];
  /** Path of the Dockerfile in the context. */
  dockerfile: string;
  buildArguments: ReadonlyMap<string, string>;
  labels: Readonly<Record<string, string>>;
  target: string | undefined;
  platform: Platform;
  noCache: boolean;
  pull: boolean;
  quiet: boolean;
  /** What containers of RUN may use: limits, network, hosts. */
  host: HostConfig;
  /** tlab's own client: lines are BuildEvents. */
  wantsEvents: boolean;
  /** Names secrets that were sent before (POST /tlab/build/secrets). */
  secrets: string | undefined;
}

type Query = URLSearchParams;

const json = (query: Query, name: string): unknown => {
  const value = query.get(name) ?? '';
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new LabError('invalidArgument', `${name} "${value}": expected JSON`, { cause });
  }
};

function parsed<T extends v.GenericSchema>(query: Query, name: string, schema: T): v.InferOutput<T> {
  const result = v.safeParse(schema, json(query, name));
  if (result.success) return result.output;
  throw new LabError('invalidArgument', `${name} "${query.get(name)}": ${result.issues[0].message}`);
}

const refused = (what: string, hint?: string): LabError =>
  new LabError('notImplemented', `${what}: tlab does not support it`, hint === undefined ? {} : { hint });

/** A record takes a list too. */
const anObject = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

/** Errors: invalidArgument, notImplemented. */
export function parseBuildRequest(query: Query): BuildRequest {
  refuseUnsupported(query);
  return {
    tags: [
      ...new Set(
        query
          .getAll('t')
          .filter((tag) => tag !== '')
          .map(referenceOf),
      ),
    ],
    dockerfile: query.get('dockerfile') || 'Dockerfile',
    buildArguments: argumentsOf(parsed(query, 'buildargs', maybe(v.pipe(anObject, v.record(text, v.nullable(text)))))),
    labels: parsed(query, 'labels', maybe(v.pipe(anObject, textMap))) ?? {},
    target: query.get('target') || undefined,
    platform: platformOf(query.get('platform') ?? ''),
    noCache: boolean(query, 'nocache'),
    pull: boolean(query, 'pull'),
    quiet: boolean(query, 'q'),
    host: hostOf(query),
    wantsEvents: boolean(query, 'events'),
    secrets: query.get('secrets') || undefined,
  };
}

function refuseUnsupported(query: Query): void {
  // docker prints the message alone: what to do stands in it.
  if (query.get('version') === '2')
    throw refused('the BuildKit protocol (DOCKER_BUILDKIT=0 or `tlab build` do without it)');
  if (query.get('remote'))
    throw refused(`a remote context (${query.get('remote')})`, 'fetch it, and build from the folder');
  if (boolean(query, 'squash'))
    throw refused('--squash', 'end with FROM scratch and COPY --from=STAGE / / in the Dockerfile: one layer');
  if ((parsed(query, 'cachefrom', maybe(texts)) ?? []).length > 0)
    throw refused('--cache-from', 'the cache of this engine is used by itself; tlab build --why tells what it found');
  if ((parsed(query, 'outputs', maybe(v.array(v.unknown()))) ?? []).length > 0)
    throw refused('outputs over the API', 'use: tlab build --output');
  if (query.get('isolation') && query.get('isolation') !== 'default') throw refused('--isolation');
  if (query.get('cgroupparent')) throw refused('--cgroup-parent');
}

function referenceOf(tag: string): string {
  const reference = parseReference(tag);
  if (reference.digest !== undefined)
    throw new LabError('invalidArgument', `tag "${tag}": expected a name without a digest`);
  return formatReference(reference);
}

/** Null: named on the command line, and not set in the client's environment. */
const argumentsOf = (given: Record<string, string | null> | undefined): Map<string, string> =>
  new Map(
    Object.entries(given ?? {}).flatMap(
      ([name, value]): Array<[string, string]> => (value === null ? [] : [[name, value]]),
    ),
  );

/** Errors: notImplemented for what this host cannot execute. */
export function platformOf(asked: string): Platform {
  const host = hostPlatform();
  if (asked === '') return host;
  const platform = parsePlatform(asked);
  if (platform.os === host.os && platform.architecture === host.architecture) return platform;
  throw refused(
    `building for ${formatPlatform(platform)} on ${formatPlatform(host)}`,
    'RUN would need an emulator; build it on a machine of that kind',
  );
}

function hostOf(query: Query): HostConfig {
  const number = (name: string): number | undefined => {
    const value = query.get(name) ?? '';
    if (value === '' || value === '0') return undefined;
    if (!/^-?\d{1,15}$/.test(value))
      throw new LabError('invalidArgument', `${name} "${value}": expected a whole number`);
    return Number(value);
  };
  const result = v.safeParse(hostConfigSchema, {
    Memory: number('memory'),
    MemorySwap: number('memswap'),
    CpuShares: number('cpushares'),
    CpuPeriod: number('cpuperiod'),
    CpuQuota: number('cpuquota'),
    CpusetCpus: query.get('cpusetcpus') || undefined,
    CpusetMems: query.get('cpusetmems') || undefined,
    ShmSize: number('shmsize'),
    NetworkMode: query.get('networkmode') || 'default',
    ExtraHosts: extraHosts(query),
    Ulimits: parsed(query, 'ulimits', hostConfigFields.Ulimits),
    SecurityOpt: query.getAll('securityopt').filter(Boolean),
  });
  if (result.success) return result.output;
  throw new LabError('invalidArgument', `build: ${v.getDotPath(result.issues[0])}: ${result.issues[0].message}`);
}

/** Clients send a list as JSON, or one entry as it is. */
function extraHosts(query: Query): string[] {
  const value = query.get('extrahosts') ?? '';
  if (value === '') return [];
  return value.startsWith('[') || value === 'null'
    ? (parsed(query, 'extrahosts', maybe(texts)) ?? [])
    : query.getAll('extrahosts').flatMap((entry) => entry.split(','));
}
