// Futexes: how threads of a process wait for each other. All of it is housekeeping of language runtimes.
import { flags, hexadecimal, int, pointer, unsignedInt, unsignedLong } from '../decode/arguments.ts';
import { futexFifth, futexFourth, futexOperation, futexThird, futexValue } from '../decode/futex.ts';
import { clock, timespecIn } from '../decode/time.ts';
import { futex2Flags } from '../flags/futex.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const futexRows = {
  futex: row({
    x64: 202,
    arm64: 98,
    args: {
      uaddr: pointer,
      futex_op: futexOperation,
      val: futexValue,
      timeout: futexThird,
      uaddr2: futexFourth,
      val3: futexFifth,
    },
    noise: true,
    source: 'man futex(2)',
  }),
  futex_waitv: row({
    x64: 449,
    arm64: 449,
    args: { waiters: pointer, nr_futexes: unsignedInt, flags: hexadecimal, timeout: timespecIn, clockid: clock },
    noise: true,
    source: 'linux kernel/futex/syscalls.c',
  }),
  futex_wake: row({
    x64: 454,
    arm64: 454,
    args: { uaddr: pointer, mask: hexadecimal, nr: int, flags: flags(futex2Flags) },
    noise: true,
    source: 'linux kernel/futex/syscalls.c',
  }),
  futex_wait: row({
    x64: 455,
    arm64: 455,
    args: {
      uaddr: pointer,
      val: unsignedLong,
      mask: hexadecimal,
      flags: flags(futex2Flags),
      timeout: timespecIn,
      clockid: clock,
    },
    noise: true,
    source: 'linux kernel/futex/syscalls.c',
  }),
  futex_requeue: row({
    x64: 456,
    arm64: 456,
    args: { waiters: pointer, flags: hexadecimal, nr_wake: int, nr_requeue: int },
    noise: true,
    source: 'linux kernel/futex/syscalls.c',
  }),
} satisfies Record<string, SyscallRow>;
