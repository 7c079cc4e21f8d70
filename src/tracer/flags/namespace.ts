// Flags of clone, unshare and setns; what kcmp compares.
import type { NameSet } from './names.ts';

/** @source uapi linux/sched.h */
export const cloneFlags: NameSet = {
  prefix: 'CLONE_',
  source: 'uapi linux/sched.h',
  values: {
    CLONE_VM: 0x100,
    CLONE_FS: 0x200,
    CLONE_FILES: 0x400,
    CLONE_SIGHAND: 0x800,
    CLONE_PIDFD: 0x1000,
    CLONE_PTRACE: 0x2000,
    CLONE_VFORK: 0x4000,
    CLONE_PARENT: 0x8000,
    CLONE_THREAD: 0x10000,
    CLONE_NEWNS: 0x20000,
    CLONE_SYSVSEM: 0x40000,
    CLONE_SETTLS: 0x80000,
    CLONE_PARENT_SETTID: 0x100000,
    CLONE_CHILD_CLEARTID: 0x200000,
    CLONE_DETACHED: 0x400000,
    CLONE_UNTRACED: 0x800000,
    CLONE_CHILD_SETTID: 0x1000000,
    CLONE_NEWCGROUP: 0x2000000,
    CLONE_NEWUTS: 0x4000000,
    CLONE_NEWIPC: 0x8000000,
    CLONE_NEWUSER: 0x10000000,
    CLONE_NEWPID: 0x20000000,
    CLONE_NEWNET: 0x40000000,
    CLONE_IO: 0x80000000,
    CLONE_CLEAR_SIGHAND: 0x100000000,
    CLONE_INTO_CGROUP: 0x200000000,
    CLONE_NEWTIME: 0x80,
  },
};

/** What setns(2) may be asked for. @source uapi linux/sched.h */
export const namespaceTypes: NameSet = {
  prefix: 'CLONE_NEW',
  source: 'uapi linux/sched.h',
  values: {
    CLONE_NEWNS: 0x20000,
    CLONE_NEWCGROUP: 0x2000000,
    CLONE_NEWUTS: 0x4000000,
    CLONE_NEWIPC: 0x8000000,
    CLONE_NEWUSER: 0x10000000,
    CLONE_NEWPID: 0x20000000,
    CLONE_NEWNET: 0x40000000,
    CLONE_NEWTIME: 0x80,
  },
};

/** @source uapi linux/sched.h */
export const unshareFlags: NameSet = {
  prefix: 'CLONE_',
  source: 'uapi linux/sched.h',
  values: {
    CLONE_VM: 0x100,
    CLONE_FS: 0x200,
    CLONE_FILES: 0x400,
    CLONE_SIGHAND: 0x800,
    CLONE_THREAD: 0x10000,
    CLONE_NEWNS: 0x20000,
    CLONE_SYSVSEM: 0x40000,
    CLONE_NEWCGROUP: 0x2000000,
    CLONE_NEWUTS: 0x4000000,
    CLONE_NEWIPC: 0x8000000,
    CLONE_NEWUSER: 0x10000000,
    CLONE_NEWPID: 0x20000000,
    CLONE_NEWNET: 0x40000000,
    CLONE_NEWTIME: 0x80,
  },
};

/** @source uapi linux/kcmp.h */
export const kcmpTypes: NameSet = {
  prefix: 'KCMP_',
  source: 'uapi linux/kcmp.h',
  values: {
    KCMP_FILE: 0,
    KCMP_VM: 1,
    KCMP_FILES: 2,
    KCMP_FS: 3,
    KCMP_SIGHAND: 4,
    KCMP_IO: 5,
    KCMP_SYSVSEM: 6,
    KCMP_EPOLL_TFD: 7,
  },
};

/** @source uapi linux/pidfd.h */
export const pidfdFlags: NameSet = {
  prefix: 'PIDFD_',
  source: 'uapi linux/pidfd.h',
  values: {
    PIDFD_NONBLOCK: 0x800,
  },
  newer: {
    'linux/pidfd.h of Linux 6.18': {
      PIDFD_THREAD: 0x80,
    },
  },
};

/** @source uapi linux/pidfd.h */
export const pidfdSignalFlags: NameSet = {
  prefix: 'PIDFD_SIGNAL_',
  source: 'uapi linux/pidfd.h',
  values: {},
  newer: {
    'linux/pidfd.h of Linux 6.18': {
      PIDFD_SIGNAL_THREAD: 1,
      PIDFD_SIGNAL_THREAD_GROUP: 2,
      PIDFD_SIGNAL_PROCESS_GROUP: 4,
    },
  },
};
