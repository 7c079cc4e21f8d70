// What other guards and watchers of processes know: landlock, security modules, ptrace, personalities.
import type { NameSet } from './names.ts';

/** @source uapi linux/landlock.h */
export const landlockRuleTypes: NameSet = {
  prefix: 'LANDLOCK_RULE_',
  source: 'uapi linux/landlock.h',
  values: {
    LANDLOCK_RULE_PATH_BENEATH: 1,
  },
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_RULE_NET_PORT: 2,
    },
  },
};

/** @source uapi linux/landlock.h */
export const landlockCreateFlags: NameSet = {
  prefix: 'LANDLOCK_CREATE_RULESET_',
  source: 'uapi linux/landlock.h',
  values: {
    LANDLOCK_CREATE_RULESET_VERSION: 1,
  },
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_CREATE_RULESET_ERRATA: 2,
    },
  },
};

/** @source uapi linux/landlock.h */
export const landlockFileRights: NameSet = {
  prefix: 'LANDLOCK_ACCESS_FS_',
  source: 'uapi linux/landlock.h',
  values: {
    LANDLOCK_ACCESS_FS_EXECUTE: 1,
    LANDLOCK_ACCESS_FS_WRITE_FILE: 2,
    LANDLOCK_ACCESS_FS_READ_FILE: 4,
    LANDLOCK_ACCESS_FS_READ_DIR: 8,
    LANDLOCK_ACCESS_FS_REMOVE_DIR: 0x10,
    LANDLOCK_ACCESS_FS_REMOVE_FILE: 0x20,
    LANDLOCK_ACCESS_FS_MAKE_CHAR: 0x40,
    LANDLOCK_ACCESS_FS_MAKE_DIR: 0x80,
    LANDLOCK_ACCESS_FS_MAKE_REG: 0x100,
    LANDLOCK_ACCESS_FS_MAKE_SOCK: 0x200,
    LANDLOCK_ACCESS_FS_MAKE_FIFO: 0x400,
    LANDLOCK_ACCESS_FS_MAKE_BLOCK: 0x800,
    LANDLOCK_ACCESS_FS_MAKE_SYM: 0x1000,
    LANDLOCK_ACCESS_FS_REFER: 0x2000,
  },
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_ACCESS_FS_TRUNCATE: 0x4000,
      LANDLOCK_ACCESS_FS_IOCTL_DEV: 0x8000,
    },
  },
};

/** @source uapi linux/landlock.h */
export const landlockNetworkRights: NameSet = {
  prefix: 'LANDLOCK_ACCESS_NET_',
  source: 'uapi linux/landlock.h',
  values: {},
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_ACCESS_NET_BIND_TCP: 1,
      LANDLOCK_ACCESS_NET_CONNECT_TCP: 2,
    },
  },
};

/** @source uapi linux/landlock.h */
export const landlockScopes: NameSet = {
  prefix: 'LANDLOCK_SCOPE_',
  source: 'uapi linux/landlock.h',
  values: {},
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET: 1,
      LANDLOCK_SCOPE_SIGNAL: 2,
    },
  },
};

/** @source uapi linux/landlock.h */
export const landlockRestrictFlags: NameSet = {
  prefix: 'LANDLOCK_RESTRICT_SELF_',
  source: 'uapi linux/landlock.h',
  values: {},
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF: 1,
      LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON: 2,
      LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF: 4,
    },
  },
};

/** @source uapi linux/landlock.h */
export const lsmAttributes: NameSet = {
  prefix: 'LSM_ATTR_',
  source: 'uapi linux/landlock.h',
  values: {},
  newer: {
    'linux/landlock.h of Linux 6.18': {
      LSM_ATTR_CURRENT: 100,
      LSM_ATTR_EXEC: 101,
      LSM_ATTR_FSCREATE: 102,
      LSM_ATTR_KEYCREATE: 103,
      LSM_ATTR_PREV: 104,
      LSM_ATTR_SOCKCREATE: 105,
    },
  },
};

