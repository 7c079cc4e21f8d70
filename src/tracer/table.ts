// The table of system calls: all rows, found by machine and number or by name.
// Rule: a number without a row is shown as a number with a mark, and so is a 32-bit call, whose numbers are of another table.

import type { OtherTable } from './raw.ts';
import { fileRows } from './rows/files.ts';
import { futexRows } from './rows/futex.ts';
import { identityRows } from './rows/identity.ts';
import { ioRows } from './rows/io.ts';
import { ioctlRows } from './rows/ioctl.ts';
import { ipcRows } from './rows/ipc.ts';
import { memoryRows } from './rows/memory.ts';
import { mountRows } from './rows/mount.ts';
import { namespaceRows } from './rows/namespace.ts';
import { networkRows } from './rows/network.ts';
import { pollingRows } from './rows/polling.ts';
import { processRows } from './rows/process.ts';
import { securityRows } from './rows/security.ts';
import { signalRows } from './rows/signals.ts';
import { systemRows } from './rows/system.ts';
import { timeRows } from './rows/time.ts';
import { xattrRows } from './rows/xattr.ts';
import type { ArgumentType, SyscallRow } from './syscall.ts';

export type Machine = 'x64' | 'arm64';

/** Every system call of x86-64 and arm64, by its name in kernel spelling. */
export const syscallRows: Readonly<Record<string, SyscallRow>> = {
  ...fileRows,
  ...ioRows,
  ...xattrRows,
  ...timeRows,
  ...systemRows,
  ...signalRows,
  ...pollingRows,
  ...memoryRows,
  ...ipcRows,
  ...futexRows,
  ...mountRows,
  ...processRows,
  ...namespaceRows,
  ...identityRows,
  ...securityRows,
  ...networkRows,
  ...ioctlRows,
};

/** A row made ready for decoding. */
export interface Syscall {
  name: string;
  row: SyscallRow;
  types: readonly ArgumentType[];
  variants: ReadonlyArray<{ argument: number; equals: bigint; types: readonly ArgumentType[] }>;
}

function prepare([name, row]: [string, SyscallRow]): Syscall {
  const variants = (row.variants ?? []).map(({ argument, equals, args }) => ({
    argument,
    equals: BigInt(equals),
    types: Object.values(args),
  }));
  return { name, row, types: Object.values(row.args), variants };
}

const prepared = Object.entries(syscallRows).map(prepare);

function byNumber(machine: Machine): ReadonlyMap<number, Syscall> {
  return new Map(prepared.flatMap((call) => (call.row[machine] === undefined ? [] : [[call.row[machine], call]])));
}

const tables = { x64: byNumber('x64'), arm64: byNumber('arm64') };

/** The call of this number on this machine; undefined when it is younger than this table, or never was. */
export const syscallOf = (machine: Machine, number: number): Syscall | undefined => tables[machine].get(number);

/** `openat`; `syscall_999`, `i386_syscall_20` for numbers without a row. */
export function syscallName(machine: Machine, number: number, otherTable?: OtherTable): string {
  if (otherTable !== undefined) return `${otherTable}_syscall_${number}`;
  return syscallOf(machine, number)?.name ?? `syscall_${number}`;
}

/** The types of this call's arguments; those of a variant where a register selects one. */
export function typesOf(call: Syscall, registers: readonly bigint[]): readonly ArgumentType[] {
  for (const variant of call.variants) {
    if (BigInt.asUintN(32, registers[variant.argument] ?? 0n) === BigInt.asUintN(32, variant.equals))
      return variant.types;
  }
  return call.types;
}
