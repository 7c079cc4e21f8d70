// Operations and flags of futexes.
import type { NameSet } from './names.ts';

/** @source uapi linux/futex.h */
export const futexOperations: NameSet = {
  prefix: 'FUTEX_',
  source: 'uapi linux/futex.h',
  values: {
    FUTEX_WAIT: 0,
    FUTEX_WAKE: 1,
    FUTEX_FD: 2,
    FUTEX_REQUEUE: 3,
    FUTEX_CMP_REQUEUE: 4,
    FUTEX_WAKE_OP: 5,
    FUTEX_LOCK_PI: 6,
    FUTEX_UNLOCK_PI: 7,
    FUTEX_TRYLOCK_PI: 8,
    FUTEX_WAIT_BITSET: 9,
    FUTEX_WAKE_BITSET: 10,
    FUTEX_WAIT_REQUEUE_PI: 11,
    FUTEX_CMP_REQUEUE_PI: 12,
    FUTEX_LOCK_PI2: 13,
  },
};

/** @source uapi linux/futex.h */
export const futex2Flags: NameSet = {
  prefix: 'FUTEX2_',
  source: 'uapi linux/futex.h',
  values: {},
  newer: {
    'linux/futex.h of Linux 6.7': { FUTEX2_SIZE_U16: 1, FUTEX2_SIZE_U32: 2, FUTEX2_SIZE_U64: 3, FUTEX2_PRIVATE: 0x80 },
    'linux/futex.h of Linux 6.16': { FUTEX2_NUMA: 4, FUTEX2_MPOL: 8 },
  },
};