/** @source uapi linux/ptrace.h, asm/ptrace-abi.h */
export const ptraceRequests: NameSet = {
  prefix: 'PTRACE_',
  source: 'uapi linux/ptrace.h, asm/ptrace-abi.h',
  values: {
    PTRACE_TRACEME: 0,
    PTRACE_PEEKTEXT: 1,
    PTRACE_PEEKDATA: 2,
    PTRACE_PEEKUSR: 3,
    PTRACE_POKETEXT: 4,
    PTRACE_POKEDATA: 5,
    PTRACE_POKEUSR: 6,
    PTRACE_CONT: 7,
    PTRACE_KILL: 8,
    PTRACE_SINGLESTEP: 9,
    PTRACE_GETREGS: 0xc,
    PTRACE_SETREGS: 0xd,
    PTRACE_GETFPREGS: 0xe,
    PTRACE_SETFPREGS: 0xf,
    PTRACE_ATTACH: 0x10,
    PTRACE_DETACH: 0x11,
    PTRACE_SYSCALL: 0x18,
    PTRACE_GET_THREAD_AREA: 0x19,
    PTRACE_SET_THREAD_AREA: 0x1a,
    PTRACE_ARCH_PRCTL: 0x1e,
    PTRACE_SYSEMU: 0x1f,
    PTRACE_SYSEMU_SINGLESTEP: 0x20,
    PTRACE_SINGLEBLOCK: 0x21,
    PTRACE_SETOPTIONS: 0x4200,
    PTRACE_GETEVENTMSG: 0x4201,
    PTRACE_GETSIGINFO: 0x4202,
    PTRACE_SETSIGINFO: 0x4203,
    PTRACE_GETREGSET: 0x4204,
    PTRACE_SETREGSET: 0x4205,
    PTRACE_SEIZE: 0x4206,
    PTRACE_INTERRUPT: 0x4207,
    PTRACE_LISTEN: 0x4208,
    PTRACE_PEEKSIGINFO: 0x4209,
    PTRACE_GETSIGMASK: 0x420a,
    PTRACE_SETSIGMASK: 0x420b,
    PTRACE_SECCOMP_GET_FILTER: 0x420c,
    PTRACE_SECCOMP_GET_METADATA: 0x420d,
    PTRACE_GET_SYSCALL_INFO: 0x420e,
    PTRACE_GET_RSEQ_CONFIGURATION: 0x420f,
  },
  newer: {
    'linux/ptrace.h of Linux 6.18': {
      PTRACE_SET_SYSCALL_INFO: 0x4212,
    },
  },
};

/** @source uapi linux/ptrace.h */
export const ptraceOptions: NameSet = {
  prefix: 'PTRACE_O_',
  source: 'uapi linux/ptrace.h',
  values: {
    PTRACE_O_TRACESYSGOOD: 1,
    PTRACE_O_TRACEFORK: 2,
    PTRACE_O_TRACEVFORK: 4,
    PTRACE_O_TRACECLONE: 8,
    PTRACE_O_TRACEEXEC: 0x10,
    PTRACE_O_TRACEVFORKDONE: 0x20,
    PTRACE_O_TRACEEXIT: 0x40,
    PTRACE_O_TRACESECCOMP: 0x80,
    PTRACE_O_EXITKILL: 0x100000,
    PTRACE_O_SUSPEND_SECCOMP: 0x200000,
  },
};

/** @source uapi linux/personality.h */
export const personalityTypes: NameSet = {
  prefix: 'PER_',
  source: 'uapi linux/personality.h',
  values: {
    PER_LINUX: 0,
    PER_BSD: 6,
    PER_LINUX32: 8,
    PER_RISCOS: 0xc,
    PER_OSF4: 0xf,
    PER_HPUX: 0x10,
    PER_LINUX_FDPIC: 0x80000,
    PER_LINUX_32BIT: 0x800000,
    PER_ISCR4: 0x4000005,
    PER_SUNOS: 0x4000006,
    PER_IRIX32: 0x4000009,
    PER_IRIXN32: 0x400000a,
    PER_IRIX64: 0x400000b,
    PER_SOLARIS: 0x400000d,
    PER_SVR4: 0x4100001,
    PER_UW7: 0x410000e,
    PER_SVR3: 0x5000002,
    PER_WYSEV386: 0x5000004,
    PER_XENIX: 0x5000007,
    PER_OSR5: 0x6000003,
    PER_SCOSVR3: 0x7000003,
    PER_LINUX32_3GB: 0x8000008,
  },
};

/** @source uapi linux/personality.h */
export const personalityFlags: NameSet = {
  prefix: '',
  source: 'uapi linux/personality.h',
  values: {
    UNAME26: 0x20000,
    ADDR_NO_RANDOMIZE: 0x40000,
    FDPIC_FUNCPTRS: 0x80000,
    MMAP_PAGE_ZERO: 0x100000,
    ADDR_COMPAT_LAYOUT: 0x200000,
    READ_IMPLIES_EXEC: 0x400000,
    ADDR_LIMIT_32BIT: 0x800000,
    SHORT_INODE: 0x1000000,
    WHOLE_SECONDS: 0x2000000,
    STICKY_TIMEOUTS: 0x4000000,
    ADDR_LIMIT_3GB: 0x8000000,
  },
};
