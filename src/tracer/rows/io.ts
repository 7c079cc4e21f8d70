// Calls that read, write and handle descriptors, at once or through a queue.
import {
  dataIn,
  dataOut,
  fd,
  flags,
  hexadecimalInt,
  int,
  long,
  oneOf,
  pointer,
  unsignedInt,
  unsignedLong,
} from '../decode/arguments.ts';
import {
  descriptorPair,
  fcntlVariants,
  offset,
  position,
  unusedHalf,
  uringParameters,
  vectorIn,
  vectorOut,
} from '../decode/io.ts';
import { pointerTo, pointerToWord, struct, unsigned } from '../decode/shapes.ts';
import { signalSet } from '../decode/signals.ts';
import { timespecIn } from '../decode/time.ts';
import { openFlags } from '../flags/files.ts';
import {
  closeRangeFlags,
  fcntlCommands,
  pipeFlags,
  readWriteFlags,
  spliceFlags,
  uringEnterFlags,
  uringRegisterOperations,
  whences,
} from '../flags/io.ts';
import { row, type SyscallRow } from '../syscall.ts';

const cacheRange = pointerTo(struct({ off: unsigned(8), len: unsigned(8) }));
const cacheStatistics = pointerTo(
  struct({
    nr_cache: unsigned(8),
    nr_dirty: unsigned(8),
    nr_writeback: unsigned(8),
    nr_evicted: unsigned(8),
    nr_recently_evicted: unsigned(8),
  }),
  'exit',
);

