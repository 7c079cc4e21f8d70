// The process document of the OCI runtime spec: `process` of config.json, and what `exec --process` reads.
// Whole numbers may be bigint: values above 2^53 (rlimits, seccomp arguments) come so from parseRuntimeJson.
import * as v from 'valibot';
import { object } from './object.ts';

/** A whole number in decimal; bigint where a double would lose digits. */
export const integer = v.union([v.pipe(v.number(), v.integer()), v.bigint()], 'expected a whole number');
export const unsigned = v.pipe(
  integer,
  v.check((value) => value >= 0, 'expected a whole number, zero or above'),
);
/** Fits the kernel's 32-bit ids, modes and masks. */
export const unsigned32 = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0, 'expected 0 to 4294967295'),
  v.maxValue(0xffffffff, 'expected 0 to 4294967295'),
);
/** Strings go to the kernel, where a NUL would cut them short. */
export const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes('\0'), 'expected text without NUL'),
);
export const absolutePath = v.pipe(text, v.startsWith('/', 'expected an absolute path'));

const user = object({
  uid: v.optional(unsigned32, 0),
  gid: v.optional(unsigned32, 0),
  umask: v.optional(unsigned32),
  additionalGids: v.optional(v.array(unsigned32)),
  username: v.optional(text),
});

const capabilities = object({
  bounding: v.optional(v.array(text)),
  effective: v.optional(v.array(text)),
  inheritable: v.optional(v.array(text)),
  permitted: v.optional(v.array(text)),
  ambient: v.optional(v.array(text)),
});

/** Which policy takes which of them is checked where it is translated. @source oci-runtime config#linux-process scheduler */
const scheduler = object({
  policy: text,
  nice: v.optional(v.pipe(v.number(), v.integer())),
  priority: v.optional(v.pipe(v.number(), v.integer())),
  flags: v.optional(v.array(text)),
  runtime: v.optional(unsigned),
  deadline: v.optional(unsigned),
  period: v.optional(unsigned),
});

const rlimit = object({ type: text, soft: unsigned, hard: unsigned });

/** @source oci-runtime config#process */
export const processSchema = object({
  terminal: v.optional(v.boolean()),
  consoleSize: v.optional(object({ height: unsigned32, width: unsigned32 })),
  user: v.optional(user, { uid: 0, gid: 0 }),
  args: v.optional(v.array(text)),
  commandLine: v.optional(text),
  env: v.optional(v.array(text)),
  cwd: v.pipe(text, v.startsWith('/', 'expected an absolute path')),
  capabilities: v.optional(capabilities),
  rlimits: v.optional(v.array(rlimit)),
  noNewPrivileges: v.optional(v.boolean()),
  apparmorProfile: v.optional(text),
  selinuxLabel: v.optional(text),
  oomScoreAdj: v.optional(v.pipe(v.number(), v.integer())),
  scheduler: v.optional(scheduler),
  ioPriority: v.optional(object({ class: text, priority: v.optional(v.pipe(v.number(), v.integer()), 0) })),
  execCPUAffinity: v.optional(object({ initial: v.optional(text), final: v.optional(text) })),
});

/** What the compiler reads, after the schema. */
export type ProcessSpec = v.InferOutput<typeof processSchema>;
export type CapabilitySetName = keyof NonNullable<ProcessSpec['capabilities']>;
