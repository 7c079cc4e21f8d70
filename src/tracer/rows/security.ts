// Calls that guard or watch what runs: prctl, seccomp, bpf, landlock, other security modules, ptrace.

import { fd, flags, hexadecimal, int, oneOf, pointer, unsignedLong } from '../decode/arguments.ts';
import { bpfAttribute } from '../decode/bpf.ts';
import { landlockRules, landlockRuleset, personality, ptraceVariants } from '../decode/guard.ts';
import { prctlArguments, prctlVariants, seccompVariants } from '../decode/prctl.ts';
import { bpfCommands } from '../flags/bpf.ts';
import {
  landlockCreateFlags,
  landlockRestrictFlags,
  landlockRuleTypes,
  lsmAttributes,
  ptraceRequests,
} from '../flags/guard.ts';
import { seccompOperations } from '../flags/seccomp.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const securityRows = {
  prctl: row({ x64: 157, arm64: 167, args: prctlArguments, variants: prctlVariants, source: 'man prctl(2)' }),
  seccomp: row({
    x64: 317,
    arm64: 277,
    args: { operation: oneOf(seccompOperations), flags: hexadecimal, args: pointer },
    variants: seccompVariants,
    source: 'man seccomp(2)',
  }),
  bpf: row({
    x64: 321,
    arm64: 280,
    args: { cmd: oneOf(bpfCommands), attr: bpfAttribute, size: unsignedLong },
    source: 'man bpf(2)',
  }),
  landlock_create_ruleset: row({
    x64: 444,
    arm64: 444,
    args: { attr: landlockRuleset, size: unsignedLong, flags: flags(landlockCreateFlags) },
    result: 'fd',
    source: 'man landlock_create_ruleset(2)',
  }),
  landlock_add_rule: row({
    x64: 445,
    arm64: 445,
    args: { ruleset_fd: fd, rule_type: oneOf(landlockRuleTypes), rule_attr: pointer, flags: hexadecimal },
    variants: landlockRules,
    source: 'man landlock_add_rule(2)',
  }),
  landlock_restrict_self: row({
    x64: 446,
    arm64: 446,
    args: { ruleset_fd: fd, flags: flags(landlockRestrictFlags) },
    source: 'man landlock_restrict_self(2)',
  }),
  lsm_get_self_attr: row({
    x64: 459,
    arm64: 459,
    args: { attr: oneOf(lsmAttributes), ctx: pointer, size: pointer, flags: hexadecimal },
    source: 'man lsm_get_self_attr(2)',
  }),
  lsm_set_self_attr: row({
    x64: 460,
    arm64: 460,
    args: { attr: oneOf(lsmAttributes), ctx: pointer, size: unsignedLong, flags: hexadecimal },
    source: 'man lsm_set_self_attr(2)',
  }),
  lsm_list_modules: row({
    x64: 461,
    arm64: 461,
    args: { ids: pointer, size: pointer, flags: hexadecimal },
    source: 'man lsm_list_modules(2)',
  }),
  ptrace: row({
    x64: 101,
    arm64: 117,
    args: { request: oneOf(ptraceRequests), pid: int, addr: pointer, data: pointer },
    variants: ptraceVariants,
    source: 'man ptrace(2)',
  }),
  personality: row({ x64: 135, arm64: 92, args: { persona: personality }, source: 'man personality(2)' }),
} satisfies Record<string, SyscallRow>;
