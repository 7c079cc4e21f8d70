// Arguments of the calls on files and folders.
import { openFlags } from '../flags/files.ts';
import { showFlags } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import { permissions } from './arguments.ts';

const accessModes = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'];

/** `O_RDONLY|O_CLOEXEC`: the access mode is a number, not a set of bits. */
export function openFlagsText(value: bigint): string {
  const mode = accessModes[Number(value & 3n)] ?? '';
  const rest = value & ~3n;
  return rest === 0n ? mode : `${mode}|${showFlags(rest, openFlags)}`;
}

export const openFlag: ArgumentType = { show: (view) => openFlagsText(BigInt.asUintN(32, view.value)) };

const [create, temporary] = [0o100n, 0o20000000n];

/** The mode of an open: only where it creates something. `flagsAt`: position of the flags. */
export const createMode = (flagsAt: number): ArgumentType => ({
  show(view) {
    const flags = view.registers[flagsAt] ?? 0n;
    return (flags & create) !== 0n || (flags & temporary) !== 0n ? permissions.show(view) : '';
  },
});
