// Flags and constants of the calls that wait for descriptors.
import type { NameSet } from './names.ts';

/** @source uapi linux/poll.h */
export const pollEvents: NameSet = {
  prefix: 'POLL',
  source: 'uapi linux/poll.h',
  values: {
    POLLIN: 1,
    POLLPRI: 2,
    POLLOUT: 4,
    POLLRDNORM: 0x40,
    POLLRDBAND: 0x80,
    POLLWRNORM: 0x100,
    POLLWRBAND: 0x200,
    POLLERR: 8,
    POLLHUP: 0x10,
    POLLNVAL: 0x20,
    POLLRDHUP: 0x2000,
    POLLMSG: 0x400,
    POLLREMOVE: 0x1000,
  },
};

/** @source uapi linux/eventpoll.h */
export const epollEvents: NameSet = {
  prefix: 'EPOLL',
  source: 'uapi linux/eventpoll.h',
  values: {
    EPOLLIN: 1,
    EPOLLPRI: 2,
    EPOLLOUT: 4,
    EPOLLRDNORM: 0x40,
    EPOLLRDBAND: 0x80,
    EPOLLWRNORM: 0x100,
    EPOLLWRBAND: 0x200,
    EPOLLMSG: 0x400,
    EPOLLERR: 8,
    EPOLLHUP: 0x10,
    EPOLLRDHUP: 0x2000,
    EPOLLEXCLUSIVE: 0x10000000,
    EPOLLWAKEUP: 0x20000000,
    EPOLLONESHOT: 0x40000000,
    EPOLLET: 0x80000000,
  },
};

/** @source uapi linux/eventpoll.h */
export const epollOperations: NameSet = {
  prefix: 'EPOLL_CTL_',
  source: 'uapi linux/eventpoll.h',
  values: {
    EPOLL_CTL_ADD: 1,
    EPOLL_CTL_DEL: 2,
    EPOLL_CTL_MOD: 3,
  },
};

/** @source uapi linux/eventpoll.h */
export const epollFlags: NameSet = {
  prefix: 'EPOLL_',
  source: 'uapi linux/eventpoll.h',
  values: {
    EPOLL_CLOEXEC: 0x80000,
  },
};

/** @source linux include/linux/eventfd.h */
export const eventfdFlags: NameSet = {
  prefix: 'EFD_',
  source: 'linux include/linux/eventfd.h',
  values: {
    EFD_SEMAPHORE: 1,
    EFD_CLOEXEC: 0o2000000,
    EFD_NONBLOCK: 0o4000,
  },
};

/** @source uapi linux/signalfd.h */
export const signalfdFlags: NameSet = {
  prefix: 'SFD_',
  source: 'uapi linux/signalfd.h',
  values: {
    SFD_CLOEXEC: 0x80000,
    SFD_NONBLOCK: 0x800,
  },
};

/** @source uapi linux/inotify.h */
export const inotifyFlags: NameSet = {
  prefix: 'IN_',
  source: 'uapi linux/inotify.h',
  values: {
    IN_NONBLOCK: 0x800,
    IN_CLOEXEC: 0x80000,
  },
};

/** @source uapi linux/inotify.h */
export const inotifyEvents: NameSet = {
  prefix: 'IN_',
  source: 'uapi linux/inotify.h',
  values: {
    IN_ACCESS: 1,
    IN_MODIFY: 2,
    IN_ATTRIB: 4,
    IN_CLOSE_WRITE: 8,
    IN_CLOSE_NOWRITE: 0x10,
    IN_OPEN: 0x20,
    IN_MOVED_FROM: 0x40,
    IN_MOVED_TO: 0x80,
    IN_CREATE: 0x100,
    IN_DELETE: 0x200,
    IN_DELETE_SELF: 0x400,
    IN_MOVE_SELF: 0x800,
    IN_UNMOUNT: 0x2000,
    IN_Q_OVERFLOW: 0x4000,
    IN_IGNORED: 0x8000,
    IN_ONLYDIR: 0x1000000,
    IN_DONT_FOLLOW: 0x2000000,
    IN_EXCL_UNLINK: 0x4000000,
    IN_MASK_CREATE: 0x10000000,
    IN_MASK_ADD: 0x20000000,
    IN_ISDIR: 0x40000000,
    IN_ONESHOT: 0x80000000,
  },
};

