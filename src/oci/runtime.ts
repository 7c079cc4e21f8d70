// The OCI runtime spec's config.json for Linux, 1.0 to 1.2. Properties that the spec does not name are dropped, as it demands
// (config#extensibility); properties that it names and we cannot do stay in the schema, so that the compiler can refuse them by name.
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { object, record } from './object.ts';
import { absolutePath, integer, processSchema, text, unsigned, unsigned32 } from './runtime-process.ts';
import { resourcesSchema } from './runtime-resources.ts';
import { seccompSchema } from './runtime-seccomp.ts';

const idMapping = object({ containerID: unsigned32, hostID: unsigned32, size: unsigned32 });

/** @source oci-runtime config#mounts */
const mountSchema = object({
  destination: v.pipe(text, v.minLength(1, 'expected a path')),
  type: v.optional(text),
  source: v.optional(text),
  options: v.optional(v.array(text)),
  uidMappings: v.optional(v.array(idMapping)),
  gidMappings: v.optional(v.array(idMapping)),
});
export type MountSpec = v.InferOutput<typeof mountSchema>;

/** @source oci-runtime config-linux#namespaces */
const namespaceTypes = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;
export type NamespaceType = (typeof namespaceTypes)[number];
const namespace = object({
  type: v.picklist(namespaceTypes, `expected one of ${namespaceTypes.join(', ')}`),
  path: v.optional(v.union([v.literal(''), absolutePath])),
});
export type NamespaceSpec = v.InferOutput<typeof namespace>;

/** @source oci-runtime config-linux#devices */
const device = object({
  type: v.picklist(['c', 'b', 'u', 'p'], 'expected c, b, u or p'),
  path: absolutePath,
  major: v.optional(unsigned32),
  minor: v.optional(unsigned32),
  fileMode: v.optional(unsigned32),
  uid: v.optional(unsigned32),
  gid: v.optional(unsigned32),
});
export type DeviceSpec = v.InferOutput<typeof device>;

/** @source oci-runtime config-linux#offset-for-time-namespace */
const timeOffset = object({
  secs: v.optional(integer),
  nanosecs: v.optional(v.pipe(unsigned32, v.maxValue(999_999_999, 'expected less than a second: 0 to 999999999'))),
});

const hook = object({
  path: absolutePath,
  args: v.optional(v.array(text)),
  env: v.optional(v.array(text)),
  timeout: v.optional(
    v.pipe(
      unsigned,
      v.check((value) => value > 0, 'expected more than zero seconds'),
    ),
  ),
});
export const hookPhases = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;
export type HookPhase = (typeof hookPhases)[number];
const hookList = v.optional(v.array(hook));

const linux = object({
  namespaces: v.optional(v.array(namespace)),
  uidMappings: v.optional(v.array(idMapping)),
  gidMappings: v.optional(v.array(idMapping)),
  devices: v.optional(v.array(device)),
  cgroupsPath: v.optional(text),
  resources: v.optional(resourcesSchema),
  rootfsPropagation: v.optional(text),
  seccomp: v.optional(seccompSchema),
  sysctl: v.optional(record(text, text)),
  maskedPaths: v.optional(v.array(text)),
  readonlyPaths: v.optional(v.array(text)),
  mountLabel: v.optional(text),
  intelRdt: v.optional(v.unknown()),
  personality: v.optional(object({ domain: text, flags: v.optional(v.array(text)) })),
  timeOffsets: v.optional(record(text, timeOffset)),
  netDevices: v.optional(record(text, object({ name: v.optional(text) }))),
  memoryPolicy: v.optional(object({ mode: text, nodes: v.optional(text, ''), flags: v.optional(v.array(text)) })),
});

/** @source oci-runtime config */
export const configSchema = object({
  ociVersion: v.pipe(text, v.regex(/^1\.\d+\.\d+([-+].*)?$/, 'expected a version 1.x.y of the runtime spec')),
  process: v.optional(processSchema),
  root: v.optional(object({ path: text, readonly: v.optional(v.boolean()) })),
  hostname: v.optional(text),
  domainname: v.optional(text),
  mounts: v.optional(v.array(mountSchema)),
  hooks: v.optional(
    object({
      prestart: hookList,
      createRuntime: hookList,
      createContainer: hookList,
      startContainer: hookList,
      poststart: hookList,
      poststop: hookList,
    }),
  ),
  annotations: v.optional(record(text, text)),
  linux: v.optional(linux),
  solaris: v.optional(v.unknown()),
  windows: v.optional(v.unknown()),
  vm: v.optional(v.unknown()),
  zos: v.optional(v.unknown()),
  freebsd: v.optional(v.unknown()),
});

/** What producers write into config.json. */
export type RuntimeConfigInput = v.InferInput<typeof configSchema>;
/** What the compiler reads, after the schema. */
export type RuntimeConfig = v.InferOutput<typeof configSchema>;

/** JSON with whole numbers kept exactly (bigint above 2^53) and nulls dropped, as Go's marshaller writes empty fields. */
export function parseRuntimeJson(document: string, name: string): unknown {
  try {
    const exact = /[0-9]{16}/.test(document);
    return withoutNulls(exact ? JSON.parse(document, keepDigits) : JSON.parse(document));
  } catch (error) {
    throw new LabError('invalidArgument', `${name}: not JSON: ${(error as Error).message}`);
  }
}

/** A document checked against one of the schemas here; an error names the JSON pointer, the value and what was needed. */
export function checkDocument<S extends v.GenericSchema>(schema: S, value: unknown, name: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const pointer = (issue.path ?? []).map((item) => `/${pointerPart(String(item.key))}`).join('');
  // For a missing key valibot expects the key's own name, which the pointer has said.
  const isKey = issue.expected === `"${String(issue.path?.at(-1)?.key)}"`;
  const needed = issue.message.startsWith('expected')
    ? issue.message
    : isKey
      ? 'expected a value'
      : `expected ${issue.expected}`;
  const seen = issue.input === undefined ? 'missing' : shown(issue.input);
  throw new LabError('invalidArgument', `${name} ${pointer || '/'}: ${seen}: ${needed}`, { data: { pointer } });
}

/** A wrong value, short enough for one line. */
function shown(value: unknown): string {
  const text =
    typeof value === 'object' ? (Array.isArray(value) ? 'an array' : 'an object') : JSON.stringify(value, plainNumber);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

const plainNumber = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** One reference token of a JSON pointer. @source rfc 6901 */
export const pointerPart = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?[0-9]+$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]));
}
