// Calls that run programs, wait for processes, end them, and what every thread sets up when it begins.
import {
  dirfd,
  environment,
  flags,
  hexadecimal,
  hexadecimalInt,
  int,
  oneOf,
  path,
  pointer,
  strings,
  unsignedInt,
  unsignedLong,
} from '../decode/arguments.ts';
import {
  processTimes,
  resourceUsage,
  resourceUsageOfChild,
  systemInformation,
  systemNames,
  waitStatus,
} from '../decode/process.ts';
import { flagsShape, pointerTo, pointerToWord, struct, unsigned } from '../decode/shapes.ts';
import { informationOut } from '../decode/signals.ts';
import { cloneFlags } from '../flags/namespace.ts';
import { archCodes, execFlags, rseqFlags, usageTargets, waitOptions, waitTypes } from '../flags/process.ts';
import { row, type SyscallRow } from '../syscall.ts';

/** @source uapi linux/nsfs.h of Linux 6.19, struct ns_id_req */
const namespaceRequest = pointerTo(
  struct({
    size: unsigned(4),
    _spare: unsigned(4),
    ns_id: unsigned(8),
    ns_type: flagsShape(cloneFlags),
    _spare2: unsigned(4),
    user_ns_id: unsigned(8),
  }),
);

export const processRows = {
  execve: row({
    x64: 59,
    arm64: 221,
    args: { pathname: path, argv: strings, envp: environment },
    source: 'man execve(2)',
  }),
  execveat: row({
    x64: 322,
    arm64: 281,
    args: { dirfd, pathname: path, argv: strings, envp: environment, flags: flags(execFlags) },
    source: 'man execveat(2)',
  }),
  exit: row({ x64: 60, arm64: 93, args: { status: int }, result: 'none', source: 'man exit(2)' }),
  exit_group: row({ x64: 231, arm64: 94, args: { status: int }, result: 'none', source: 'man exit_group(2)' }),
  wait4: row({
    x64: 61,
    arm64: 260,
    args: { pid: int, wstatus: waitStatus, options: flags(waitOptions), rusage: resourceUsageOfChild },
    result: 'pid',
    source: 'man wait4(2)',
  }),
  waitid: row({
    x64: 247,
    arm64: 95,
    args: {
      idtype: oneOf(waitTypes),
      id: int,
      infop: informationOut,
      options: flags(waitOptions),
      rusage: resourceUsage,
    },
    source: 'man waitid(2)',
  }),
  getpid: row({ x64: 39, arm64: 172, args: {}, result: 'pid', noise: true, source: 'man getpid(2)' }),
  getppid: row({ x64: 110, arm64: 173, args: {}, result: 'pid', noise: true, source: 'man getppid(2)' }),
  gettid: row({ x64: 186, arm64: 178, args: {}, result: 'pid', noise: true, source: 'man gettid(2)' }),
  getrusage: row({
    x64: 98,
    arm64: 165,
    args: { who: oneOf(usageTargets), usage: resourceUsage },
    noise: true,
    source: 'man getrusage(2)',
  }),
  times: row({ x64: 100, arm64: 153, args: { buf: processTimes }, noise: true, source: 'man times(2)' }),
  getcpu: row({
    x64: 309,
    arm64: 168,
    args: { cpu: pointerToWord(unsigned(4), 'exit'), node: pointerToWord(unsigned(4), 'exit'), tcache: pointer },
    noise: true,
    source: 'man getcpu(2)',
  }),
  uname: row({ x64: 63, arm64: 160, args: { buf: systemNames }, source: 'man uname(2)' }),
  sysinfo: row({ x64: 99, arm64: 179, args: { info: systemInformation }, noise: true, source: 'man sysinfo(2)' }),
  arch_prctl: row({
    x64: 158,
    args: { code: oneOf(archCodes), addr: pointer },
    noise: true,
    source: 'man arch_prctl(2)',
  }),
  set_tid_address: row({
    x64: 218,
    arm64: 96,
    args: { tidptr: pointer },
    result: 'pid',
    noise: true,
    source: 'man set_tid_address(2)',
  }),
  set_robust_list: row({
    x64: 273,
    arm64: 99,
    args: { head: pointer, len: unsignedLong },
    noise: true,
    source: 'man set_robust_list(2)',
  }),
  get_robust_list: row({
    x64: 274,
    arm64: 100,
    args: { pid: int, head_ptr: pointer, len_ptr: pointer },
    noise: true,
    source: 'man get_robust_list(2)',
  }),
  set_thread_area: row({ x64: 205, args: { u_info: pointer }, noise: true, source: 'man set_thread_area(2)' }),
  get_thread_area: row({ x64: 211, args: { u_info: pointer }, noise: true, source: 'man get_thread_area(2)' }),
  rseq: row({
    x64: 334,
    arm64: 293,
    args: { rseq: pointer, rseq_len: hexadecimalInt, flags: flags(rseqFlags), sig: hexadecimalInt },
    noise: true,
    source: 'linux kernel/rseq.c',
  }),
  listns: row({
    x64: 470,
    arm64: 470,
    args: { req: namespaceRequest, ns_ids: pointer, nr_ns_ids: unsignedLong, flags: hexadecimalInt },
    source: 'linux kernel/nstree.c',
  }),
  rseq_slice_yield: row({ x64: 471, arm64: 471, args: {}, noise: true, source: 'linux kernel/rseq.c' }),
  sched_yield: row({ x64: 24, arm64: 124, args: {}, noise: true, source: 'man sched_yield(2)' }),
  modify_ldt: row({
    x64: 154,
    args: { func: int, ptr: pointer, bytecount: unsignedLong },
    source: 'man modify_ldt(2)',
  }),
  iopl: row({ x64: 172, args: { level: unsignedInt }, source: 'man iopl(2)' }),
  ioperm: row({ x64: 173, args: { from: hexadecimal, num: hexadecimal, turn_on: int }, source: 'man ioperm(2)' }),
  uprobe: row({ x64: 336, args: {}, source: 'linux arch/x86/kernel/uprobes.c' }),
  uretprobe: row({ x64: 335, args: {}, source: 'linux arch/x86/kernel/uprobes.c' }),
} satisfies Record<string, SyscallRow>;
