// Constants of the calls that wait for processes and ask about them.
import type { NameSet } from './names.ts';

/** @source uapi linux/wait.h */
export const waitOptions: NameSet = {
  prefix: 'W',
  source: 'uapi linux/wait.h',
  values: {
    WNOHANG: 1,
    WSTOPPED: 2,
    WEXITED: 4,
    WCONTINUED: 8,
    WNOWAIT: 0x1000000,
    __WNOTHREAD: 0x20000000,
    __WALL: 0x40000000,
    __WCLONE: 0x80000000,
  },
};

/** @source uapi linux/wait.h */
export const waitTypes: NameSet = {
  prefix: 'P_',
  source: 'uapi linux/wait.h',
  values: {
    P_ALL: 0,
    P_PID: 1,
    P_PGID: 2,
    P_PIDFD: 3,
  },
};

/** @source uapi linux/resource.h */
export const usageTargets: NameSet = {
  prefix: 'RUSAGE_',
  source: 'uapi linux/resource.h',
  values: {
    RUSAGE_SELF: 0,
    RUSAGE_CHILDREN: 4294967295,
    RUSAGE_THREAD: 1,
    RUSAGE_BOTH: 4294967294,
  },
};

/** @source uapi asm/prctl.h */
export const archCodes: NameSet = {
  prefix: 'ARCH_',
  source: 'uapi asm/prctl.h',
  values: {
    ARCH_SET_GS: 4097,
    ARCH_SET_FS: 4098,
    ARCH_GET_FS: 4099,
    ARCH_GET_GS: 4100,
    ARCH_GET_CPUID: 4113,
    ARCH_SET_CPUID: 4114,
    ARCH_GET_XCOMP_SUPP: 4129,
    ARCH_GET_XCOMP_PERM: 4130,
    ARCH_REQ_XCOMP_PERM: 4131,
    ARCH_GET_XCOMP_GUEST_PERM: 4132,
    ARCH_REQ_XCOMP_GUEST_PERM: 4133,
    ARCH_MAP_VDSO_X32: 8193,
    ARCH_MAP_VDSO_32: 8194,
    ARCH_MAP_VDSO_64: 8195,
  },
  newer: {
    'asm/prctl.h of Linux 6.4': {
      ARCH_GET_UNTAG_MASK: 0x4001,
      ARCH_ENABLE_TAGGED_ADDR: 0x4002,
      ARCH_GET_MAX_TAG_BITS: 0x4003,
      ARCH_FORCE_TAGGED_SVA: 0x4004,
    },
    'asm/prctl.h of Linux 6.6': {
      ARCH_SHSTK_ENABLE: 0x5001,
      ARCH_SHSTK_DISABLE: 0x5002,
      ARCH_SHSTK_LOCK: 0x5003,
      ARCH_SHSTK_UNLOCK: 0x5004,
      ARCH_SHSTK_STATUS: 0x5005,
    },
  },
};

/** @source uapi linux/rseq.h */
export const rseqFlags: NameSet = {
  prefix: 'RSEQ_',
  source: 'uapi linux/rseq.h',
  values: {
    RSEQ_FLAG_UNREGISTER: 1,
  },
};

/** @source uapi linux/fcntl.h */
export const execFlags: NameSet = {
  prefix: 'AT_',
  source: 'uapi linux/fcntl.h',
  values: {
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_EMPTY_PATH: 0x1000,
  },
  newer: {
    'linux/fcntl.h of Linux 6.14': { AT_EXECVE_CHECK: 0x10000 },
  },
};
