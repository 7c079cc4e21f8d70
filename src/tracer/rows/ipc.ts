// System V and POSIX messages, semaphores and shared memory. Contents of messages are not read.
import { fd, flags, int, long, oneOf, pointer, string, unsignedInt, unsignedLong } from '../decode/arguments.ts';
import { createMode, openFlag } from '../decode/files.ts';
import { getFlags, ipcCommand, ipcKey, queueAttribute, queueAttributeOut, semaphoreOperations } from '../decode/ipc.ts';
import { signalEvent, timespecIn } from '../decode/time.ts';
import {
  memoryAttachFlags,
  memoryCommands,
  memoryGetFlags,
  messageCommands,
  messageFlags,
  semaphoreCommands,
} from '../flags/ipc.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const ipcRows = {
  shmget: row({
    x64: 29,
    arm64: 194,
    args: { key: ipcKey, size: unsignedLong, shmflg: getFlags(memoryGetFlags) },
    source: 'man shmget(2)',
  }),
  shmat: row({
    x64: 30,
    arm64: 196,
    args: { shmid: int, shmaddr: pointer, shmflg: flags(memoryAttachFlags) },
    result: 'pointer',
    source: 'man shmat(2)',
  }),
  shmdt: row({ x64: 67, arm64: 197, args: { shmaddr: pointer }, source: 'man shmdt(2)' }),
  shmctl: row({
    x64: 31,
    arm64: 195,
    args: { shmid: int, op: ipcCommand(oneOf(memoryCommands)), buf: pointer },
    source: 'man shmctl(2)',
  }),
  semget: row({ x64: 64, arm64: 190, args: { key: ipcKey, nsems: int, semflg: getFlags() }, source: 'man semget(2)' }),
  semop: row({
    x64: 65,
    arm64: 193,
    args: { semid: int, sops: semaphoreOperations, nsops: unsignedLong },
    source: 'man semop(2)',
  }),
  semtimedop: row({
    x64: 220,
    arm64: 192,
    args: { semid: int, sops: semaphoreOperations, nsops: unsignedLong, timeout: timespecIn },
    source: 'man semtimedop(2)',
  }),
  semctl: row({
    x64: 66,
    arm64: 191,
    args: { semid: int, semnum: int, op: ipcCommand(oneOf(semaphoreCommands)), arg: pointer },
    source: 'man semctl(2)',
  }),
  msgget: row({ x64: 68, arm64: 186, args: { key: ipcKey, msgflg: getFlags() }, source: 'man msgget(2)' }),
  msgsnd: row({
    x64: 69,
    arm64: 189,
    args: { msqid: int, msgp: pointer, msgsz: unsignedLong, msgflg: flags(messageFlags) },
    source: 'man msgsnd(2)',
  }),
  msgrcv: row({
    x64: 70,
    arm64: 188,
    args: { msqid: int, msgp: pointer, msgsz: unsignedLong, msgtyp: long, msgflg: flags(messageFlags) },
    source: 'man msgrcv(2)',
  }),
  msgctl: row({
    x64: 71,
    arm64: 187,
    args: { msqid: int, op: ipcCommand(oneOf(messageCommands)), buf: pointer },
    source: 'man msgctl(2)',
  }),
  mq_open: row({
    x64: 240,
    arm64: 180,
    args: { name: string, oflag: openFlag, mode: createMode(1), attr: queueAttribute },
    result: 'fd',
    source: 'man mq_open(2)',
  }),
  mq_unlink: row({ x64: 241, arm64: 181, args: { name: string }, source: 'man mq_unlink(2)' }),
  mq_timedsend: row({
    x64: 242,
    arm64: 182,
    args: { mqdes: fd, msg_ptr: pointer, msg_len: unsignedLong, msg_prio: unsignedInt, abs_timeout: timespecIn },
    source: 'man mq_timedsend(2)',
  }),
  mq_timedreceive: row({
    x64: 243,
    arm64: 183,
    args: { mqdes: fd, msg_ptr: pointer, msg_len: unsignedLong, msg_prio: pointer, abs_timeout: timespecIn },
    source: 'man mq_timedreceive(2)',
  }),
  mq_notify: row({ x64: 244, arm64: 184, args: { mqdes: fd, sevp: signalEvent }, source: 'man mq_notify(2)' }),
  mq_getsetattr: row({
    x64: 245,
    arm64: 185,
    args: { mqdes: fd, newattr: queueAttribute, oldattr: queueAttributeOut },
    source: 'man mq_getsetattr(2)',
  }),
} satisfies Record<string, SyscallRow>;
