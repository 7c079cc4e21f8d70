// Netlink messages: `[{nlmsg_len=…, nlmsg_type=RTM_NEWLINK, …}, {ifi_family=…}, [[{nla_len=…, nla_type=IFLA_IFNAME}, "eth0"], …]]`.
// A datagram is messages; a message is a header, a fixed struct, attributes; an attribute may hold attributes again.
// Which struct and which attributes: by the protocol of the socket (rtnetlink.ts, nftables.ts and the small ones here).
// Rule: lists are capped, depth is capped, and what is cut ends in `...`; bytes that make no sense are shown as bytes.
// @source man netlink(7); uapi linux/netlink.h

import { errnoName } from '../errno.ts';
import { hex, type NameSet, nameOf, showFlags, showName } from '../flags/names.ts';
import {
  auditMessages,
  diagMessages,
  errorAttributes,
  genericControl,
  genericControlAttributes,
  netlinkAckFlags,
  netlinkControl,
  netlinkDeleteFlags,
  netlinkFlags,
  netlinkGetFlags,
  netlinkNewFlags,
} from '../flags/netlink.ts';
import type { ArgumentView } from '../view.ts';
import { quoted, quotedHex, readNumber, readUnsigned, type Shape, struct, unsigned, untilNul } from './shapes.ts';

const most = { messages: 32, attributes: 64, depth: 8, bytes: 64 };
const headerSize = 16;

/** What a value of an attribute sees beside its bytes. */
export interface AttributeContext {
  view: ArgumentView;
  depth: number;
  /** Address family of the message, for addresses. */
  family: number;
  /** Attributes that came before in the same list: IFLA_INFO_DATA depends on IFLA_INFO_KIND. */
  siblings: ReadonlyMap<string, Uint8Array>;
}

export type AttributeValue = (data: Uint8Array, context: AttributeContext) => string;

export interface AttributeSet {
  names: NameSet;
  values?: Readonly<Record<string, AttributeValue>>;
}

export interface MessageForm {
  /** The fixed struct after the header; its first byte is the address family. */
  head?: Shape;
  attributes?: AttributeSet;
}

/** A protocol: how its message types read, what their flags mean, what a message consists of. */
export interface NetlinkProtocol {
  typeName(type: number): string;
  flags(type: number): NameSet | undefined;
  form(type: number): MessageForm | undefined;
}

const align = (size: number): number => (size + 3) & ~3;

export function bytesText(data: Uint8Array): string {
  return data.length > most.bytes ? `${quotedHex(data.subarray(0, most.bytes))}...` : quotedHex(data);
}

/** A value of a shape; bytes where it is shorter. */
export const shaped =
  (shape: Shape): AttributeValue =>
  (data, { view }) =>
    data.length < shape.size ? bytesText(data) : shape.show(data, view);

export const text: AttributeValue = (data) => quoted(untilNul(data));

export const nested =
  (set: AttributeSet): AttributeValue =>
  (data, context) =>
    attributesText(data, set, context);

const NLA_F_NESTED = 0x8000;
const NLA_F_NET_BYTEORDER = 0x4000;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

function typeText(type: number, names: NameSet): string {
  const name = showName(BigInt(type & 0x3fff), names);
  const marks = [
    ...(type & NLA_F_NESTED ? ['NLA_F_NESTED'] : []),
    ...(type & NLA_F_NET_BYTEORDER ? ['NLA_F_NET_BYTEORDER'] : []),
  ];
  return [...marks, name].join('|');
}

/** A list of attributes; a single one without the outer brackets, as strace has it. */
export function attributesText(data: Uint8Array, set: AttributeSet, context: AttributeContext): string {
  if (context.depth >= most.depth) return bytesText(data);
  const siblings = new Map<string, Uint8Array>();
  const inner = { ...context, depth: context.depth + 1, siblings };
  const shown: string[] = [];
  let at = 0;
  while (at + 4 <= data.length && shown.length < most.attributes) {
    const length = readNumber(data, at, 2);
    const type = readNumber(data, at + 2, 2);
    if (length < 4) break;
    const body = data.subarray(at + 4, Math.min(at + length, data.length));
    const name = nameOf(BigInt(type & 0x3fff), set.names) ?? '';
    const head = `{nla_len=${length}, nla_type=${typeText(type, set.names)}}`;
    if (at + length > data.length) {
      shown.push(`[${head}, ...]`);
      at = data.length;
      break;
    }
    const value = length === 4 ? '' : (set.values?.[name] ?? bytesText)(body, inner);
    siblings.set(name, body);
    shown.push(value === '' ? head : `[${head}, ${value}]`);
    at += align(length);
  }
  if (shown.length === 0) return bytesText(data);
  if (at < data.length) shown.push('...');
  const [only] = shown;
  return shown.length === 1 && only?.startsWith('[') ? only : `[${shown.join(', ')}]`;
}

/** `NLM_F_REQUEST|NLM_F_ACK|NLM_F_CREATE`: what the upper bits mean depends on the type of the message. */
function flagsText(value: number, special: NameSet | undefined): string {
  if (value === 0) return '0';
  const common = value & 0x3f;
  const upper = value & ~0x3f;
  return [
    ...(common ? [showFlags(BigInt(common), netlinkFlags)] : []),
    ...(upper ? [special ? showFlags(BigInt(upper), special) : hex(BigInt(upper))] : []),
  ].join('|');
}

