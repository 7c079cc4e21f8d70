// Operations, modes and flags of seccomp(2).
import type { NameSet } from './names.ts';

/** @source uapi linux/seccomp.h */
export const seccompOperations: NameSet = {
  prefix: 'SECCOMP_SET_MODE_',
  source: 'uapi linux/seccomp.h',
  values: {
    SECCOMP_SET_MODE_STRICT: 0,
    SECCOMP_SET_MODE_FILTER: 1,
    SECCOMP_GET_ACTION_AVAIL: 2,
    SECCOMP_GET_NOTIF_SIZES: 3,
  },
};

/** @source uapi linux/seccomp.h */
export const seccompModes: NameSet = {
  prefix: 'SECCOMP_MODE_',
  source: 'uapi linux/seccomp.h',
  values: {
    SECCOMP_MODE_DISABLED: 0,
    SECCOMP_MODE_STRICT: 1,
    SECCOMP_MODE_FILTER: 2,
  },
};

/** @source uapi linux/seccomp.h */
export const seccompFilterFlags: NameSet = {
  prefix: 'SECCOMP_FILTER_FLAG_',
  source: 'uapi linux/seccomp.h',
  values: {
    SECCOMP_FILTER_FLAG_TSYNC: 1,
    SECCOMP_FILTER_FLAG_LOG: 2,
    SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
    SECCOMP_FILTER_FLAG_NEW_LISTENER: 8,
    SECCOMP_FILTER_FLAG_TSYNC_ESRCH: 0x10,
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
  },
};

/** @source uapi linux/seccomp.h */
export const seccompActions: NameSet = {
  prefix: 'SECCOMP_RET_',
  source: 'uapi linux/seccomp.h',
  values: {
    SECCOMP_RET_KILL: 0,
    SECCOMP_RET_TRAP: 0x30000,
    SECCOMP_RET_ERRNO: 0x50000,
    SECCOMP_RET_USER_NOTIF: 0x7fc00000,
    SECCOMP_RET_TRACE: 0x7ff00000,
    SECCOMP_RET_LOG: 0x7ffc0000,
    SECCOMP_RET_ALLOW: 0x7fff0000,
    SECCOMP_RET_KILL_PROCESS: 0x80000000,
  },
};
