// Resource limits; scheduling of processors and of block devices.
import { rlimitNumbers } from '../../base/kernel-names.ts';
import type { NameSet } from './names.ts';

/** @source glibc sys/resource.h */
export const limits: NameSet = {
  prefix: 'RLIMIT_',
  source: 'glibc sys/resource.h',
  values: rlimitNumbers,
};

/** @source glibc sched.h */
export const schedulingPolicies: NameSet = {
  prefix: 'SCHED_',
  source: 'glibc sched.h',
  values: {
    SCHED_OTHER: 0,
    SCHED_FIFO: 1,
    SCHED_RR: 2,
    SCHED_BATCH: 3,
    SCHED_ISO: 4,
    SCHED_IDLE: 5,
    SCHED_DEADLINE: 6,
  },
  newer: {
    'sched.h of Linux 6.18': {
      SCHED_EXT: 7,
    },
  },
};

/** @source uapi linux/sched.h */
export const schedulingFlags: NameSet = {
  prefix: 'SCHED_FLAG_',
  source: 'uapi linux/sched.h',
  values: {
    SCHED_FLAG_RESET_ON_FORK: 1,
    SCHED_FLAG_RECLAIM: 2,
    SCHED_FLAG_DL_OVERRUN: 4,
    SCHED_FLAG_KEEP_POLICY: 8,
    SCHED_FLAG_KEEP_PARAMS: 0x10,
    SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
    SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
  },
};

/** @source uapi linux/ioprio.h */
export const ioPriorityWhich: NameSet = {
  prefix: 'IOPRIO_WHO_',
  source: 'uapi linux/ioprio.h',
  values: {
    IOPRIO_WHO_PROCESS: 1,
    IOPRIO_WHO_PGRP: 2,
    IOPRIO_WHO_USER: 3,
  },
};

/** @source uapi linux/ioprio.h */
export const ioPriorityClasses: NameSet = {
  prefix: 'IOPRIO_CLASS_',
  source: 'uapi linux/ioprio.h',
  values: {
    IOPRIO_CLASS_NONE: 0,
    IOPRIO_CLASS_RT: 1,
    IOPRIO_CLASS_BE: 2,
    IOPRIO_CLASS_IDLE: 3,
  },
  newer: { 'linux/ioprio.h of Linux 6.5': { IOPRIO_CLASS_INVALID: 7 } },
};

/** @source glibc sys/resource.h */
export const priorityWhich: NameSet = {
  prefix: 'PRIO_',
  source: 'glibc sys/resource.h',
  values: {
    PRIO_PROCESS: 0,
    PRIO_PGRP: 1,
    PRIO_USER: 2,
  },
};