/** @source uapi linux/fanotify.h */
export const fanotifyInitFlags: NameSet = {
  prefix: 'FAN_',
  source: 'uapi linux/fanotify.h',
  values: {
    FAN_CLOEXEC: 1,
    FAN_NONBLOCK: 2,
    FAN_CLASS_CONTENT: 4,
    FAN_CLASS_PRE_CONTENT: 8,
    FAN_UNLIMITED_QUEUE: 0x10,
    FAN_UNLIMITED_MARKS: 0x20,
    FAN_ENABLE_AUDIT: 0x40,
    FAN_REPORT_PIDFD: 0x80,
    FAN_REPORT_TID: 0x100,
    FAN_REPORT_FID: 0x200,
    FAN_REPORT_DIR_FID: 0x400,
    FAN_REPORT_NAME: 0x800,
    FAN_REPORT_TARGET_FID: 0x1000,
  },
  newer: {
    'linux/fanotify.h of Linux 6.15': { FAN_REPORT_FD_ERROR: 0x2000, FAN_REPORT_MNT: 0x4000 },
  },
};

/** @source uapi linux/fanotify.h */
export const fanotifyMarkFlags: NameSet = {
  prefix: 'FAN_MARK_',
  source: 'uapi linux/fanotify.h',
  values: {
    FAN_MARK_ADD: 1,
    FAN_MARK_REMOVE: 2,
    FAN_MARK_DONT_FOLLOW: 4,
    FAN_MARK_ONLYDIR: 8,
    FAN_MARK_MOUNT: 0x10,
    FAN_MARK_IGNORED_MASK: 0x20,
    FAN_MARK_IGNORED_SURV_MODIFY: 0x40,
    FAN_MARK_FLUSH: 0x80,
    FAN_MARK_FILESYSTEM: 0x100,
    FAN_MARK_EVICTABLE: 0x200,
    FAN_MARK_IGNORE: 0x400,
  },
};

/** @source uapi linux/fanotify.h */
export const fanotifyEvents: NameSet = {
  prefix: 'FAN_',
  source: 'uapi linux/fanotify.h',
  values: {
    FAN_ACCESS: 1,
    FAN_MODIFY: 2,
    FAN_ATTRIB: 4,
    FAN_CLOSE_WRITE: 8,
    FAN_CLOSE_NOWRITE: 0x10,
    FAN_OPEN: 0x20,
    FAN_MOVED_FROM: 0x40,
    FAN_MOVED_TO: 0x80,
    FAN_CREATE: 0x100,
    FAN_DELETE: 0x200,
    FAN_DELETE_SELF: 0x400,
    FAN_MOVE_SELF: 0x800,
    FAN_OPEN_EXEC: 0x1000,
    FAN_Q_OVERFLOW: 0x4000,
    FAN_FS_ERROR: 0x8000,
    FAN_OPEN_PERM: 0x10000,
    FAN_ACCESS_PERM: 0x20000,
    FAN_OPEN_EXEC_PERM: 0x40000,
    FAN_EVENT_ON_CHILD: 0x8000000,
    FAN_RENAME: 0x10000000,
    FAN_ONDIR: 0x40000000,
  },
  newer: {
    'linux/fanotify.h of Linux 6.14': { FAN_PRE_ACCESS: 0x100000 },
    'linux/fanotify.h of Linux 6.15': { FAN_MNT_ATTACH: 0x1000000, FAN_MNT_DETACH: 0x2000000 },
  },
};
