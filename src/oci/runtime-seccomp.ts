// `linux.seccomp` of the OCI runtime spec. Names of actions, operators and architectures are checked where they are translated.
import * as v from 'valibot';
import { object } from './object.ts';
import { text, unsigned, unsigned32 } from './runtime-process.ts';

const argument = object({ index: unsigned32, value: unsigned, valueTwo: v.optional(unsigned), op: text });

const syscallRule = object({
  names: v.pipe(v.array(text), v.minLength(1, 'expected at least one name')),
  action: text,
  errnoRet: v.optional(unsigned32),
  args: v.optional(v.array(argument)),
});

/** @source oci-runtime config-linux#seccomp */
export const seccompSchema = object({
  defaultAction: text,
  defaultErrnoRet: v.optional(unsigned32),
  architectures: v.optional(v.array(text)),
  flags: v.optional(v.array(text)),
  listenerPath: v.optional(text),
  listenerMetadata: v.optional(text),
  syscalls: v.optional(v.array(syscallRule)),
});

export type SeccompProfile = v.InferOutput<typeof seccompSchema>;
export type SeccompProfileInput = v.InferInput<typeof seccompSchema>;
export type SeccompRule = v.InferOutput<typeof syscallRule>;
export type SeccompArgument = v.InferOutput<typeof argument>;
