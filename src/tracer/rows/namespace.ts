// Calls that make processes and namespaces, join them, and hold processes by a descriptor.
import { dataIn, fd, flags, hexadecimal, int, longFlags, oneOf, pointer, unsignedLong } from '../decode/arguments.ts';
import { childStack, childTid, cloneStruct, oldCloneFlags, parentTid, threadPointer } from '../decode/namespace.ts';
import { signal } from '../decode/signals.ts';
import { kcmpTypes, namespaceTypes, pidfdFlags, pidfdSignalFlags, unshareFlags } from '../flags/namespace.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const namespaceRows = {
  clone: row({
    x64: 56,
    arm64: 220,
    args: {
      stack: childStack,
      flags: oldCloneFlags,
      parent_tid: parentTid,
      tls: threadPointer,
      child_tid: childTid,
    },
    result: 'pid',
    source: 'man clone(2)',
  }),
  clone3: row({
    x64: 435,
    arm64: 435,
    args: { cl_args: cloneStruct, size: unsignedLong },
    result: 'pid',
    source: 'man clone(2)',
  }),
  fork: row({ x64: 57, args: {}, result: 'pid', source: 'man fork(2)' }),
  vfork: row({ x64: 58, args: {}, result: 'pid', source: 'man vfork(2)' }),
  unshare: row({ x64: 272, arm64: 97, args: { flags: longFlags(unshareFlags) }, source: 'man unshare(2)' }),
  setns: row({ x64: 308, arm64: 268, args: { fd, nstype: flags(namespaceTypes) }, source: 'man setns(2)' }),
  pidfd_open: row({
    x64: 434,
    arm64: 434,
    args: { pid: int, flags: flags(pidfdFlags) },
    result: 'fd',
    source: 'man pidfd_open(2)',
  }),
  pidfd_send_signal: row({
    x64: 424,
    arm64: 424,
    args: { pidfd: fd, sig: signal, info: pointer, flags: flags(pidfdSignalFlags) },
    source: 'man pidfd_send_signal(2)',
  }),
  pidfd_getfd: row({
    x64: 438,
    arm64: 438,
    args: { pidfd: fd, targetfd: int, flags: hexadecimal },
    result: 'fd',
    source: 'man pidfd_getfd(2)',
  }),
  kcmp: row({
    x64: 312,
    arm64: 272,
    args: { pid1: int, pid2: int, type: oneOf(kcmpTypes), idx1: unsignedLong, idx2: unsignedLong },
    source: 'man kcmp(2)',
  }),
  sethostname: row({
    x64: 170,
    arm64: 161,
    args: { name: dataIn(1, 'counted'), len: unsignedLong },
    source: 'man sethostname(2)',
  }),
  setdomainname: row({
    x64: 171,
    arm64: 162,
    args: { name: dataIn(1, 'counted'), len: unsignedLong },
    source: 'man setdomainname(2)',
  }),
} satisfies Record<string, SyscallRow>;
