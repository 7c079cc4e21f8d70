// Calls that wait for descriptors, and descriptors made for waiting. Nearly all are the event loops of runtimes.
import {
  dirfd,
  fd,
  flags,
  int,
  longFlags,
  oneOf,
  path,
  pointer,
  unsignedInt,
  unsignedLong,
} from '../decode/arguments.ts';
import { openFlag } from '../decode/files.ts';
import { descriptorSet, epollEvent, epollEventsOut, pollItems } from '../decode/polling.ts';
import { signalSet } from '../decode/signals.ts';
import { timespecIn, timevalIn } from '../decode/time.ts';
import {
  epollFlags,
  epollOperations,
  eventfdFlags,
  fanotifyEvents,
  fanotifyInitFlags,
  fanotifyMarkFlags,
  inotifyEvents,
  inotifyFlags,
} from '../flags/polling.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const pollingRows = {
  poll: row({ x64: 7, args: { fds: pollItems, nfds: unsignedInt, timeout: int }, noise: true, source: 'man poll(2)' }),
  ppoll: row({
    x64: 271,
    arm64: 73,
    args: { fds: pollItems, nfds: unsignedInt, tmo_p: timespecIn, sigmask: signalSet, sigsetsize: unsignedLong },
    noise: true,
    source: 'man ppoll(2)',
  }),
  select: row({
    x64: 23,
    args: { nfds: int, readfds: descriptorSet, writefds: descriptorSet, exceptfds: descriptorSet, timeout: timevalIn },
    noise: true,
    source: 'man select(2)',
  }),
  pselect6: row({
    x64: 270,
    arm64: 72,
    args: {
      nfds: int,
      readfds: descriptorSet,
      writefds: descriptorSet,
      exceptfds: descriptorSet,
      timeout: timespecIn,
      sigmask: pointer,
    },
    noise: true,
    source: 'man pselect(2)',
  }),
  epoll_create: row({ x64: 213, args: { size: int }, result: 'fd', noise: true, source: 'man epoll_create(2)' }),
  epoll_create1: row({
    x64: 291,
    arm64: 20,
    args: { flags: flags(epollFlags) },
    result: 'fd',
    noise: true,
    source: 'man epoll_create1(2)',
  }),
  epoll_ctl: row({
    x64: 233,
    arm64: 21,
    args: { epfd: fd, op: oneOf(epollOperations), fd, event: epollEvent },
    noise: true,
    source: 'man epoll_ctl(2)',
  }),
  epoll_wait: row({
    x64: 232,
    args: { epfd: fd, events: epollEventsOut, maxevents: int, timeout: int },
    noise: true,
    source: 'man epoll_wait(2)',
  }),
  epoll_pwait: row({
    x64: 281,
    arm64: 22,
    args: {
      epfd: fd,
      events: epollEventsOut,
      maxevents: int,
      timeout: int,
      sigmask: signalSet,
      sigsetsize: unsignedLong,
    },
    noise: true,
    source: 'man epoll_pwait(2)',
  }),
  epoll_pwait2: row({
    x64: 441,
    arm64: 441,
    args: {
      epfd: fd,
      events: epollEventsOut,
      maxevents: int,
      timeout: timespecIn,
      sigmask: signalSet,
      sigsetsize: unsignedLong,
    },
    noise: true,
    source: 'man epoll_pwait2(2)',
  }),
  epoll_ctl_old: row({
    x64: 214,
    args: { epfd: fd, op: oneOf(epollOperations), fd, event: pointer },
    source: 'man unimplemented(2)',
  }),
  epoll_wait_old: row({
    x64: 215,
    args: { epfd: fd, events: pointer, maxevents: int },
    source: 'man unimplemented(2)',
  }),
  eventfd: row({ x64: 284, args: { initval: unsignedInt }, result: 'fd', noise: true, source: 'man eventfd(2)' }),
  eventfd2: row({
    x64: 290,
    arm64: 19,
    args: { initval: unsignedInt, flags: flags(eventfdFlags) },
    result: 'fd',
    noise: true,
    source: 'man eventfd(2)',
  }),
  inotify_init: row({ x64: 253, args: {}, result: 'fd', source: 'man inotify_init(2)' }),
  inotify_init1: row({
    x64: 294,
    arm64: 26,
    args: { flags: flags(inotifyFlags) },
    result: 'fd',
    source: 'man inotify_init1(2)',
  }),
  inotify_add_watch: row({
    x64: 254,
    arm64: 27,
    args: { fd, pathname: path, mask: flags(inotifyEvents) },
    source: 'man inotify_add_watch(2)',
  }),
  inotify_rm_watch: row({ x64: 255, arm64: 28, args: { fd, wd: int }, source: 'man inotify_rm_watch(2)' }),
  fanotify_init: row({
    x64: 300,
    arm64: 262,
    args: { flags: flags(fanotifyInitFlags), event_f_flags: openFlag },
    result: 'fd',
    source: 'man fanotify_init(2)',
  }),
  fanotify_mark: row({
    x64: 301,
    arm64: 263,
    args: { fanotify_fd: fd, flags: flags(fanotifyMarkFlags), mask: longFlags(fanotifyEvents), dirfd, pathname: path },
    source: 'man fanotify_mark(2)',
  }),
} satisfies Record<string, SyscallRow>;
