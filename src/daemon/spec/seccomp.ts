// The default profile for one container, and profiles that a person gives, as `linux.seccomp` of config.json.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { parseRuntimeJson } from '../../oci/runtime.ts';
import { type SeccompProfileInput, seccompSchema } from '../../oci/runtime-seccomp.ts';
import {
  allowed,
  allowedFamilies,
  allowedOn,
  allowedPersonalities,
  allowedWith,
  namespaceFlags,
  unseenErrno,
} from './seccomp-profile.ts';

interface Subject {
  /** Node's name. */
  architecture: string;
  capabilities: readonly string[];
}

type Rule = NonNullable<SeccompProfileInput['syscalls']>[number];

/** Those that the CPU can also run: a filter for one alone would let the other through unfiltered. @source man seccomp(2) */
const architectures: Readonly<Record<string, string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

const EPERM = 1;
const allow = (names: readonly string[], args?: Rule['args']): Rule => ({
  names: [...names],
  action: 'SCMP_ACT_ALLOW',
  ...(args === undefined ? {} : { args }),
});

/** Arguments in memory, where a filter cannot look. */
const unseen = (name: string): Rule => ({ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: unseenErrno });

/** `default`, or a profile as JSON in Docker's or the runtime spec's form. Errors: invalidArgument. */
export function seccompOf(asked: string, subject: Subject): SeccompProfileInput {
  return asked === 'default' ? defaultProfile(subject) : customProfile(asked, subject);
}

function defaultProfile({ architecture, capabilities }: Subject): SeccompProfileInput {
  const mayMakeNamespaces = capabilities.includes('CAP_SYS_ADMIN');
  const byCapability = capabilities.flatMap((name) => allowedWith[name] ?? []);
  const syscalls: Rule[] = [
    allow(allowed),
    unseen('socketcall'),
    ...allowedFamilies.map((family) => allow(['socket'], [{ index: 0, ...family }])),
    ...allowedPersonalities.map((value) => allow(['personality'], [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
  ];
  const byArchitecture = allowedOn[architecture] ?? [];
  if (byArchitecture.length > 0) syscalls.push(allow(byArchitecture));
  if (byCapability.length > 0) syscalls.push(allow([...new Set(byCapability)]));
  if (!mayMakeNamespaces) {
    syscalls.push(allow(['clone'], [{ index: 0, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]));
    syscalls.push(unseen('clone3'));
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: architectures[architecture] ?? [],
    syscalls,
  };
}

/** Docker's own form: conditions, and a map of architectures. @source docker profiles/seccomp/seccomp.go */
const list = v.nullish(v.array(v.string()), []);
const condition = v.nullish(v.looseObject({ caps: list, arches: list, minKernel: v.nullish(v.string(), '') }));
const dockerRule = v.looseObject({
  name: v.optional(v.string()),
  names: list,
  includes: condition,
  excludes: condition,
});
const dockerProfile = v.looseObject({
  archMap: v.nullish(v.array(v.object({ architecture: v.string(), subArchitectures: list })), []),
  syscalls: v.nullish(v.array(dockerRule), []),
});

function customProfile(text: string, subject: Subject): SeccompProfileInput {
  try {
    const json = parseRuntimeJson(text, 'seccomp profile');
    const { archMap, syscalls, ...rest } = v.parse(dockerProfile, json);
    const own = (architectures[subject.architecture] ?? [])[0];
    const mapped = archMap.find((row) => row.architecture === own);
    const rules = syscalls.filter((rule) => applies(rule, subject)).map(plainRule);
    const profile = {
      ...rest,
      ...(mapped === undefined ? {} : { architectures: [mapped.architecture, ...(mapped.subArchitectures ?? [])] }),
      syscalls: rules,
    };
    return v.parse(seccompSchema, profile);
  } catch (cause) {
    throw new LabError('invalidArgument', `decoding seccomp profile: ${(cause as Error).message}`, { cause });
  }
}

/** Docker's names of architectures. */
const dockerArchitectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', 'x86', 'x32'],
  arm64: ['arm64', 'arm'],
};

function applies(rule: v.InferOutput<typeof dockerRule>, { architecture, capabilities }: Subject): boolean {
  const own = dockerArchitectures[architecture] ?? [];
  const caps = (names: string[] | null | undefined) => names ?? [];
  const { includes, excludes } = rule;
  if (includes && !caps(includes.caps).every((name) => capabilities.includes(name))) return false;
  if (includes && caps(includes.arches).length > 0 && !caps(includes.arches).some((name) => own.includes(name)))
    return false;
  if (excludes && caps(excludes.caps).some((name) => capabilities.includes(name))) return false;
  return !(excludes && caps(excludes.arches).some((name) => own.includes(name)));
}

function plainRule({ name, names, includes: _in, excludes: _ex, ...rule }: v.InferOutput<typeof dockerRule>) {
  return { ...rule, names: name === undefined ? names : [name] };
}