export const ioRows = {
  read: row({ x64: 0, arm64: 63, args: { fd, buf: dataOut(2), count: unsignedLong }, source: 'man read(2)' }),
  write: row({ x64: 1, arm64: 64, args: { fd, buf: dataIn(2), count: unsignedLong }, source: 'man write(2)' }),
  pread64: row({
    x64: 17,
    arm64: 67,
    args: { fd, buf: dataOut(2), count: unsignedLong, offset: long },
    source: 'man pread(2)',
  }),
  pwrite64: row({
    x64: 18,
    arm64: 68,
    args: { fd, buf: dataIn(2), count: unsignedLong, offset: long },
    source: 'man pwrite(2)',
  }),
  readv: row({ x64: 19, arm64: 65, args: { fd, iov: vectorOut(2), iovcnt: unsignedInt }, source: 'man readv(2)' }),
  writev: row({ x64: 20, arm64: 66, args: { fd, iov: vectorIn(2), iovcnt: unsignedInt }, source: 'man writev(2)' }),
  preadv: row({
    x64: 295,
    arm64: 69,
    args: { fd, iov: vectorOut(2), iovcnt: unsignedInt, offset: position },
    source: 'man preadv(2)',
  }),
  pwritev: row({
    x64: 296,
    arm64: 70,
    args: { fd, iov: vectorIn(2), iovcnt: unsignedInt, offset: position },
    source: 'man pwritev(2)',
  }),
  preadv2: row({
    x64: 327,
    arm64: 286,
    args: { fd, iov: vectorOut(2), iovcnt: unsignedInt, offset: long, upper: unusedHalf, flags: flags(readWriteFlags) },
    source: 'man preadv2(2)',
  }),
  pwritev2: row({
    x64: 328,
    arm64: 287,
    args: { fd, iov: vectorIn(2), iovcnt: unsignedInt, offset: long, upper: unusedHalf, flags: flags(readWriteFlags) },
    source: 'man pwritev2(2)',
  }),
  lseek: row({ x64: 8, arm64: 62, args: { fd, offset: long, whence: oneOf(whences) }, source: 'man lseek(2)' }),
  sendfile: row({
    x64: 40,
    arm64: 71,
    args: { out_fd: fd, in_fd: fd, offset, count: unsignedLong },
    source: 'man sendfile(2)',
  }),
  copy_file_range: row({
    x64: 326,
    arm64: 285,
    args: { fd_in: fd, off_in: offset, fd_out: fd, off_out: offset, len: unsignedLong, flags: hexadecimalInt },
    source: 'man copy_file_range(2)',
  }),
  splice: row({
    x64: 275,
    arm64: 76,
    args: { fd_in: fd, off_in: offset, fd_out: fd, off_out: offset, len: unsignedLong, flags: flags(spliceFlags) },
    source: 'man splice(2)',
  }),
  tee: row({
    x64: 276,
    arm64: 77,
    args: { fd_in: fd, fd_out: fd, len: unsignedLong, flags: flags(spliceFlags) },
    source: 'man tee(2)',
  }),
  vmsplice: row({
    x64: 278,
    arm64: 75,
    args: { fd, iov: pointer, nr_segs: unsignedLong, flags: flags(spliceFlags) },
    source: 'man vmsplice(2)',
  }),
  close: row({ x64: 3, arm64: 57, args: { fd }, source: 'man close(2)' }),
  close_range: row({
    x64: 436,
    arm64: 436,
    args: { first: unsignedInt, last: unsignedInt, flags: flags(closeRangeFlags) },
    source: 'man close_range(2)',
  }),
  dup: row({ x64: 32, arm64: 23, args: { oldfd: fd }, result: 'fd', source: 'man dup(2)' }),
  dup2: row({ x64: 33, args: { oldfd: fd, newfd: fd }, result: 'fd', source: 'man dup2(2)' }),
  dup3: row({
    x64: 292,
    arm64: 24,
    args: { oldfd: fd, newfd: fd, flags: flags(openFlags) },
    result: 'fd',
    source: 'man dup3(2)',
  }),
  fcntl: row({
    x64: 72,
    arm64: 25,
    args: { fd, cmd: oneOf(fcntlCommands), arg: pointer },
    variants: fcntlVariants,
    source: 'man fcntl(2)',
  }),
  pipe: row({ x64: 22, args: { pipefd: descriptorPair }, source: 'man pipe(2)' }),
  pipe2: row({
    x64: 293,
    arm64: 59,
    args: { pipefd: descriptorPair, flags: flags(pipeFlags) },
    source: 'man pipe2(2)',
  }),
  cachestat: row({
    x64: 451,
    arm64: 451,
    args: { fd, cstat_range: cacheRange, cstat: cacheStatistics, flags: hexadecimalInt },
    source: 'man cachestat(2)',
  }),
  io_setup: row({
    x64: 206,
    arm64: 0,
    args: { nr_events: unsignedInt, ctx_idp: pointerToWord(unsigned(8), 'exit') },
    source: 'man io_setup(2)',
  }),
  io_destroy: row({ x64: 207, arm64: 1, args: { ctx_id: pointer }, source: 'man io_destroy(2)' }),
  io_submit: row({
    x64: 209,
    arm64: 2,
    args: { ctx_id: pointer, nr: long, iocbpp: pointer },
    source: 'man io_submit(2)',
  }),
  io_cancel: row({
    x64: 210,
    arm64: 3,
    args: { ctx_id: pointer, iocb: pointer, result: pointer },
    source: 'man io_cancel(2)',
  }),
  io_getevents: row({
    x64: 208,
    arm64: 4,
    args: { ctx_id: pointer, min_nr: long, nr: long, events: pointer, timeout: timespecIn },
    source: 'man io_getevents(2)',
  }),
  io_pgetevents: row({
    x64: 333,
    arm64: 292,
    args: { ctx_id: pointer, min_nr: long, nr: long, events: pointer, timeout: timespecIn, usig: pointer },
    source: 'linux fs/aio.c',
  }),
  io_uring_setup: row({
    x64: 425,
    arm64: 425,
    args: { entries: unsignedInt, params: uringParameters },
    result: 'fd',
    source: 'man io_uring_setup(2)',
  }),
  io_uring_enter: row({
    x64: 426,
    arm64: 426,
    args: {
      fd,
      to_submit: unsignedInt,
      min_complete: unsignedInt,
      flags: flags(uringEnterFlags),
      sig: signalSet,
      sigsetsize: unsignedLong,
    },
    noise: true,
    source: 'man io_uring_enter(2)',
  }),
  io_uring_register: row({
    x64: 427,
    arm64: 427,
    args: { fd, opcode: oneOf(uringRegisterOperations), arg: pointer, nr_args: int },
    source: 'man io_uring_register(2)',
  }),
} satisfies Record<string, SyscallRow>;
