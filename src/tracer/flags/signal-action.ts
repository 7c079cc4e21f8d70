// Constants of signal actions, masks, stacks and of what siginfo tells.
import type { NameSet } from './names.ts';

/** @source uapi asm/signal.h */
export const actionFlags: NameSet = {
  prefix: 'SA_',
  source: 'uapi asm/signal.h',
  values: {
    SA_RESTORER: 0x04000000,
    SA_ONSTACK: 0x8000000,
    SA_RESTART: 0x10000000,
    SA_NODEFER: 0x40000000,
    SA_RESETHAND: 0x80000000,
    SA_NOCLDSTOP: 1,
    SA_NOCLDWAIT: 2,
    SA_SIGINFO: 4,
    SA_UNSUPPORTED: 0x400,
    SA_EXPOSE_TAGBITS: 0x800,
  },
};

/** @source uapi linux/signal.h */
export const stackFlags: NameSet = {
  prefix: 'SS_',
  source: 'uapi linux/signal.h',
  values: {
    SS_ONSTACK: 1,
    SS_DISABLE: 2,
    SS_AUTODISARM: 0x80000000,
  },
};

/** @source uapi linux/signal.h */
export const maskOperations: NameSet = {
  prefix: 'SIG_',
  source: 'uapi linux/signal.h',
  values: {
    SIG_BLOCK: 0,
    SIG_UNBLOCK: 1,
    SIG_SETMASK: 2,
  },
};

/** @source uapi asm-generic/siginfo.h */
export const childCodes: NameSet = {
  prefix: 'CLD_',
  source: 'uapi asm-generic/siginfo.h',
  values: {
    CLD_EXITED: 1,
    CLD_KILLED: 2,
    CLD_DUMPED: 3,
    CLD_TRAPPED: 4,
    CLD_STOPPED: 5,
    CLD_CONTINUED: 6,
  },
};

/** @source uapi asm-generic/siginfo.h */
export const signalCodes: NameSet = {
  prefix: 'SI_',
  source: 'uapi asm-generic/siginfo.h',
  values: {
    SI_USER: 0,
    SI_KERNEL: 128,
    SI_QUEUE: 4294967295,
    SI_TIMER: 4294967294,
    SI_MESGQ: 4294967293,
    SI_ASYNCIO: 4294967292,
    SI_SIGIO: 4294967291,
    SI_TKILL: 4294967290,
  },
};
