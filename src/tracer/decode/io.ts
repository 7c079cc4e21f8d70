// Arguments of the calls that read and write by descriptor: vectors, offsets, the third argument of each fcntl command.
// Rule: data is shown only where the tracer gave it (files of the kernel's own file systems, netlink).
// @source man readv(2), fcntl(2), pipe(2), io_uring_setup(2)
import {
  descriptorFlags,
  fcntlCommands,
  lockTypes,
  notifications,
  seals,
  uringSetupFlags,
  whences,
} from '../flags/io.ts';
import { showFlags, showName } from '../flags/names.ts';
import { signals } from '../flags/signal.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { dataKept, descriptorText, fd, flags, int, oneOf, pointer, unsignedLong } from './arguments.ts';
import { openFlag } from './files.ts';
import { behind, hasFailed, pointerText, pointerToWord, quoted, readNumber, readUnsigned, signed } from './shapes.ts';

function vectorText(view: ArgumentView, most: number): string {
  if (view.value === 0n) return 'NULL';
  if (!view.captured) return pointerText(view.value);
  let left = most;
  const shown: string[] = [];
  for (const part of view.parts) {
    if (part.whole < 0) break;
    const length = Math.min(part.whole, left);
    const isCut = length > part.bytes.length;
    shown.push(`{iov_base=${quoted(part.bytes.subarray(0, length))}${isCut ? '...' : ''}, iov_len=${part.whole}}`);
    left -= length;
  }
  return `[${shown.join(', ')}]`;
}

/** What writev and the like hand over. */
export const vectorIn = (count: number): ArgumentType => ({
  capture: { kind: 'vector', count, most: dataKept },
  show: (view) => vectorText(view, Number.MAX_SAFE_INTEGER),
});
/** What readv and the like fill in. */
export const vectorOut = (count: number): ArgumentType => ({
  capture: { kind: 'vector', count, most: dataKept },
  when: 'exit',
  show: (view) => (hasFailed(view) ? pointerText(view.value) : vectorText(view, Number(view.result ?? 0n))),
});

/** An offset that the call reads and moves on: `[4096]`. */
export const offset = pointerToWord(signed(8));

/** `[3, 4]`: two descriptors that the call made. */
export const descriptorPair: ArgumentType = behind(
  { kind: 'struct', size: 8 },
  (data, view) => {
    if (data.length < 8) return pointerText(view.value);
    const [first, second] = [readNumber(data, 0, 4), readNumber(data, 4, 4)];
    return `[${descriptorText(first, view)}, ${descriptorText(second, view)}]`;
  },
  'exit',
);

/** `struct flock`. @source uapi asm-generic/fcntl.h */
const lock = (when: 'enter' | 'exit'): ArgumentType =>
  behind(
    { kind: 'struct', size: 32 },
    (data, view) => {
      if (data.length < 32) return pointerText(view.value);
      const shown = [
        `l_type=${showName(BigInt(readNumber(data, 0, 2)), lockTypes)}`,
        `l_whence=${showName(BigInt(readNumber(data, 2, 2)), whences)}`,
        `l_start=${BigInt.asIntN(64, readUnsigned(data, 8))}`,
        `l_len=${BigInt.asIntN(64, readUnsigned(data, 16))}`,
        ...(when === 'exit' ? [`l_pid=${readNumber(data, 24, 4)}`] : []),
      ];
      return `{${shown.join(', ')}}`;
    },
    when,
  );

const signalNumber: ArgumentType = { show: (view) => showName(BigInt.asUintN(32, view.value), signals) };

/** Third argument by command; a command that is not here has an address or a number there. */
const fcntlArguments: Readonly<Record<string, ArgumentType | undefined>> = {
  F_DUPFD: int,
  F_DUPFD_CLOEXEC: int,
  F_SETFD: { show: (view) => showFlags(BigInt.asUintN(32, view.value), descriptorFlags) },
  F_SETFL: openFlag,
  F_GETLK: lock('exit'),
  F_SETLK: lock('enter'),
  F_SETLKW: lock('enter'),
  F_OFD_GETLK: lock('exit'),
  F_OFD_SETLK: lock('enter'),
  F_OFD_SETLKW: lock('enter'),
  F_SETOWN: int,
  F_SETSIG: signalNumber,
  F_SETLEASE: oneOf(lockTypes),
  F_NOTIFY: flags(notifications),
  F_SETPIPE_SZ: int,
  F_ADD_SEALS: flags(seals),
  F_DUPFD_QUERY: fd,
  F_GETFD: undefined,
  F_GETFL: undefined,
  F_GETOWN: undefined,
  F_GETSIG: undefined,
  F_GETLEASE: undefined,
  F_GETPIPE_SZ: undefined,
  F_GET_SEALS: undefined,
  F_CREATED_QUERY: undefined,
};

/** The arguments of each fcntl command. */
export const fcntlVariants: readonly SyscallVariant[] = [
  ...Object.entries(fcntlCommands.values),
  ...Object.values(fcntlCommands.newer ?? {}).flatMap((newer) => Object.entries(newer)),
].map(([name, equals]) => {
  const third = name in fcntlArguments ? fcntlArguments[name] : pointer;
  const cmd = oneOf(fcntlCommands);
  return { argument: 1, equals, args: third ? { fd, cmd, arg: third } : { fd, cmd } };
});

/** `struct io_uring_params`, as the kernel filled it in. */
export const uringParameters: ArgumentType = behind(
  { kind: 'struct', size: 24 },
  (data, view) => {
    if (data.length < 24) return pointerText(view.value);
    const words = [0, 4, 12, 16].map((at) => readNumber(data, at, 4));
    const [submissions, completions, processor, idle] = words;
    const shown = showFlags(BigInt(readNumber(data, 8, 4)), uringSetupFlags);
    return `{flags=${shown}, sq_thread_cpu=${processor}, sq_thread_idle=${idle}, sq_entries=${submissions}, cq_entries=${completions}, ...}`;
  },
  'exit',
);

/** The position of preadv and the like: a whole register on 64-bit machines; the next one is not used. */
export const position = unsignedLong;
export const unusedHalf: ArgumentType = { show: () => '' };
