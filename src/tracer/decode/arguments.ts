// The types that most arguments have: numbers, addresses, descriptors, paths, strings, data. Structs are in shapes.ts.
// Rule: an argument that says '' is left out of the list, as strace does with the mode of an open that creates nothing.
import { type NameSet, showFlags, showName } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView, CapturedBytes } from '../view.ts';
import { hasFailed, pointerText, quoted, untilNul } from './shapes.ts';

const plain = (show: (view: ArgumentView) => string): ArgumentType => ({ show });

/** The lower half of a register with its sign: what an `int` argument is. */
export const int32 = (value: bigint): number => Number(BigInt.asIntN(32, value));

export const int = plain((view) => String(int32(view.value)));
export const unsignedInt = plain((view) => String(Number(BigInt.asUintN(32, view.value))));
/** A whole register with its sign. */
export const long = plain((view) => String(BigInt.asIntN(64, view.value)));
/** A whole register without sign: sizes. */
export const unsignedLong = plain((view) => String(view.value));
export const hexadecimal = plain((view) => (view.value === 0n ? '0' : `0x${view.value.toString(16)}`));
export const hexadecimalInt = plain((view) => {
  const value = BigInt.asUintN(32, view.value);
  return value === 0n ? '0' : `0x${value.toString(16)}`;
});
/** An address of which nothing is read. */
export const pointer = plain((view) => pointerText(view.value));

/** Permission bits: three digits at least, as strace prints them: `0644`, `000`. */
export const permissionText = (value: number): string => `0${value.toString(8).padStart(2, '0')}`;
export const permissions = plain((view) => permissionText(Number(BigInt.asUintN(32, view.value))));

/** An `int` of flags. */
export const flags = (set: NameSet): ArgumentType => plain((view) => showFlags(BigInt.asUintN(32, view.value), set));
/** A whole register of flags. */
export const longFlags = (set: NameSet): ArgumentType => plain((view) => showFlags(view.value, set));
/** An `int` that is one of a list. */
export const oneOf = (set: NameSet): ArgumentType => plain((view) => showName(BigInt.asUintN(32, view.value), set));

/** `AT_FDCWD` of fcntl.h. */
const currentFolder = -100;

/** `3</etc/passwd>`, `3` when its name is not known. */
export function descriptorText(fd: number, view: ArgumentView): string {
  const name = view.process.descriptor(fd);
  const number = fd === currentFolder ? 'AT_FDCWD' : String(fd);
  return name === undefined ? number : `${number}<${name}>`;
}

export const fd = plain((view) => {
  const number = int32(view.value);
  return number === currentFolder ? String(number) : descriptorText(number, view);
});
/** A descriptor of a folder, or AT_FDCWD. */
export const dirfd = plain((view) => descriptorText(int32(view.value), view));

/** `"text"`, `"text"...` when there is more of it. */
export function stringText(captured: CapturedBytes | undefined, address: bigint): string {
  if (address === 0n) return 'NULL';
  if (!captured) return pointerText(address);
  const text = untilNul(captured.bytes);
  return quoted(text) + (captured.whole > captured.bytes.length && text.length === captured.bytes.length ? '...' : '');
}

const stringAt = (when: 'enter' | 'exit'): ArgumentType => ({
  capture: { kind: 'string' },
  when,
  show: (view) => stringText(when === 'exit' && hasFailed(view) ? undefined : view.captured, view.value),
});

/** A string up to its NUL: names, options. */
export const string = stringAt('enter');
export const path = string;
/** A string that the kernel fills in. */
export const stringOut = stringAt('exit');

/** Bytes with the length of which the argument at `count` knows: `"…"`, `"…"...` when cut, `""` for none. */
function dataText(view: ArgumentView, length: number): string {
  if (view.value === 0n) return 'NULL';
  if (length === 0) return '""';
  if (!view.captured) return pointerText(view.value);
  const bytes = view.captured.bytes.subarray(0, length);
  return quoted(bytes) + (length > bytes.length ? '...' : '');
}

/** The most bytes of data of one call that are kept. */
export const dataKept = 512;

/** What write, send and the like hand over. The bytes are there only for files of the kernel's own file systems and netlink. */
export const dataIn = (count: number, kind: 'data' | 'counted' = 'data'): ArgumentType => ({
  capture: kind === 'data' ? { kind, count, most: dataKept } : { kind, count, itemSize: 1, most: dataKept },
  show: (view) => dataText(view, Number(view.registers[count] ?? 0n)),
});
/** What read, recv and the like fill in: as many bytes as the result says. */
export const dataOut = (count: number): ArgumentType => ({
  capture: { kind: 'data', count, most: dataKept },
  when: 'exit',
  show: (view) => (hasFailed(view) ? pointerText(view.value) : dataText(view, Number(view.result ?? 0n))),
});
/** The same where the bytes are no secret: names of links, folders, attributes. */
export const returnedBytes: ArgumentType = {
  capture: { kind: 'returned', most: 4096 },
  when: 'exit',
  show: (view) => (hasFailed(view) ? pointerText(view.value) : dataText(view, Number(view.result ?? 0n))),
};

/** E2BIG in the place of a part: the list goes on, longer than what the tracer reads. */
const goesOn = -7;

const partText = (part: CapturedBytes): string =>
  part.whole >= 0 ? stringText(part, 1n) : part.whole === goesOn ? '...' : '???';

/** argv: `["sh", "-c", "true"]`. */
export const strings: ArgumentType = {
  capture: { kind: 'strings', most: 16384 },
  show(view) {
    if (view.value === 0n) return 'NULL';
    if (!view.captured) return pointerText(view.value);
    return `[${view.parts.map(partText).join(', ')}]`;
  },
};

/** envp: its names only; their values do not leave the traced machine's memory. */
export const environment: ArgumentType = {
  capture: { kind: 'environment', most: 16384 },
  show(view) {
    if (view.value === 0n) return 'NULL';
    const count = view.parts.filter((part) => part.whole >= 0).length;
    return `${pointerText(view.value)} /* ${count} var${count === 1 ? '' : 's'} */`;
  },
};
