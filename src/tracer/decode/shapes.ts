// Shapes: how bytes of a known layout read. A shape has a size and an alignment, a struct puts shapes one after the other as a C
// compiler would on a 64-bit machine. Rule: too few bytes never throw; what is missing is shown as `...`.
import { hex, type NameSet, showFlags, showName } from '../flags/names.ts';
import type { ArgumentType, Capture } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';

export interface Shape {
  size: number;
  align: number;
  /** `data` has at least `size` bytes. */
  show(data: Uint8Array, view: ArgumentView): string;
}

/** Little endian, at most 8 bytes; bytes beyond the end count as 0. */
export function readUnsigned(data: Uint8Array, at = 0, size = 8): bigint {
  let value = 0n;
  for (let index = Math.min(size, data.length - at) - 1; index >= 0; index--) {
    value = (value << 8n) | BigInt(data[at + index] ?? 0);
  }
  return value;
}

/** The same as a number: at most 4 bytes. */
export const readNumber = (data: Uint8Array, at: number, size: 1 | 2 | 4): number =>
  Number(readUnsigned(data, at, size));

/** Big endian, as networks write numbers. */
export function readNetworkNumber(data: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + (data[at + index] ?? 0);
  return value;
}

const word = (size: number, show: (value: bigint, view: ArgumentView) => string): Shape => ({
  size,
  align: size,
  show: (data, view) => show(readUnsigned(data, 0, size), view),
});

export const pointerText = (value: bigint): string => (value === 0n ? 'NULL' : `0x${value.toString(16)}`);

export const unsigned = (size: number): Shape => word(size, String);
export const signed = (size: number): Shape => word(size, (value) => String(BigInt.asIntN(size * 8, value)));
export const hexadecimal = (size: number): Shape => word(size, hex);
export const octal = (size: number): Shape => word(size, (value) => (value === 0n ? '0' : `0${value.toString(8)}`));
export const pointerShape: Shape = word(8, pointerText);
export const flagsShape = (set: NameSet, size = 4): Shape => word(size, (value) => showFlags(value, set));
export const nameShape = (set: NameSet, size = 4): Shape => word(size, (value) => showName(value, set));
/** A number of this size that a function of ours words. */
export const wordShape = word;
/** A number in network byte order. */
export const networkOrder = (size: 2 | 4, show: (value: number) => string = String): Shape => ({
  size,
  align: size,
  show: (data) => show(readNetworkNumber(data, 0, size)),
});

const escapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** Most texts. Put together byte by byte, a text is slow to make and slower to write. */
const plainLetters = /^[ !#-[\]-~]*$/;

/** A C string literal, as strace writes it: octal for what is not printable ASCII. */
export function quoted(bytes: Uint8Array): string {
  const letters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (plainLetters.test(letters)) return `"${letters}"`;
  let text = '"';
  for (const [index, byte] of bytes.entries()) {
    const following = bytes[index + 1] ?? 0;
    const isDigitNext = following >= 48 && following <= 57;
    if (escapes[byte]) text += escapes[byte];
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(isDigitNext ? 3 : 1, '0')}`;
  }
  return `${text}"`;
}

/** Bytes that are no text, as strace writes them: `"\\x01\\x00"`. */
export const quotedHex = (bytes: Uint8Array): string =>
  `"${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;

export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

/** `char name[size]`, up to its NUL. */
export const characters = (size: number): Shape => ({
  size,
  align: 1,
  show: (data) => quoted(untilNul(data.subarray(0, size))),
});

export function listShape(item: Shape, count: number): Shape {
  const show: Shape['show'] = (data, view) => {
    const items = Array.from({ length: count }, (_, index) => item.show(data.subarray(index * item.size), view));
    return `[${items.join(', ')}]`;
  };
  return { size: item.size * count, align: item.align, show };
}

/** The fields that fit into the data, from its start; `...` where it ends within one, or before one that must be there. */
function showFields(placed: readonly PlacedField[], data: Uint8Array, view: ArgumentView): string[] {
  const shown: string[] = [];
  for (const { name, at, shape, isOptional } of placed) {
    if (at + shape.size > data.length) {
      if (!isOptional || at < data.length) shown.push('...');
      break;
    }
    if (!name.startsWith('_')) shown.push(`${name}=${shape.show(data.subarray(at), view)}`);
  }
  return shown;
}

interface PlacedField {
  name: string;
  at: number;
  shape: Shape;
  /** Of an extensible struct: older callers do not know it. */
  isOptional: boolean;
}

function layOut(fields: Readonly<Record<string, Shape>>, isOptional: boolean): Shape {
  const placed: PlacedField[] = [];
  let end = 0;
  let align = 1;
  for (const [name, shape] of Object.entries(fields)) {
    const at = Math.ceil(end / shape.align) * shape.align;
    placed.push({ name, at, shape, isOptional });
    end = at + shape.size;
    align = Math.max(align, shape.align);
  }
  const show: Shape['show'] = (data, view) => `{${showFields(placed, data, view).join(', ')}}`;
  return { size: Math.ceil(end / align) * align, align, show };
}

/** `{a=1, b=2}`. Fields whose name starts with `_` take their room and are not printed. */
export const struct = (fields: Readonly<Record<string, Shape>>): Shape => layOut(fields, false);

/** A struct whose callers say its size: it ends where the data ends. */
export const extensibleStruct = (fields: Readonly<Record<string, Shape>>): Shape => layOut(fields, true);

/** Whether the call came back with an error: what the kernel would have filled in is not there then. */
export const hasFailed = (view: ArgumentView): boolean => view.result !== undefined && view.result < 0n;

/** The bytes behind a pointer by a function of ours; the address where they could not be read, or the kernel did not write them. */
export function behind(
  capture: Capture,
  show: (data: Uint8Array, view: ArgumentView) => string,
  when: 'enter' | 'exit' = 'enter',
): ArgumentType {
  return {
    capture,
    when,
    show(view) {
      if (view.value === 0n) return 'NULL';
      if (!view.captured || (when === 'exit' && hasFailed(view))) return pointerText(view.value);
      return show(view.captured.bytes, view);
    },
  };
}

/** A pointer to a struct of this shape. */
export const pointerTo = (shape: Shape, when: 'enter' | 'exit' = 'enter'): ArgumentType =>
  behind(
    { kind: 'struct', size: shape.size },
    (data, view) =>
      data.length < shape.size && shape.align === shape.size ? pointerText(view.value) : shape.show(data, view),
    when,
  );

/** A pointer to one number: strace prints it in brackets, `[16]`. */
export const pointerToWord = (shape: Shape, when: 'enter' | 'exit' = 'enter'): ArgumentType =>
  behind(
    { kind: 'struct', size: shape.size },
    (data, view) => (data.length < shape.size ? '[...]' : `[${shape.show(data, view)}]`),
    when,
  );

/** How many items of a list are printed before `...`. */
export const itemsShown = 64;

/** A pointer to as many items as argument `count` says. */
export function pointerToItems(item: Shape, count: number, when: 'enter' | 'exit' = 'enter'): ArgumentType {
  const show = (data: Uint8Array, view: ArgumentView): string => {
    const there = Math.floor(data.length / item.size);
    const items = Array.from({ length: Math.min(there, itemsShown) }, (_, index) =>
      item.show(data.subarray(index * item.size), view),
    );
    const isCut = there > itemsShown || (view.captured?.whole ?? 0) > data.length;
    return `[${[...items, ...(isCut ? ['...'] : [])].join(', ')}]`;
  };
  return behind({ kind: 'counted', count, itemSize: item.size, most: item.size * itemsShown }, show, when);
}

/** A register shown as a number of this shape. */
export const register = (shape: Shape): ArgumentType => ({
  show(view) {
    const data = new Uint8Array(8);
    new DataView(data.buffer).setBigUint64(0, BigInt.asUintN(64, view.value), true);
    return shape.show(data, view);
  },
});
