// Netlink messages as bytes and back. A message is a 16-byte header, a fixed structure, then attributes: length, type, value,
// each padded to 4 bytes; a nested attribute's value is attributes again. What attributes there are: rtnetlink.ts.
// Rule: decoding never throws on an unknown attribute; it is left out, and the known ones are kept.
// @source man netlink(7); uapi linux/netlink.h
import { endianness } from 'node:os';

export const NLMSG_ERROR = 2;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const headerBytes = 16;

// Netlink speaks the host's byte order; both CPUs that tlab knows are little-endian.
if (endianness() !== 'LE') throw new Error('netlink: this codec is written for little-endian hosts');

/** Values of attributes by name: numbers, text, addresses in their usual spelling; an object is nested. */
export interface Attributes {
  [name: string]: string | number | Attributes;
}

export type StructureFields = ReadonlyArray<readonly [name: string, kind: 'u8' | 'u16' | 'u32' | 's32']>;
/** How an attribute's value is written. */
export type AttributeKind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'text'
  | 'mac'
  | 'ipv4'
  | { nested: AttributeSet }
  /** A structure of zeros or numbers, then attributes, as VETH_INFO_PEER has it. */
  | { structure: StructureFields; nested: AttributeSet }
  /** Nested, and what is inside depends on the text of a sibling that comes before it. */
  | { by: string; sets: Record<string, AttributeSet> };
export type AttributeSet = Record<string, readonly [type: number, kind: AttributeKind]>;

/** What a message type consists of. */
export interface MessageForm {
  type: number;
  structure: StructureFields;
  attributes: AttributeSet;
}

export interface Message {
  type: number;
  flags: number;
  seq: number;
  payload: Buffer;
}

const align = (size: number): number => (size + 3) & ~3;
const sizes = { u8: 1, u16: 2, u32: 4, s32: 4 } as const;

function writeStructure(fields: StructureFields, values: Attributes): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [, kind]) => sum + sizes[kind], 0));
  let offset = 0;
  for (const [name, kind] of fields) {
    const value = values[name] ?? 0;
    if (typeof value !== 'number') throw new TypeError(`netlink: ${name} must be a number`);
    if (kind === 's32') bytes.writeInt32LE(value, offset);
    else bytes.writeUIntLE(value, offset, sizes[kind]);
    offset += sizes[kind];
  }
  return bytes;
}

function readStructure(fields: StructureFields, bytes: Buffer): { values: Attributes; size: number } {
  const values: Attributes = {};
  let offset = 0;
  for (const [name, kind] of fields) {
    if (offset + sizes[kind] > bytes.length) break;
    values[name] = kind === 's32' ? bytes.readInt32LE(offset) : bytes.readUIntLE(offset, sizes[kind]);
    offset += sizes[kind];
  }
  return { values, size: offset };
}

const fromMac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
const fromIpv4 = (text: string): Buffer => Buffer.from(text.split('.').map(Number));

function numberBytes(kind: 'u8' | 'u16' | 'u32', value: number): Buffer {
  const bytes = Buffer.alloc(sizes[kind]);
  bytes.writeUIntLE(value, 0, sizes[kind]);
  return bytes;
}

function valueBytes(kind: AttributeKind, value: string | number | Attributes, siblings: Attributes): Buffer {
  if (typeof value === 'number') {
    if (kind === 'u8' || kind === 'u16' || kind === 'u32') return numberBytes(kind, value);
  } else if (typeof value === 'string') {
    if (kind === 'text') return Buffer.from(`${value}\0`);
    if (kind === 'mac') return fromMac(value);
    if (kind === 'ipv4') return fromIpv4(value);
  } else if (typeof kind === 'object') {
    if ('structure' in kind) {
      return Buffer.concat([writeStructure(kind.structure, value), encodeAttributes(kind.nested, value)]);
    }
    const set = 'by' in kind ? kind.sets[String(siblings[kind.by])] : kind.nested;
    if (set !== undefined) return encodeAttributes(set, value);
  }
  throw new TypeError(`netlink: value ${JSON.stringify(value)} does not fit its attribute`);
}

