// Arguments of System V and POSIX messages, semaphores and shared memory.
// @source man shmget(2), semop(2), msgget(2), mq_open(2)
import { ipcGetFlags, semaphoreFlags } from '../flags/ipc.ts';
import { type NameSet, showFlags } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import { permissionText } from './arguments.ts';
import { pointerText, pointerTo, pointerToItems, readNumber, type Shape, signed, struct } from './shapes.ts';

/** `IPC_PRIVATE`, `0x1234`. */
export const ipcKey: ArgumentType = {
  show: (view) => pointerText(BigInt.asUintN(32, view.value)).replace('NULL', 'IPC_PRIVATE'),
};

const permissionBits = 0o777n;

/** `IPC_CREAT|0600`. */
export const getFlags = (set: NameSet = ipcGetFlags): ArgumentType => ({
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    const names = value & ~permissionBits;
    const mode = permissionText(Number(value & permissionBits));
    return names === 0n ? mode : `${showFlags(names, set)}|${mode}`;
  },
});

const semaphoreOperation: Shape = {
  size: 6,
  align: 2,
  show: (data) =>
    `{sem_num=${readNumber(data, 0, 2)}, sem_op=${(readNumber(data, 2, 2) << 16) >> 16}, sem_flg=${showFlags(BigInt(readNumber(data, 4, 2)), semaphoreFlags)}}`,
};
export const semaphoreOperations = pointerToItems(semaphoreOperation, 2);

const ipc64 = 0x100n;
/** A command of shmctl and the like; libc sets a bit that means the 64-bit structs. */
export const ipcCommand = (command: ArgumentType): ArgumentType => ({
  show(view) {
    const base = command.show({ ...view, value: view.value & ~ipc64, other: (position) => view.other(position) });
    return (view.value & ipc64) === 0n ? base : `IPC_64|${base}`;
  },
});

const queue = struct({ mq_flags: signed(8), mq_maxmsg: signed(8), mq_msgsize: signed(8), mq_curmsgs: signed(8) });
export const queueAttribute = pointerTo(queue);
export const queueAttributeOut = pointerTo(queue, 'exit');
