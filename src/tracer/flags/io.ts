// Flags and constants of the calls that read and write by descriptor.
import type { NameSet } from './names.ts';

/** @source uapi linux/fs.h */
export const whences: NameSet = {
  prefix: 'SEEK_',
  source: 'uapi linux/fs.h',
  values: {
    SEEK_SET: 0,
    SEEK_CUR: 1,
    SEEK_END: 2,
    SEEK_DATA: 3,
    SEEK_HOLE: 4,
  },
};

/** @source uapi linux/fcntl.h */
export const fcntlCommands: NameSet = {
  prefix: 'F_',
  source: 'uapi linux/fcntl.h',
  values: {
    F_DUPFD: 0,
    F_GETFD: 1,
    F_SETFD: 2,
    F_GETFL: 3,
    F_SETFL: 4,
    F_GETLK: 5,
    F_SETLK: 6,
    F_SETLKW: 7,
    F_SETOWN: 8,
    F_GETOWN: 9,
    F_SETSIG: 10,
    F_GETSIG: 11,
    F_SETOWN_EX: 15,
    F_GETOWN_EX: 16,
    F_GETOWNER_UIDS: 17,
    F_OFD_GETLK: 36,
    F_OFD_SETLK: 37,
    F_OFD_SETLKW: 38,
    F_SETLEASE: 1024,
    F_GETLEASE: 1025,
    F_NOTIFY: 1026,
    F_CANCELLK: 1029,
    F_DUPFD_CLOEXEC: 1030,
    F_SETPIPE_SZ: 1031,
    F_GETPIPE_SZ: 1032,
    F_ADD_SEALS: 1033,
    F_GET_SEALS: 1034,
    F_GET_RW_HINT: 1035,
    F_SET_RW_HINT: 1036,
    F_GET_FILE_RW_HINT: 1037,
    F_SET_FILE_RW_HINT: 1038,
  },
  newer: {
    'linux/fcntl.h of Linux 6.10': { F_DUPFD_QUERY: 0x403 },
    'linux/fcntl.h of Linux 6.12': { F_CREATED_QUERY: 0x404 },
  },
};

/** @source uapi asm-generic/fcntl.h */
export const descriptorFlags: NameSet = {
  prefix: 'FD_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    FD_CLOEXEC: 1,
  },
};

/** @source uapi asm-generic/fcntl.h */
export const lockTypes: NameSet = {
  prefix: 'F_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    F_RDLCK: 0,
    F_WRLCK: 1,
    F_UNLCK: 2,
  },
};

/** @source uapi linux/fcntl.h */
export const seals: NameSet = {
  prefix: 'F_SEAL_',
  source: 'uapi linux/fcntl.h',
  values: {
    F_SEAL_SEAL: 1,
    F_SEAL_SHRINK: 2,
    F_SEAL_GROW: 4,
    F_SEAL_WRITE: 8,
    F_SEAL_FUTURE_WRITE: 16,
  },
  newer: {
    'linux/fcntl.h of Linux 6.3': { F_SEAL_EXEC: 0x20 },
  },
};

/** @source uapi linux/fcntl.h */
export const notifications: NameSet = {
  prefix: 'DN_',
  source: 'uapi linux/fcntl.h',
  values: {
    DN_ACCESS: 1,
    DN_MODIFY: 2,
    DN_CREATE: 4,
    DN_DELETE: 8,
    DN_RENAME: 16,
    DN_ATTRIB: 32,
    DN_MULTISHOT: 2147483648,
  },
};

/** @source uapi asm-generic/fcntl.h */
export const pipeFlags: NameSet = {
  prefix: 'O_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    O_EXCL: 0x80,
    O_NONBLOCK: 0x800,
    O_DIRECT: 0x4000,
    O_CLOEXEC: 0x80000,
  },
};

/** @source uapi linux/close_range.h */
export const closeRangeFlags: NameSet = {
  prefix: 'CLOSE_RANGE_',
  source: 'uapi linux/close_range.h',
  values: {
    CLOSE_RANGE_UNSHARE: 2,
    CLOSE_RANGE_CLOEXEC: 4,
  },
};

/** @source linux include/linux/splice.h */
export const spliceFlags: NameSet = {
  prefix: 'SPLICE_F_',
  source: 'linux include/linux/splice.h',
  values: {
    SPLICE_F_MOVE: 1,
    SPLICE_F_NONBLOCK: 2,
    SPLICE_F_MORE: 4,
    SPLICE_F_GIFT: 8,
  },
};

