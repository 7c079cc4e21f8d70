// Names of the kernel's numbers that more than one stage speaks: resource limits, scheduling, memory policies, and how mounts propagate.

/** Resource limits by number, as prlimit(1) writes them. @source uapi asm-generic/resource.h (x86-64 and arm64) */
export const rlimitNames = [
  'cpu',
  'fsize',
  'data',
  'stack',
  'core',
  'rss',
  'nproc',
  'nofile',
  'memlock',
  'as',
  'locks',
  'sigpending',
  'msgqueue',
  'nice',
  'rtprio',
  'rttime',
] as const;

/** `RLIMIT_CPU` and the like → number. */
export const rlimitNumbers: Readonly<Record<string, number>> = Object.fromEntries(
  rlimitNames.map((name, number) => [`RLIMIT_${name.toUpperCase()}`, number]),
);

/** @source uapi linux/sched.h */
export const schedulingPolicies = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

/** @source uapi linux/ioprio.h */
export const ioPriorityClasses = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;

/** @source uapi linux/mempolicy.h */
export const memoryPolicyModes = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

/** `SCHED_FIFO` of { SCHED_FIFO: 1 } and 1; the number when the table has none. */
export const nameOf = (table: Readonly<Record<string, number>>, number: number): string =>
  Object.keys(table).find((name) => table[name] === number) ?? String(number);

/** MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED. @source uapi linux/mount.h */
const propagationBits = { unbindable: 1 << 17, private: 1 << 18, slave: 1 << 19, shared: 1 << 20 } as const;
const recursiveBit = 1 << 14;

/** `rslave` for MS_SLAVE|MS_REC, as mount(8) and findmnt(8) write it; undefined when the flags set none, or more than one. */
export function propagationName(flags: number): string | undefined {
  const [kind, ...more] = Object.entries(propagationBits).filter(([, bit]) => (flags & bit) !== 0);
  if (kind === undefined || more.length > 0) return undefined;
  return `${(flags & recursiveBit) === 0 ? '' : 'r'}${kind[0]}`;
}