/** Attributes in the order of `values`; names that the set does not have (structure fields) are skipped. */
export function encodeAttributes(set: AttributeSet, values: Attributes): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(values)) {
    const known = set[name];
    if (known === undefined) continue;
    const [type, kind] = known;
    const body = valueBytes(kind, value, values);
    const bytes = Buffer.alloc(align(4 + body.length));
    const isNested = typeof kind === 'object' && !('structure' in kind);
    bytes.writeUInt16LE(4 + body.length, 0);
    bytes.writeUInt16LE(isNested ? type | NLA_F_NESTED : type, 2);
    body.copy(bytes, 4);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function readValue(kind: AttributeKind, bytes: Buffer, siblings: Attributes): string | number | Attributes | undefined {
  if (kind === 'text') return bytes.toString('utf8').replace(/\0+$/, '');
  if (kind === 'mac') return bytes.toString('hex').replace(/(..)(?=.)/g, '$1:');
  if (kind === 'ipv4') return bytes.length === 4 ? [...bytes].join('.') : undefined;
  if (typeof kind === 'string') return bytes.length < sizes[kind] ? undefined : bytes.readUIntLE(0, sizes[kind]);
  if ('structure' in kind) {
    const { values, size } = readStructure(kind.structure, bytes);
    return { ...values, ...decodeAttributes(kind.nested, bytes.subarray(size)) };
  }
  const set = 'by' in kind ? kind.sets[String(siblings[kind.by])] : kind.nested;
  return set === undefined ? undefined : decodeAttributes(set, bytes);
}

export function decodeAttributes(set: AttributeSet, bytes: Buffer): Attributes {
  const names = new Map(Object.entries(set).map(([name, [type, kind]]) => [type, { name, kind }]));
  const values: Attributes = {};
  for (let offset = 0; offset + 4 <= bytes.length; ) {
    const size = bytes.readUInt16LE(offset);
    if (size < 4 || offset + size > bytes.length) break;
    const known = names.get(bytes.readUInt16LE(offset + 2) & NLA_TYPE_MASK);
    const value = known && readValue(known.kind, bytes.subarray(offset + 4, offset + size), values);
    if (known !== undefined && value !== undefined) values[known.name] = value;
    offset += align(size);
  }
  return values;
}

/** One whole request; `values` holds fields of the structure and attributes side by side. */
export function encodeMessage(form: MessageForm, options: { flags: number; seq: number; values: Attributes }): Buffer {
  const structure = writeStructure(form.structure, options.values);
  const attributes = encodeAttributes(form.attributes, options.values);
  const padding = Buffer.alloc(align(structure.length) - structure.length);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + structure.length + padding.length + attributes.length, 0);
  header.writeUInt16LE(form.type, 4);
  header.writeUInt16LE(options.flags, 6);
  header.writeUInt32LE(options.seq, 8);
  return Buffer.concat([header, structure, padding, attributes]);
}

/** Structure fields and attributes of a message's payload. */
export function decodePayload(form: MessageForm, payload: Buffer): Attributes {
  const { values, size } = readStructure(form.structure, payload);
  return { ...values, ...decodeAttributes(form.attributes, payload.subarray(align(size))) };
}

/** The messages in one or several datagrams; a truncated one ends the list. */
export function splitMessages(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let offset = 0; offset + headerBytes <= bytes.length; ) {
    const size = bytes.readUInt32LE(offset);
    if (size < headerBytes || offset + size > bytes.length) break;
    messages.push({
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      seq: bytes.readUInt32LE(offset + 8),
      payload: bytes.subarray(offset + headerBytes, offset + size),
    });
    offset += align(size);
  }
  return messages;
}

/** What NLMSG_ERROR says: errno 0 is success; `detail` is the kernel's own sentence where it has one. */
export function decodeError(message: Message): { errno: number; detail: string | undefined } {
  if (message.payload.length < 4) return { errno: 0, detail: undefined };
  const errno = 0 - message.payload.readInt32LE(0);
  if ((message.flags & NLM_F_ACK_TLVS) === 0 || message.payload.length < 8) return { errno, detail: undefined };
  // The original request follows, whole unless NLM_F_CAPPED left only its header.
  const quoted = (message.flags & NLM_F_CAPPED) !== 0 ? headerBytes : align(message.payload.readUInt32LE(4));
  const said = decodeAttributes({ message: [NLMSGERR_ATTR_MSG, 'text'] }, message.payload.subarray(4 + quoted));
  return { errno, detail: typeof said.message === 'string' ? said.message : undefined };
}
