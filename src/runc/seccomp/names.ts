// Words of a seccomp profile → libseccomp's numbers. @source uapi linux/seccomp.h, linux/audit.h; libseccomp seccomp.h

/** What a filter may answer. Those with a value carry an errno or a message for the tracer in the low 16 bits. */
export const actions: Readonly<Record<string, { value: number; takesValue: boolean }>> = {
  SCMP_ACT_KILL: { value: 0x00000000, takesValue: false },
  SCMP_ACT_KILL_THREAD: { value: 0x00000000, takesValue: false },
  SCMP_ACT_KILL_PROCESS: { value: 0x80000000, takesValue: false },
  SCMP_ACT_TRAP: { value: 0x00030000, takesValue: false },
  SCMP_ACT_ERRNO: { value: 0x00050000, takesValue: true },
  SCMP_ACT_TRACE: { value: 0x7ff00000, takesValue: true },
  SCMP_ACT_NOTIFY: { value: 0x7fc00000, takesValue: false },
  SCMP_ACT_LOG: { value: 0x7ffc0000, takesValue: false },
  SCMP_ACT_ALLOW: { value: 0x7fff0000, takesValue: false },
};

export const operators: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** Audit numbers; x32 shares x86-64's in seccomp_data and differs in bit 30 of the system call number. */
export const architectures: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_ARM: 0x40000028,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_MIPS: 0x00000008,
  SCMP_ARCH_MIPS64: 0x80000008,
  SCMP_ARCH_MIPS64N32: 0xa0000008,
  SCMP_ARCH_MIPSEL: 0x40000008,
  SCMP_ARCH_MIPSEL64: 0xc0000008,
  SCMP_ARCH_MIPSEL64N32: 0xe0000008,
  SCMP_ARCH_PPC: 0x00000014,
  SCMP_ARCH_PPC64: 0x80000015,
  SCMP_ARCH_PPC64LE: 0xc0000015,
  SCMP_ARCH_S390: 0x00000016,
  SCMP_ARCH_S390X: 0x80000016,
  SCMP_ARCH_PARISC: 0x0000000f,
  SCMP_ARCH_PARISC64: 0x8000000f,
  SCMP_ARCH_RISCV64: 0xc00000f3,
};

export const X86_64 = 0xc000003e;
export const X32 = 0x4000003e;
/** Set in the number of every x32 system call. @source uapi asm/unistd.h __X32_SYSCALL_BIT */
export const X32_BIT = 0x40000000;

/** Flags of seccomp(2) that a profile may ask for. @source man seccomp(2) */
export const filterFlags: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
};

/** What a filter with a listener needs besides: the listener itself, and an error number where TSYNC would answer with a thread's. */
export const listenerFlags = { NEW_LISTENER: 8, TSYNC_ESRCH: 0x10 } as const;
