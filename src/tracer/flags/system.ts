// Flags and constants of the calls on the machine: modules, restart, random numbers, performance counters.
import type { NameSet } from './names.ts';

/** @source uapi linux/random.h */
export const randomFlags: NameSet = {
  prefix: 'GRND_',
  source: 'uapi linux/random.h',
  values: {
    GRND_NONBLOCK: 1,
    GRND_RANDOM: 2,
    GRND_INSECURE: 4,
  },
};

/** @source uapi linux/reboot.h */
export const rebootMagic: NameSet = {
  prefix: 'LINUX_REBOOT_MAGIC',
  source: 'uapi linux/reboot.h',
  values: {
    LINUX_REBOOT_MAGIC1: 0xfee1dead,
    LINUX_REBOOT_MAGIC2: 0x28121969,
    LINUX_REBOOT_MAGIC2A: 0x5121996,
    LINUX_REBOOT_MAGIC2B: 0x16041998,
    LINUX_REBOOT_MAGIC2C: 0x20112000,
  },
};

/** @source uapi linux/reboot.h */
export const rebootCommands: NameSet = {
  prefix: 'LINUX_REBOOT_CMD_',
  source: 'uapi linux/reboot.h',
  values: {
    LINUX_REBOOT_CMD_RESTART: 19088743,
    LINUX_REBOOT_CMD_HALT: 3454992675,
    LINUX_REBOOT_CMD_CAD_ON: 2309737967,
    LINUX_REBOOT_CMD_CAD_OFF: 0,
    LINUX_REBOOT_CMD_POWER_OFF: 1126301404,
    LINUX_REBOOT_CMD_RESTART2: 2712847316,
    LINUX_REBOOT_CMD_SW_SUSPEND: 3489725666,
    LINUX_REBOOT_CMD_KEXEC: 1163412803,
  },
};

/** @source linux include/linux/syslog.h */
export const logCommands: NameSet = {
  prefix: 'SYSLOG_ACTION_',
  source: 'linux include/linux/syslog.h',
  values: {
    SYSLOG_ACTION_CLOSE: 0,
    SYSLOG_ACTION_OPEN: 1,
    SYSLOG_ACTION_READ: 2,
    SYSLOG_ACTION_READ_ALL: 3,
    SYSLOG_ACTION_READ_CLEAR: 4,
    SYSLOG_ACTION_CLEAR: 5,
    SYSLOG_ACTION_CONSOLE_OFF: 6,
    SYSLOG_ACTION_CONSOLE_ON: 7,
    SYSLOG_ACTION_CONSOLE_LEVEL: 8,
    SYSLOG_ACTION_SIZE_UNREAD: 9,
    SYSLOG_ACTION_SIZE_BUFFER: 10,
  },
};

/** @source uapi linux/module.h */
export const moduleFlags: NameSet = {
  prefix: 'MODULE_INIT_',
  source: 'uapi linux/module.h',
  values: {
    MODULE_INIT_IGNORE_MODVERSIONS: 1,
    MODULE_INIT_IGNORE_VERMAGIC: 2,
    MODULE_INIT_COMPRESSED_FILE: 4,
  },
};

/** @source uapi asm-generic/fcntl.h */
export const moduleRemoveFlags: NameSet = {
  prefix: 'O_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    O_NONBLOCK: 0x800,
    O_TRUNC: 0x200,
  },
};

/** @source uapi linux/kexec.h */
export const kexecFlags: NameSet = {
  prefix: 'KEXEC_',
  source: 'uapi linux/kexec.h',
  values: {
    KEXEC_ON_CRASH: 1,
    KEXEC_PRESERVE_CONTEXT: 2,
  },
};

/** @source uapi linux/kexec.h */
export const kexecFileFlags: NameSet = {
  prefix: 'KEXEC_FILE_',
  source: 'uapi linux/kexec.h',
  values: {
    KEXEC_FILE_UNLOAD: 1,
    KEXEC_FILE_ON_CRASH: 2,
    KEXEC_FILE_NO_INITRAMFS: 4,
  },
};

/** @source uapi linux/perf_event.h */
export const perfFlags: NameSet = {
  prefix: 'PERF_FLAG_',
  source: 'uapi linux/perf_event.h',
  values: {
    PERF_FLAG_FD_NO_GROUP: 1,
    PERF_FLAG_FD_OUTPUT: 2,
    PERF_FLAG_PID_CGROUP: 4,
    PERF_FLAG_FD_CLOEXEC: 8,
  },
};

/** @source uapi linux/perf_event.h */
export const perfTypes: NameSet = {
  prefix: 'PERF_TYPE_',
  source: 'uapi linux/perf_event.h',
  values: {
    PERF_TYPE_HARDWARE: 0,
    PERF_TYPE_SOFTWARE: 1,
    PERF_TYPE_TRACEPOINT: 2,
    PERF_TYPE_HW_CACHE: 3,
    PERF_TYPE_RAW: 4,
    PERF_TYPE_BREAKPOINT: 5,
  },
};