function headerText(data: Uint8Array, protocol: NetlinkProtocol | undefined): string {
  const type = readNumber(data, 4, 2);
  const isControl = type < 16 && nameOf(BigInt(type), netlinkControl) !== undefined;
  const special = isControl ? (type === 2 ? netlinkAckFlags : undefined) : protocol?.flags(type);
  const fields = {
    nlmsg_len: readNumber(data, 0, 4),
    nlmsg_type: isControl ? showName(BigInt(type), netlinkControl) : (protocol?.typeName(type) ?? hex(BigInt(type))),
    nlmsg_flags: flagsText(readNumber(data, 6, 2), special),
    nlmsg_seq: readNumber(data, 8, 4),
    nlmsg_pid: readNumber(data, 12, 4),
  };
  return `{${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}}`;
}

const errorSet: AttributeSet = { names: errorAttributes, values: { NLMSGERR_ATTR_MSG: text } };

/** `{error=-EEXIST, msg={…}}`, then the kernel's own sentence where it has one. */
function errorText(
  data: Uint8Array,
  flags: number,
  context: AttributeContext & { protocol: NetlinkProtocol | undefined },
) {
  if (data.length < 4) return bytesText(data);
  const code = Number(BigInt.asIntN(32, readUnsigned(data, 0, 4)));
  const error = code < 0 ? `-${errnoName(-code)}` : String(code);
  if (data.length < 4 + headerSize) return `{error=${error}}`;
  const original = data.subarray(4);
  const isCapped = (flags & NLM_F_CAPPED) !== 0;
  // An acknowledgement repeats only the header of what it acknowledges.
  const hasBody = !isCapped && original.length > headerSize;
  const length = Math.max(headerSize, readNumber(original, 0, 4));
  const request = hasBody
    ? messageText(original.subarray(0, length), context.protocol, context.view)
    : headerText(original, context.protocol);
  const body = `{error=${error}, msg=${request}}`;
  if ((flags & NLM_F_ACK_TLVS) === 0) return body;
  const rest = original.subarray(hasBody ? align(length) : headerSize);
  return rest.length < 4 ? body : `${body}, ${attributesText(rest, errorSet, context)}`;
}

/** What follows the header: struct and attributes, each preceded by a comma. */
function payloadText(message: Uint8Array, protocol: NetlinkProtocol | undefined, view: ArgumentView): string[] {
  const type = readNumber(message, 4, 2);
  const data = message.subarray(headerSize);
  const context = { view, depth: 0, family: data[0] ?? 0, siblings: new Map(), protocol };
  if (type === 2) return [errorText(data, readNumber(message, 6, 2), context)];
  if (type === 3 && data.length >= 4) return [String(BigInt.asIntN(32, readUnsigned(data, 0, 4)))];
  if (data.length === 0) return [];
  const form = protocol?.form(type);
  if (!form) return [bytesText(data)];
  const parts: string[] = [];
  let rest = data;
  if (form.head) {
    parts.push(form.head.show(data, view));
    rest = data.subarray(align(form.head.size));
  }
  if (rest.length === 0) return parts;
  return [...parts, form.attributes ? attributesText(rest, form.attributes, context) : bytesText(rest)];
}

/** `[header, struct, attributes]`. */
function messageText(message: Uint8Array, protocol: NetlinkProtocol | undefined, view: ArgumentView): string {
  return `[${[headerText(message, protocol), ...payloadText(message, protocol, view)].join(', ')}]`;
}

/** All messages of a datagram, of which only a part may be here. */
export function netlinkText(
  data: Uint8Array,
  whole: number,
  protocol: NetlinkProtocol | undefined,
  view: ArgumentView,
): string {
  const messages: string[] = [];
  let at = 0;
  while (at + headerSize <= data.length && messages.length < most.messages) {
    const length = readNumber(data, at, 4);
    if (length < headerSize) break;
    const message = data.subarray(at, Math.min(at + length, data.length));
    messages.push(messageText(message, protocol, view));
    at += align(length);
  }
  if (messages.length === 0) return quoted(data) + (whole > data.length ? '...' : '');
  if (at < whole) messages.push('...');
  const [only] = messages;
  return messages.length === 1 && only ? only : `[${messages.join(', ')}]`;
}

const audit: NetlinkProtocol = {
  typeName: (type) => showName(BigInt(type), auditMessages),
  flags: () => undefined,
  form: () => undefined,
};

/** Only the family that names the others has a fixed number. @source uapi linux/genetlink.h */
const controlFamily = 0x10;
const genericHead = struct({ cmd: unsigned(1), version: unsigned(1), _reserved: unsigned(2) });
const controlHead = struct({
  cmd: { size: 1, align: 1, show: (data) => showName(BigInt(data[0] ?? 0), genericControl) },
  version: unsigned(1),
  _reserved: unsigned(2),
});
const controlSet: AttributeSet = {
  names: genericControlAttributes,
  values: {
    CTRL_ATTR_FAMILY_ID: shaped(unsigned(2)),
    CTRL_ATTR_FAMILY_NAME: text,
    CTRL_ATTR_VERSION: shaped(unsigned(4)),
    CTRL_ATTR_HDRSIZE: shaped(unsigned(4)),
    CTRL_ATTR_MAXATTR: shaped(unsigned(4)),
  },
};
const generic: NetlinkProtocol = {
  typeName: (type) => (type === controlFamily ? 'nlctrl' : hex(BigInt(type))),
  flags: () => netlinkGetFlags,
  form: (type) => (type === controlFamily ? { head: controlHead, attributes: controlSet } : { head: genericHead }),
};

const socketDiagnosis: NetlinkProtocol = {
  typeName: (type) => showName(BigInt(type), diagMessages),
  flags: () => netlinkGetFlags,
  form: () => undefined,
};

/** Protocols without a file of their own, by the name that the table of descriptors gives them. */
export const smallProtocols: Readonly<Record<string, NetlinkProtocol>> = { audit, generic, sock_diag: socketDiagnosis };

/** Flags by what a message does. */
export const flagsByVerb = { get: netlinkGetFlags, new: netlinkNewFlags, delete: netlinkDeleteFlags } as const;
