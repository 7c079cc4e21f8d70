// Values → bytes of D-Bus, and a call of systemd's manager as one whole message. Rule: every value is aligned to its own size from
// the start of the message, so a body is written apart only because it starts at a multiple of eight.
// @source dbus-specification, Marshaling; Message Protocol

/** A value of type `v`: its signature and itself. */
export interface Variant {
  signature: string;
  value: DbusValue;
}
/** Arrays and structs are lists. */
export type DbusValue = bigint | number | string | boolean | Variant | readonly DbusValue[];

/** Stands for the pid of a process that is not there yet; the message says where it belongs. */
export const pidPlace = -1;

export interface DbusMessage {
  bytes: Uint8Array;
  /** Offset of the four bytes of `pidPlace`; 0 when there is none. */
  pidAt: number;
}

export interface MethodCall {
  member: string;
  signature: string;
  values: readonly DbusValue[];
}

/** @source man org.freedesktop.systemd1(5) */
const manager = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const;

/** The only call on its connection, so its serial is always this. */
export const serial = 1;
const methodCall = 1;

export function managerCall({ member, signature, values }: MethodCall): DbusMessage {
  const body = new Writer();
  for (const [index, type] of splitSignature(signature).entries()) body.value(type, values[index] ?? '');
  const head = new Writer();
  head.value('yyyyuu', ['l'.charCodeAt(0), methodCall, 0, 1, body.size, serial]);
  head.value('a(yv)', [
    [1, { signature: 'o', value: manager.path }],
    [2, { signature: 's', value: manager.interface }],
    [3, { signature: 's', value: member }],
    [6, { signature: 's', value: manager.destination }],
    [8, { signature: 'g', value: signature }],
  ]);
  head.align(8);
  const bytes = Buffer.concat([head.bytes(), body.bytes()]);
  return { bytes, pidAt: body.pidAt === undefined ? 0 : head.size + body.pidAt };
}

const alignments: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
  '(': 8,
};

class Writer {
  readonly #parts: Buffer[] = [];
  size = 0;
  /** Where `pidPlace` was written. */
  pidAt: number | undefined;

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  align(to: number): void {
    this.#add(Buffer.alloc((to - (this.size % to)) % to));
  }

  /** One complete type, or several for a list of values. */
  value(signature: string, value: DbusValue): void {
    const types = splitSignature(signature);
    if (types.length > 1) {
      for (const [index, type] of types.entries()) this.value(type, (value as DbusValue[])[index] ?? '');
      return;
    }
    const kind = signature[0] ?? '';
    this.align(alignments[kind] ?? 1);
    if (kind === 'a') this.#array(signature.slice(1), value as readonly DbusValue[]);
    else if (kind === '(') this.value(signature.slice(1, -1), value);
    else if (kind === 'v') this.#variant(value as Variant);
    else if (kind === 's' || kind === 'o') this.#text(String(value));
    else if (kind === 'g') this.#signature(String(value));
    else this.#number(kind, value as bigint | number | boolean);
  }

  /** The length does not count what aligns the first item. */
  #array(itemType: string, items: readonly DbusValue[]): void {
    const length = Buffer.alloc(4);
    this.#add(length);
    this.align(alignments[itemType[0] ?? ''] ?? 1);
    const start = this.size;
    for (const item of items) this.value(itemType, item);
    length.writeUInt32LE(this.size - start);
  }

  #variant({ signature, value }: Variant): void {
    this.#signature(signature);
    this.value(signature, value);
  }

  #text(text: string): void {
    const bytes = Buffer.from(`${text}\0`, 'utf8');
    this.#number('u', bytes.length - 1);
    this.#add(bytes);
  }

  #signature(text: string): void {
    this.#add(Buffer.from([text.length]), Buffer.from(`${text}\0`, 'latin1'));
  }

  #number(kind: string, value: bigint | number | boolean): void {
    const bytes = Buffer.alloc(alignments[kind] ?? 1);
    if (kind === 'y') bytes.writeUInt8(Number(value));
    else if (kind === 'd') bytes.writeDoubleLE(Number(value));
    else if (bytes.length === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    else if (kind === 'u' && value === pidPlace) this.pidAt = this.size;
    else bytes.writeUInt32LE(Number(value) >>> 0);
    this.#add(bytes);
  }

  #add(...parts: Buffer[]): void {
    this.#parts.push(...parts);
    for (const part of parts) this.size += part.length;
  }
}

/** `sa(sv)` → `s`, `a(sv)`. */
export function splitSignature(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, start: number): number {
  let at = start;
  while (signature[at] === 'a') at++;
  if (signature[at] !== '(') return at + 1;
  let depth = 0;
  do {
    if (signature[at] === '(') depth++;
    if (signature[at] === ')') depth--;
    at++;
  } while (depth > 0 && at < signature.length);
  return at;
}
