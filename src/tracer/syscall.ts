// What a row of the system call table says: the numbers, and each argument with its type. A type knows two things: what the tracer
// must read for it (the native side gets that as numbers, native/tracer/captures.h is generated from the rows) and how it reads
// to people. Rule: a type never throws; what it cannot decode it shows as a number with a mark.
import type { ArgumentView } from './view.ts';

/** What the tracer reads from the traced process for one argument. Sizes in bytes. */
export type Capture =
  /** Up to a NUL, at most 4096. */
  | { kind: 'string' }
  /** A struct of a fixed size. */
  | { kind: 'struct'; size: number }
  /** As many items as another argument (by position) says; at most `most` bytes. */
  | { kind: 'counted'; count: number; itemSize: number; most: number }
  /** As many bytes as the call returned. */
  | { kind: 'returned'; most: number }
  /** As many bytes as the integer says that another argument points to (accept, getsockname). */
  | { kind: 'value-result'; length: number; most: number }
  /** argv: strings up to a null pointer, a part each. */
  | { kind: 'strings'; most: number }
  /** envp: the same, each cut after its `=` before it is written. */
  | { kind: 'environment'; most: number }
  /** ioctl: as many bytes, and when, as the request in argument 1 says. */
  | { kind: 'ioctl'; most: number }
  /** struct msghdr: part 0 the address, part 1 the first bytes, those only of netlink sockets. */
  | { kind: 'message'; most: number }
  /** struct iovec[]: the first bytes, only of files of the kernel's own file systems. `count` as above. */
  | { kind: 'vector'; count: number; most: number }
  /** Data written or read: only for files of the kernel's own file systems (cgroup, proc, sysfs) and netlink sockets. */
  | { kind: 'data'; count: number; most: number };

export interface ArgumentType {
  capture?: Capture;
  /** At exit: the kernel fills it in. Strings and structs that could not be read at entry are read again at exit by themselves. */
  when?: 'enter' | 'exit';
  /** As strace prints it; '' leaves the argument out of the list, as strace does where a call does not look at it. */
  show(view: ArgumentView): string;
}

export interface SyscallRow {
  /** @source uapi asm/unistd.h of the architecture; absent where it does not exist. */
  x64?: number;
  arm64?: number;
  /** Name → type, in order. */
  args: Readonly<Record<string, ArgumentType>>;
  /** Another list of arguments where a register has this value: prctl, keyctl, fcntl, ioctl. */
  variants?: readonly SyscallVariant[];
  /** How the result reads; a plain number without it. */
  result?: 'fd' | 'pid' | 'pointer' | 'octal' | 'none';
  /** Housekeeping of language runtimes: futex, epoll, timers, memory. */
  noise?: true;
  /** `man mount(2)`. */
  source: string;
}

export interface SyscallVariant {
  /** Position of the register that selects. */
  argument: number;
  equals: number;
  args: Readonly<Record<string, ArgumentType>>;
}

export const row = (fields: SyscallRow): SyscallRow => fields;
