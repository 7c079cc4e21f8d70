// Flags and constants of the calls on memory.
import type { NameSet } from './names.ts';

/** @source uapi asm-generic/mman-common.h */
export const protections: NameSet = {
  prefix: 'PROT_',
  source: 'uapi asm-generic/mman-common.h',
  values: {
    PROT_NONE: 0,
    PROT_READ: 1,
    PROT_WRITE: 2,
    PROT_EXEC: 4,
    PROT_SEM: 8,
    PROT_GROWSDOWN: 0x1000000,
    PROT_GROWSUP: 0x2000000,
  },
};

/** @source uapi linux/mman.h */
export const mapTypes: NameSet = {
  prefix: 'MAP_',
  source: 'uapi linux/mman.h',
  values: {
    MAP_SHARED: 1,
    MAP_PRIVATE: 2,
    MAP_SHARED_VALIDATE: 3,
  },
  newer: {
    'linux/mman.h of Linux 6.11': { MAP_DROPPABLE: 8 },
  },
};

/** @source uapi asm/mman.h */
export const mapFlags: NameSet = {
  prefix: 'MAP_',
  source: 'uapi asm/mman.h',
  values: {
    MAP_FIXED: 0x10,
    MAP_ANONYMOUS: 0x20,
    MAP_32BIT: 0x40,
    MAP_GROWSDOWN: 0x100,
    MAP_DENYWRITE: 0x800,
    MAP_EXECUTABLE: 0x1000,
    MAP_LOCKED: 0x2000,
    MAP_NORESERVE: 0x4000,
    MAP_POPULATE: 0x8000,
    MAP_NONBLOCK: 0x10000,
    MAP_STACK: 0x20000,
    MAP_HUGETLB: 0x40000,
    MAP_SYNC: 0x80000,
    MAP_FIXED_NOREPLACE: 0x100000,
  },
};

/** @source uapi linux/mman.h */
export const remapFlags: NameSet = {
  prefix: 'MREMAP_',
  source: 'uapi linux/mman.h',
  values: {
    MREMAP_MAYMOVE: 1,
    MREMAP_FIXED: 2,
    MREMAP_DONTUNMAP: 4,
  },
};

/** @source uapi asm-generic/mman-common.h */
export const memorySyncFlags: NameSet = {
  prefix: 'MS_',
  source: 'uapi asm-generic/mman-common.h',
  values: {
    MS_ASYNC: 1,
    MS_INVALIDATE: 2,
    MS_SYNC: 4,
  },
};

/** @source uapi asm-generic/mman-common.h */
export const memoryAdvice: NameSet = {
  prefix: 'MADV_',
  source: 'uapi asm-generic/mman-common.h',
  values: {
    MADV_NORMAL: 0,
    MADV_RANDOM: 1,
    MADV_SEQUENTIAL: 2,
    MADV_WILLNEED: 3,
    MADV_DONTNEED: 4,
    MADV_FREE: 8,
    MADV_REMOVE: 9,
    MADV_DONTFORK: 10,
    MADV_DOFORK: 11,
    MADV_MERGEABLE: 12,
    MADV_UNMERGEABLE: 13,
    MADV_HUGEPAGE: 14,
    MADV_NOHUGEPAGE: 15,
    MADV_DONTDUMP: 16,
    MADV_DODUMP: 17,
    MADV_WIPEONFORK: 18,
    MADV_KEEPONFORK: 19,
    MADV_COLD: 20,
    MADV_PAGEOUT: 21,
    MADV_POPULATE_READ: 22,
    MADV_POPULATE_WRITE: 23,
    MADV_DONTNEED_LOCKED: 24,
    MADV_COLLAPSE: 25,
    MADV_HWPOISON: 100,
    MADV_SOFT_OFFLINE: 101,
  },
  newer: {
    'asm-generic/mman-common.h of Linux 6.13': { MADV_GUARD_INSTALL: 0x66, MADV_GUARD_REMOVE: 0x67 },
  },
};

/** @source uapi asm-generic/mman.h */
export const lockAllFlags: NameSet = {
  prefix: 'MCL_',
  source: 'uapi asm-generic/mman.h',
  values: {
    MCL_CURRENT: 1,
    MCL_FUTURE: 2,
    MCL_ONFAULT: 4,
  },
};