/** @source uapi linux/fs.h */
export const readWriteFlags: NameSet = {
  prefix: 'RWF_',
  source: 'uapi linux/fs.h',
  values: {
    RWF_HIPRI: 1,
    RWF_DSYNC: 2,
    RWF_SYNC: 4,
    RWF_NOWAIT: 8,
    RWF_APPEND: 0x10,
  },
  newer: {
    'linux/fs.h of Linux 6.9': { RWF_NOAPPEND: 0x20 },
    'linux/fs.h of Linux 6.11': { RWF_ATOMIC: 0x40 },
    'linux/fs.h of Linux 6.14': { RWF_DONTCACHE: 0x80 },
  },
};

/** @source uapi linux/io_uring.h */
export const uringSetupFlags: NameSet = {
  prefix: 'IORING_SETUP_',
  source: 'uapi linux/io_uring.h',
  values: {
    IORING_SETUP_IOPOLL: 1,
    IORING_SETUP_SQPOLL: 2,
    IORING_SETUP_SQ_AFF: 4,
    IORING_SETUP_CQSIZE: 8,
    IORING_SETUP_CLAMP: 0x10,
    IORING_SETUP_ATTACH_WQ: 0x20,
    IORING_SETUP_R_DISABLED: 0x40,
    IORING_SETUP_SUBMIT_ALL: 0x80,
    IORING_SETUP_COOP_TASKRUN: 0x100,
    IORING_SETUP_TASKRUN_FLAG: 0x200,
    IORING_SETUP_SQE128: 0x400,
    IORING_SETUP_CQE32: 0x800,
    IORING_SETUP_SINGLE_ISSUER: 0x1000,
    IORING_SETUP_DEFER_TASKRUN: 0x2000,
  },
  newer: {
    'linux/io_uring.h of Linux 6.5': { IORING_SETUP_NO_MMAP: 0x4000, IORING_SETUP_REGISTERED_FD_ONLY: 0x8000 },
    'linux/io_uring.h of Linux 6.6': { IORING_SETUP_NO_SQARRAY: 0x10000 },
    'linux/io_uring.h of Linux 6.13': { IORING_SETUP_HYBRID_IOPOLL: 0x20000 },
  },
};

/** @source uapi linux/io_uring.h */
export const uringEnterFlags: NameSet = {
  prefix: 'IORING_ENTER_',
  source: 'uapi linux/io_uring.h',
  values: {
    IORING_ENTER_GETEVENTS: 1,
    IORING_ENTER_SQ_WAKEUP: 2,
    IORING_ENTER_SQ_WAIT: 4,
    IORING_ENTER_EXT_ARG: 8,
    IORING_ENTER_REGISTERED_RING: 0x10,
  },
  newer: {
    'linux/io_uring.h of Linux 6.12': { IORING_ENTER_ABS_TIMER: 0x20 },
    'linux/io_uring.h of Linux 6.13': { IORING_ENTER_EXT_ARG_REG: 0x40 },
    'linux/io_uring.h of Linux 6.15': { IORING_ENTER_NO_IOWAIT: 0x80 },
  },
};

/** @source uapi linux/io_uring.h */
export const uringRegisterOperations: NameSet = {
  prefix: 'IORING_',
  source: 'uapi linux/io_uring.h',
  values: {
    IORING_REGISTER_BUFFERS: 0,
    IORING_UNREGISTER_BUFFERS: 1,
    IORING_REGISTER_FILES: 2,
    IORING_UNREGISTER_FILES: 3,
    IORING_REGISTER_EVENTFD: 4,
    IORING_UNREGISTER_EVENTFD: 5,
    IORING_REGISTER_FILES_UPDATE: 6,
    IORING_REGISTER_EVENTFD_ASYNC: 7,
    IORING_REGISTER_PROBE: 8,
    IORING_REGISTER_PERSONALITY: 9,
    IORING_UNREGISTER_PERSONALITY: 10,
    IORING_REGISTER_RESTRICTIONS: 11,
    IORING_REGISTER_ENABLE_RINGS: 12,
    IORING_REGISTER_FILES2: 13,
    IORING_REGISTER_FILES_UPDATE2: 14,
    IORING_REGISTER_BUFFERS2: 15,
    IORING_REGISTER_BUFFERS_UPDATE: 16,
    IORING_REGISTER_IOWQ_AFF: 17,
    IORING_UNREGISTER_IOWQ_AFF: 18,
    IORING_REGISTER_IOWQ_MAX_WORKERS: 19,
    IORING_REGISTER_RING_FDS: 20,
    IORING_UNREGISTER_RING_FDS: 21,
    IORING_REGISTER_PBUF_RING: 22,
    IORING_UNREGISTER_PBUF_RING: 23,
    IORING_REGISTER_SYNC_CANCEL: 24,
    IORING_REGISTER_FILE_ALLOC_RANGE: 25,
  },
};
