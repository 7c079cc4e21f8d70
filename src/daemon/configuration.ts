// daemon.json: Docker's keys. An unknown key is refused with its name, because a limit that is misspelt is no limit.
// @source docker docs engine/daemon: daemon configuration file
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { inContext, LabError } from '../base/errors.ts';
import { checkExecOptions } from './cgroups.ts';
import { parseBridgeAddress } from './network/ipam.ts';
import { bytesOf } from './schema/bytes.ts';
import { flag, integer, maybe, text, textMap, texts } from './schema/fields.ts';

const atLeast = (least: number) => v.pipe(integer, v.minValue(least, `expected at least ${least}`));

const runtime = v.object({
  path: maybe(text),
  runtimeType: maybe(text),
  runtimeArgs: maybe(texts),
  options: maybe(v.record(text, v.unknown())),
});

const sizeWords = 'expected a number of bytes above 0, as 1073741824 or "1g"';

/** gzip cannot do better than 1032 to 1; whoever allows more wants no bound. */
const layerLimits = v.strictObject({
  /** Of the tar: a number, or one with a suffix. */
  bytes: maybe(v.union([atLeast(1), v.pipe(text, v.regex(/^[1-9]\d*[bkmg]?b?$/i, sizeWords))], sizeWords)),
  /** Files and directories. */
  entries: maybe(atLeast(1)),
  /** Uncompressed to compressed, for what is larger than 256 MiB. */
  ratio: maybe(atLeast(1)),
});

/** A number of bytes, or one with a unit. */
const size = v.pipe(
  v.union([text, integer], 'expected bytes, or a text such as "10GB"'),
  v.check((given) => bytesOf(given) !== undefined, 'expected bytes, or a text such as "10GB"'),
  v.transform((given) => bytesOf(given) ?? 0),
);

/** @source docker docs build/cache/garbage-collection */
const cacheRules = v.strictObject({
  enabled: maybe(flag),
  defaultKeepStorage: maybe(size),
  policy: maybe(v.array(v.strictObject({ keepStorage: maybe(size), filter: maybe(texts), all: maybe(flag) }))),
});

const schema = v.strictObject({
  debug: maybe(flag),
  'log-level': maybe(text),
  /** Socket of a containerd that somebody else runs. */
  containerd: maybe(text),
  'registry-mirrors': maybe(texts),
  'insecure-registries': maybe(texts),
  /** A key of our own: hosts that may ask for a registry's credentials though they share no domain with it. */
  'registry-realms': maybe(texts),
  bip: maybe(text),
  mtu: maybe(integer),
  ip: maybe(text),
  'default-address-pools': maybe(v.array(v.object({ base: text, size: integer }))),
  dns: maybe(texts),
  'dns-opts': maybe(texts),
  'dns-search': maybe(texts),
  'log-driver': maybe(v.picklist(['json-file', 'none'], 'expected json-file or none')),
  'log-opts': maybe(textMap),
  runtimes: maybe(v.record(text, runtime)),
  'default-runtime': maybe(text),
  'default-shm-size': maybe(v.union([integer, text])),
  'live-restore': maybe(flag),
  init: maybe(flag),
  'init-path': maybe(text),
  labels: maybe(texts),
  'no-new-privileges': maybe(flag),
  'shutdown-timeout': maybe(integer),
  'userns-remap': maybe(text),
  /** `native.cgroupdriver=systemd` */
  'exec-opts': maybe(texts),
  /** Builds that execute at the same time; the others wait. tlab's own key. */
  'max-concurrent-builds': maybe(atLeast(1)),
  /** Seconds after which a client that sends nothing more of its context has gone. tlab's own key. */
  'context-silence': maybe(atLeast(1)),
  /** The build cache: what it may hold, and in which order it goes. */
  builder: maybe(v.strictObject({ gc: maybe(cacheRules) })),
  'cgroup-parent': maybe(text),
  /** The snapshotter, by Docker's name or containerd's. */
  'storage-driver': maybe(
    v.picklist(['overlay2', 'overlayfs', 'vfs', 'native'], 'expected overlay2 (overlayfs) or vfs (native)'),
  ),
  /** Bounds of one layer, against decompression bombs. tlab's own key. */
  'layer-limits': maybe(layerLimits),
});

export type Configuration = v.InferOutput<typeof schema>;

/** The file's content, or nothing set when there is no file. Errors: invalidArgument, naming file and key. */
export function loadConfiguration(path: string): Configuration {
  let document: string;
  try {
    document = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return v.parse(schema, {});
    throw new LabError('invalidArgument', `reading "${path}": ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  return parseConfiguration(document, path);
}

export function parseConfiguration(document: string, path: string): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (error) {
    throw new LabError('invalidArgument', `${path}: it is not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(value)) throw new LabError('invalidArgument', `${path}: expected an object, got a list`);
  const result = v.safeParse(schema, value);
  if (result.success) return checked(result.output, path);
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? '';
  if (key === 'data-root' || key === 'exec-root') {
    throw new LabError('invalidArgument', `${path}: ${key}: it is set by the environment`, {
      hint: 'set TLAB_DATA_ROOT and TLAB_RUN_ROOT instead',
    });
  }
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  throw new LabError('invalidArgument', `${path}: ${key}: ${isUnknown ? 'unknown key' : issue.message}`);
}

/** What only its user can judge, before anything is started with it. */
function checked(configuration: Configuration, path: string): Configuration {
  try {
    if (configuration.bip !== undefined) parseBridgeAddress(configuration.bip);
    checkExecOptions(configuration);
  } catch (error) {
    throw inContext(path, error);
  }
  return configuration;
}
