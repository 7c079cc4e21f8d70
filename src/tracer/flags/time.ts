// Clocks, timers and their flags.
import type { NameSet } from './names.ts';

/** @source uapi linux/time.h */
export const clocks: NameSet = {
  prefix: 'CLOCK_',
  source: 'uapi linux/time.h',
  values: {
    CLOCK_REALTIME: 0,
    CLOCK_MONOTONIC: 1,
    CLOCK_PROCESS_CPUTIME_ID: 2,
    CLOCK_THREAD_CPUTIME_ID: 3,
    CLOCK_MONOTONIC_RAW: 4,
    CLOCK_REALTIME_COARSE: 5,
    CLOCK_MONOTONIC_COARSE: 6,
    CLOCK_BOOTTIME: 7,
    CLOCK_REALTIME_ALARM: 8,
    CLOCK_BOOTTIME_ALARM: 9,
    CLOCK_SGI_CYCLE: 10,
    CLOCK_TAI: 11,
  },
};

/** @source uapi linux/time.h */
export const timerFlags: NameSet = {
  prefix: 'TIMER_',
  source: 'uapi linux/time.h',
  values: {
    TIMER_ABSTIME: 1,
  },
};

/** @source uapi linux/time.h */
export const intervalTimers: NameSet = {
  prefix: 'ITIMER_',
  source: 'uapi linux/time.h',
  values: {
    ITIMER_REAL: 0,
    ITIMER_VIRTUAL: 1,
    ITIMER_PROF: 2,
  },
};

/** @source uapi linux/timerfd.h */
export const timerfdFlags: NameSet = {
  prefix: 'TFD_',
  source: 'uapi linux/timerfd.h',
  values: {
    TFD_CLOEXEC: 0x80000,
    TFD_NONBLOCK: 0x800,
  },
};

/** @source uapi linux/timerfd.h */
export const timerfdSetFlags: NameSet = {
  prefix: 'TFD_',
  source: 'uapi linux/timerfd.h',
  values: {
    TFD_TIMER_ABSTIME: 1,
    TFD_TIMER_CANCEL_ON_SET: 2,
  },
};

/** @source uapi linux/timex.h */
export const timeAdjustments: NameSet = {
  prefix: 'ADJ_',
  source: 'uapi linux/timex.h',
  values: {
    ADJ_OFFSET_SINGLESHOT: 32769,
    ADJ_OFFSET_SS_READ: 40961,
    ADJ_OFFSET: 1,
    ADJ_FREQUENCY: 2,
    ADJ_MAXERROR: 4,
    ADJ_ESTERROR: 8,
    ADJ_STATUS: 16,
    ADJ_TIMECONST: 32,
    ADJ_TAI: 128,
    ADJ_SETOFFSET: 256,
    ADJ_MICRO: 4096,
    ADJ_NANO: 8192,
    ADJ_TICK: 16384,
  },
};

/** @source uapi asm-generic/siginfo.h */
export const notifyKinds: NameSet = {
  prefix: 'SIGEV_',
  source: 'uapi asm-generic/siginfo.h',
  values: {
    SIGEV_SIGNAL: 0,
    SIGEV_NONE: 1,
    SIGEV_THREAD: 2,
    SIGEV_THREAD_ID: 4,
  },
};
