// Flags and commands of System V and POSIX messages, semaphores and shared memory.
import type { NameSet } from './names.ts';

/** @source uapi linux/sem.h */
export const semaphoreCommands: NameSet = {
  prefix: 'SEM_',
  source: 'uapi linux/sem.h',
  values: {
    IPC_RMID: 0,
    IPC_SET: 1,
    IPC_STAT: 2,
    IPC_INFO: 3,
    GETPID: 11,
    GETVAL: 12,
    GETALL: 13,
    GETNCNT: 14,
    GETZCNT: 15,
    SETVAL: 16,
    SETALL: 17,
    SEM_STAT: 18,
    SEM_INFO: 19,
    SEM_STAT_ANY: 20,
  },
};

/** @source uapi linux/msg.h */
export const messageCommands: NameSet = {
  prefix: 'MSG_',
  source: 'uapi linux/msg.h',
  values: {
    IPC_RMID: 0,
    IPC_SET: 1,
    IPC_STAT: 2,
    IPC_INFO: 3,
    MSG_STAT: 11,
    MSG_INFO: 12,
    MSG_STAT_ANY: 13,
  },
};

/** @source uapi linux/shm.h */
export const memoryCommands: NameSet = {
  prefix: 'SHM_',
  source: 'uapi linux/shm.h',
  values: {
    IPC_RMID: 0,
    IPC_SET: 1,
    IPC_STAT: 2,
    IPC_INFO: 3,
    SHM_LOCK: 11,
    SHM_UNLOCK: 12,
    SHM_STAT: 13,
    SHM_INFO: 14,
    SHM_STAT_ANY: 15,
  },
};

/** @source uapi linux/ipc.h */
export const ipcGetFlags: NameSet = {
  prefix: 'IPC_',
  source: 'uapi linux/ipc.h',
  values: {
    IPC_CREAT: 0x200,
    IPC_EXCL: 0x400,
    IPC_NOWAIT: 0x800,
  },
};

/** @source uapi linux/shm.h */
export const memoryGetFlags: NameSet = {
  prefix: 'SHM_',
  source: 'uapi linux/shm.h',
  values: {
    IPC_CREAT: 0o1000,
    IPC_EXCL: 0o2000,
    SHM_HUGETLB: 0x800,
    SHM_NORESERVE: 0x1000,
  },
};

/** @source uapi linux/shm.h */
export const memoryAttachFlags: NameSet = {
  prefix: 'SHM_',
  source: 'uapi linux/shm.h',
  values: {
    SHM_RDONLY: 0x1000,
    SHM_RND: 0x2000,
    SHM_REMAP: 0x4000,
    SHM_EXEC: 0x8000,
  },
};

/** @source uapi linux/msg.h */
export const messageFlags: NameSet = {
  prefix: 'MSG_',
  source: 'uapi linux/msg.h',
  values: {
    MSG_NOERROR: 0x1000,
    MSG_EXCEPT: 0x2000,
    MSG_COPY: 0x4000,
    IPC_NOWAIT: 0o4000,
  },
};

/** @source uapi linux/sem.h */
export const semaphoreFlags: NameSet = {
  prefix: 'SEM_',
  source: 'uapi linux/sem.h',
  values: {
    SEM_UNDO: 0x1000,
    IPC_NOWAIT: 0o4000,
  },
};