/** @source uapi asm-generic/mman-common.h */
export const lockFlags: NameSet = {
  prefix: 'MLOCK_',
  source: 'uapi asm-generic/mman-common.h',
  values: {
    MLOCK_ONFAULT: 1,
  },
};

/** @source uapi asm-generic/mman-common.h */
export const keyRights: NameSet = {
  prefix: 'PKEY_',
  source: 'uapi asm-generic/mman-common.h',
  values: {
    PKEY_DISABLE_ACCESS: 1,
    PKEY_DISABLE_WRITE: 2,
  },
};

/** @source uapi linux/membarrier.h */
export const membarrierCommands: NameSet = {
  prefix: 'MEMBARRIER_CMD_',
  source: 'uapi linux/membarrier.h',
  values: {
    MEMBARRIER_CMD_QUERY: 0,
    MEMBARRIER_CMD_GLOBAL: 1,
    MEMBARRIER_CMD_GLOBAL_EXPEDITED: 2,
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED: 4,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED: 8,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED: 16,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE: 32,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: 64,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ: 128,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ: 256,
  },
  newer: {
    'linux/membarrier.h of Linux 6.3': { MEMBARRIER_CMD_GET_REGISTRATIONS: 0x200 },
  },
};

/** @source uapi linux/membarrier.h */
export const membarrierFlags: NameSet = {
  prefix: 'MEMBARRIER_CMD_FLAG_',
  source: 'uapi linux/membarrier.h',
  values: {
    MEMBARRIER_CMD_FLAG_CPU: 1,
  },
};

/** @source uapi linux/memfd.h */
export const memfdFlags: NameSet = {
  prefix: 'MFD_',
  source: 'uapi linux/memfd.h',
  values: {
    MFD_CLOEXEC: 1,
    MFD_ALLOW_SEALING: 2,
    MFD_HUGETLB: 4,
  },
  newer: {
    'linux/memfd.h of Linux 6.3': { MFD_NOEXEC_SEAL: 8, MFD_EXEC: 0x10 },
  },
};

/** @source uapi linux/userfaultfd.h, asm-generic/fcntl.h */
export const userfaultFlags: NameSet = {
  prefix: 'UFFD_',
  source: 'uapi linux/userfaultfd.h, linux/fcntl.h',
  values: {
    UFFD_USER_MODE_ONLY: 1,
    O_NONBLOCK: 0o4000,
    O_CLOEXEC: 0o2000000,
  },
};

/** @source uapi linux/mempolicy.h */
export const memoryPolicies: NameSet = {
  prefix: 'MPOL_',
  source: 'uapi linux/mempolicy.h',
  values: {
    MPOL_DEFAULT: 0,
    MPOL_PREFERRED: 1,
    MPOL_BIND: 2,
    MPOL_INTERLEAVE: 3,
    MPOL_LOCAL: 4,
    MPOL_PREFERRED_MANY: 5,
  },
  newer: {
    'linux/mempolicy.h of Linux 6.9': { MPOL_WEIGHTED_INTERLEAVE: 6 },
  },
};

/** @source uapi linux/mempolicy.h */
export const policyFlags: NameSet = {
  prefix: 'MPOL_F_',
  source: 'uapi linux/mempolicy.h',
  values: {
    MPOL_F_NODE: 1,
    MPOL_F_ADDR: 2,
    MPOL_F_MEMS_ALLOWED: 4,
  },
};

/** @source uapi linux/mempolicy.h */
export const policyModeFlags: NameSet = {
  prefix: 'MPOL_F_',
  source: 'uapi linux/mempolicy.h',
  values: {
    MPOL_F_STATIC_NODES: 0x8000,
    MPOL_F_RELATIVE_NODES: 0x4000,
    MPOL_F_NUMA_BALANCING: 0x2000,
  },
};

/** @source uapi linux/mempolicy.h */
export const policyMoveFlags: NameSet = {
  prefix: 'MPOL_MF_',
  source: 'uapi linux/mempolicy.h',
  values: {
    MPOL_MF_STRICT: 1,
    MPOL_MF_MOVE: 2,
    MPOL_MF_MOVE_ALL: 4,
  },
};

/** @source uapi asm/mman.h */
export const shadowStackFlags: NameSet = {
  prefix: 'SHADOW_STACK_',
  source: 'uapi asm/mman.h',
  values: {},
  newer: {
    'asm/mman.h of Linux 6.18': { SHADOW_STACK_SET_TOKEN: 1, SHADOW_STACK_SET_MARKER: 2 },
  },
};
