// Calls that guard, watch or change what runs: prctl, seccomp, bpf, landlock, ptrace, modules, reboot.

import { fd, flags, hexadecimal, int, longFlags, oneOf, pointer, string, unsignedLong } from '../decode/arguments.ts';
import { bpfAttribute } from '../decode/bpf.ts';
import {
  deleteFlags,
  landlockRules,
  landlockRuleset,
  perfAttribute,
  personality,
  ptraceVariants,
} from '../decode/guard.ts';
import { prctlArguments, prctlVariants, seccompVariants } from '../decode/prctl.ts';
import { bpfCommands } from '../flags/bpf.ts';
import {
  kexecFileFlags,
  kexecFlags,
  landlockCreateFlags,
  landlockRestrictFlags,
  landlockRuleTypes,
  lsmAttributes,
  moduleInitFlags,
  perfFlags,
  ptraceRequests,
  rebootCommands,
  rebootMagic,
  syslogActions,
  userfaultFlags,
} from '../flags/guard.ts';
import { archPrctlCommands } from '../flags/prctl.ts';
import { seccompOperations } from '../flags/seccomp.ts';
import { row, type SyscallRow } from '../syscall.ts';

const vectors = { local_iov: pointer, liovcnt: unsignedLong, remote_iov: pointer, riovcnt: unsignedLong };

export const securityRows = {
  prctl: row({ x64: 157, arm64: 167, args: prctlArguments, variants: prctlVariants, source: 'man prctl(2)' }),
  arch_prctl: row({ x64: 158, args: { op: oneOf(archPrctlCommands), addr: pointer }, source: 'man arch_prctl(2)' }),
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
  process_vm_readv: row({
    x64: 310,
    arm64: 270,
    args: { pid: int, ...vectors, flags: hexadecimal },
    source: 'man process_vm_readv(2)',
  }),
  process_vm_writev: row({
    x64: 311,
    arm64: 271,
    args: { pid: int, ...vectors, flags: hexadecimal },
    source: 'man process_vm_readv(2)',
  }),
  personality: row({ x64: 135, arm64: 92, args: { persona: personality }, source: 'man personality(2)' }),
  userfaultfd: row({
    x64: 323,
    arm64: 282,
    args: { flags: flags(userfaultFlags) },
    result: 'fd',
    source: 'man userfaultfd(2)',
  }),
  perf_event_open: row({
    x64: 298,
    arm64: 241,
    args: { attr: perfAttribute, pid: int, cpu: int, group_fd: int, flags: longFlags(perfFlags) },
    result: 'fd',
    source: 'man perf_event_open(2)',
  }),
  init_module: row({
    x64: 175,
    arm64: 105,
    args: { module_image: pointer, len: unsignedLong, param_values: string },
    source: 'man init_module(2)',
  }),
  finit_module: row({
    x64: 313,
    arm64: 273,
    args: { fd, param_values: string, flags: flags(moduleInitFlags) },
    source: 'man init_module(2)',
  }),
  delete_module: row({
    x64: 176,
    arm64: 106,
    args: { name: string, flags: deleteFlags },
    source: 'man delete_module(2)',
  }),
  kexec_load: row({
    x64: 246,
    arm64: 104,
    args: { entry: pointer, nr_segments: unsignedLong, segments: pointer, flags: longFlags(kexecFlags) },
    source: 'man kexec_load(2)',
  }),
  kexec_file_load: row({
    x64: 320,
    arm64: 294,
    args: {
      kernel_fd: fd,
      initrd_fd: fd,
      cmdline_len: unsignedLong,
      cmdline: string,
      flags: longFlags(kexecFileFlags),
    },
    source: 'man kexec_load(2)',
  }),
  reboot: row({
    x64: 169,
    arm64: 142,
    args: { magic: oneOf(rebootMagic), magic2: oneOf(rebootMagic), op: oneOf(rebootCommands), arg: pointer },
    source: 'man reboot(2)',
  }),
  syslog: row({
    x64: 103,
    arm64: 116,
    args: { type: oneOf(syslogActions), bufp: pointer, size: int },
    source: 'man syslog(2)',
  }),
  iopl: row({ x64: 172, args: { level: int }, source: 'man iopl(2)' }),
  ioperm: row({ x64: 173, args: { from: unsignedLong, num: unsignedLong, turn_on: int }, source: 'man ioperm(2)' }),
} satisfies Record<string, SyscallRow>;
