// Calls on the machine: modules, restart, kernel log, random numbers, performance counters; and numbers that no kernel answers any more.
import { fd, flags, int, longFlags, oneOf, path, pointer, string, unsignedLong } from '../decode/arguments.ts';
import { behind, nameShape, readNumber } from '../decode/shapes.ts';
import {
  kexecFileFlags,
  kexecFlags,
  logCommands,
  moduleFlags,
  moduleRemoveFlags,
  perfFlags,
  perfTypes,
  randomFlags,
  rebootCommands,
  rebootMagic,
} from '../flags/system.ts';
import type { ArgumentType } from '../syscall.ts';
import { row, type SyscallRow } from '../syscall.ts';

/** The first fields of struct perf_event_attr. */
const counter: ArgumentType = behind(
  { kind: 'struct', size: 8 },
  (data, view) => `{type=${nameShape(perfTypes).show(data, view)}, size=${readNumber(data, 4, 4)}, ...}`,
);
const nothing = { source: 'man unimplemented(2)', args: {} };

export const systemRows = {
  getrandom: row({
    x64: 318,
    arm64: 278,
    args: { buf: pointer, buflen: unsignedLong, flags: flags(randomFlags) },
    noise: true,
    source: 'man getrandom(2)',
  }),
  syslog: row({
    x64: 103,
    arm64: 116,
    args: { type: oneOf(logCommands), bufp: pointer, len: int },
    source: 'man syslog(2)',
  }),
  reboot: row({
    x64: 169,
    arm64: 142,
    args: { magic: oneOf(rebootMagic), magic2: oneOf(rebootMagic), op: oneOf(rebootCommands), arg: pointer },
    source: 'man reboot(2)',
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
    args: { fd, param_values: string, flags: flags(moduleFlags) },
    source: 'man finit_module(2)',
  }),
  delete_module: row({
    x64: 176,
    arm64: 106,
    args: { name: string, flags: flags(moduleRemoveFlags) },
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
    source: 'man kexec_file_load(2)',
  }),
  acct: row({ x64: 163, arm64: 89, args: { filename: path }, source: 'man acct(2)' }),
  vhangup: row({ x64: 153, arm64: 58, args: {}, source: 'man vhangup(2)' }),
  perf_event_open: row({
    x64: 298,
    arm64: 241,
    args: { attr: counter, pid: int, cpu: int, group_fd: fd, flags: longFlags(perfFlags) },
    result: 'fd',
    source: 'man perf_event_open(2)',
  }),
  uselib: row({ x64: 134, args: { library: path }, source: 'man uselib(2)' }),
  _sysctl: row({ x64: 156, args: { args: pointer }, source: 'man sysctl(2)' }),
  create_module: row({ x64: 174, args: { name: string, size: unsignedLong }, source: 'man create_module(2)' }),
  get_kernel_syms: row({ x64: 177, args: { table: pointer }, source: 'man get_kernel_syms(2)' }),
  query_module: row({
    x64: 178,
    args: { name: string, which: int, buf: pointer, bufsize: unsignedLong, ret: pointer },
    source: 'man query_module(2)',
  }),
  nfsservctl: row({
    x64: 180,
    arm64: 42,
    args: { cmd: int, argp: pointer, resp: pointer },
    source: 'man nfsservctl(2)',
  }),
  getpmsg: row({ x64: 181, ...nothing }),
  putpmsg: row({ x64: 182, ...nothing }),
  afs_syscall: row({ x64: 183, ...nothing }),
  tuxcall: row({ x64: 184, ...nothing }),
  security: row({ x64: 185, ...nothing }),
  vserver: row({ x64: 236, ...nothing }),
} satisfies Record<string, SyscallRow>;
