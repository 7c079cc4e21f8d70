// Arguments of the socket calls: types and protocols, options with their values, messages, and the data of netlink sockets.
// Rule: what goes through other sockets is not read; of options only levels without keys (not TLS, not ALG), and short.
// @source man socket(2), setsockopt(2), socket(7), ip(7), tcp(7), netlink(7)
import { errnoName } from '../errno.ts';
import { hex, type NameSet, nameOf, showFlags, showName } from '../flags/names.ts';
import { netlinkProtocols } from '../flags/netlink.ts';
import {
  addressFamilies,
  controlTypes,
  etherTypes,
  internetProtocols,
  ipOptions,
  ipv6Options,
  messageFlags,
  netlinkOptions,
  packetOptions,
  socketFlags,
  socketLevels,
  socketOptions,
  socketTypes,
  tcpOptions,
  udpOptions,
} from '../flags/socket.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import type { ArgumentView, CapturedBytes } from '../view.ts';
import { socketAddressText } from './addresses.ts';
import { descriptorText, fd, int32, oneOf, pointer, unsignedInt } from './arguments.ts';
import { type NetlinkProtocol, netlinkText, smallProtocols } from './netlink.ts';
import { netfilter } from './nftables.ts';
import { route } from './rtnetlink.ts';
import {
  behind,
  hasFailed,
  pointerShape,
  pointerText,
  pointerToWord,
  quoted,
  quotedHex,
  readNumber,
  readUnsigned,
  type Shape,
  signed,
  struct,
  unsigned,
  untilNul,
} from './shapes.ts';

const [AF_INET, AF_INET6, AF_NETLINK, AF_PACKET] = [2, 10, 16, 17];
const lower32 = (value: bigint): bigint => BigInt.asUintN(32, value);

/** `SOCK_STREAM|SOCK_CLOEXEC`: the type is a number, flags stand above it. */
export const socketType: ArgumentType = {
  show(view) {
    const value = lower32(view.value);
    const flags = value & ~0xfn;
    const type = showName(value & 0xfn, socketTypes);
    return flags === 0n ? type : `${type}|${showFlags(flags, socketFlags)}`;
  },
};

/** Depends on the family: `NETLINK_ROUTE`, `IPPROTO_TCP`, `htons(ETH_P_ALL)`. */
export const socketProtocol: ArgumentType = {
  show(view) {
    const family = int32(view.registers[0] ?? 0n);
    const value = lower32(view.value);
    if (family === AF_NETLINK) return showName(value, netlinkProtocols);
    if (family === AF_INET || family === AF_INET6) return showName(value, internetProtocols);
    if (family === AF_PACKET)
      return `htons(${showName(((value & 0xffn) << 8n) | ((value >> 8n) & 0xffn), etherTypes)})`;
    return String(value);
  },
};

export const descriptorPair = behind(
  { kind: 'struct', size: 8 },
  (data) => `[${readNumber(data, 0, 4)}, ${readNumber(data, 4, 4)}]`,
  'exit',
);

/** A length that the kernel corrects: as it is afterwards. */
export const lengthOut = pointerToWord(signed(4), 'exit');
export const messageFlag: ArgumentType = { show: (view) => showFlags(lower32(view.value), messageFlags) };
export const acceptFlags: ArgumentType = { show: (view) => showFlags(lower32(view.value), socketFlags) };

/** A level of options: the names of its options. */
const optionsOf: Readonly<Record<number, NameSet>> = {
  0: ipOptions,
  1: socketOptions,
  6: tcpOptions,
  17: udpOptions,
  41: ipv6Options,
  263: packetOptions,
  270: netlinkOptions,
};

const levelOf = (view: ArgumentView): number => int32(view.registers[1] ?? 0n);

const optionName: ArgumentType = {
  show(view) {
    const set = optionsOf[levelOf(view)];
    return set ? showName(lower32(view.value), set) : String(int32(view.value));
  },
};

const named = (set: NameSet): ((data: Uint8Array) => string) => {
  return (data) => `[${showName(readUnsigned(data, 0, 4), set)}]`;
};
const shapedAs =
  (shape: Shape) =>
  (data: Uint8Array, view: ArgumentView): string =>
    data.length < shape.size ? quoted(data) : shape.show(data, view);
const time = shapedAs(struct({ tv_sec: signed(8), tv_usec: signed(8) }));
const textValue = (data: Uint8Array): string => quoted(untilNul(data));

/** Values of SOL_SOCKET that are more than a number. */
const socketValues: Readonly<Record<string, (data: Uint8Array, view: ArgumentView) => string>> = {
  SO_TYPE: named(socketTypes),
  SO_DOMAIN: named(addressFamilies),
  SO_ERROR: (data) => {
    const code = readNumber(data, 0, 4);
    return `[${code === 0 ? '0' : errnoName(code)}]`;
  },
  SO_LINGER: shapedAs(struct({ l_onoff: signed(4), l_linger: signed(4) })),
  SO_PEERCRED: shapedAs(struct({ pid: signed(4), uid: unsigned(4), gid: unsigned(4) })),
  SO_RCVTIMEO_OLD: time,
  SO_SNDTIMEO_OLD: time,
  SO_ATTACH_FILTER: shapedAs(struct({ len: unsigned(2), filter: pointerShape })),
  SO_BINDTODEVICE: textValue,
  SO_PEERSEC: textValue,
};

function optionText(data: Uint8Array, view: ArgumentView): string {
  const name = nameOf(lower32(view.registers[2] ?? 0n), optionsOf[levelOf(view)] ?? socketOptions) ?? '';
  const special = levelOf(view) === 1 ? socketValues[name] : undefined;
  if (special) return special(data, view);
  if (data.length === 4 && view.captured?.whole === 4) return `[${BigInt.asIntN(32, readUnsigned(data, 0, 4))}]`;
  return quoted(data) + ((view.captured?.whole ?? 0) > data.length ? '...' : '');
}

/** Bytes kept of an option of each level. Of TCP only numbers: two of its options are keys. */
const keptByLevel: ReadonlyArray<readonly [level: number, most: number]> = [
  [0, 64],
  [1, 64],
  [6, 4],
  [17, 4],
  [41, 64],
  [263, 64],
  [270, 4],
];

const optionArguments = { sockfd: fd, level: oneOf(socketLevels), optname: optionName };

export const setOptionArguments = { ...optionArguments, optval: pointer, optlen: unsignedInt };
export const setOptionVariants: readonly SyscallVariant[] = keptByLevel.map(([equals, most]) => ({
  argument: 1,
  equals,
  args: {
    ...optionArguments,
    optval: behind({ kind: 'counted', count: 4, itemSize: 1, most }, optionText),
    optlen: unsignedInt,
  },
}));

export const getOptionArguments = { ...optionArguments, optval: pointer, optlen: lengthOut };
export const getOptionVariants: readonly SyscallVariant[] = keptByLevel.map(([equals, most]) => ({
  argument: 1,
  equals,
  args: {
    ...optionArguments,
    optval: behind({ kind: 'value-result', length: 4, most }, optionText, 'exit'),
    optlen: lengthOut,
  },
}));

const protocols: Readonly<Record<string, NetlinkProtocol>> = { ...smallProtocols, route, netfilter };

/** The protocol of the netlink socket in argument 0; undefined for another socket or one whose name is not known. */
function protocolOf(view: ArgumentView): NetlinkProtocol | undefined {
  const name = view.process.descriptor(int32(view.registers[0] ?? 0n)) ?? '';
  const kind = /^socket:\[netlink (\w+)/.exec(name)?.[1] ?? '';
  return Object.hasOwn(protocols, kind) ? protocols[kind] : undefined;
}

/** The tracer reads data of netlink sockets only; `length` is how much the process meant. */
function dataText(captured: CapturedBytes, length: number, view: ArgumentView): string {
  const bytes = captured.bytes.subarray(0, length);
  return netlinkText(bytes, length, protocolOf(view), view);
}

const dataKept = 4096;

/** What send hands over. */
export const sentData: ArgumentType = {
  capture: { kind: 'data', count: 2, most: dataKept },
  show(view) {
    if (view.value === 0n) return 'NULL';
    if (!view.captured) return pointerText(view.value);
    return dataText(view.captured, Number(view.registers[2] ?? 0n), view);
  },
};

/** What recv fills in. */
export const receivedData: ArgumentType = {
  capture: { kind: 'data', count: 2, most: dataKept },
  when: 'exit',
  show(view) {
    if (view.value === 0n) return 'NULL';
    if (!view.captured || hasFailed(view)) return pointerText(view.value);
    // With MSG_TRUNC the result is the length of the datagram, which may be more than the buffer holds.
    const asked = Number(view.registers[2] ?? 0n);
    return dataText(view.captured, Math.min(Number(view.result ?? 0n), asked), view);
  },
};

const isThere = (part: CapturedBytes | undefined): part is CapturedBytes => part !== undefined && part.whole >= 0;

/** struct cmsghdr: a length of 8 bytes, level, type. */
const controlHead = 16;
const controlsShown = 16;
const SOL_SOCKET = 1;
/** Position of the control messages among the parts. @source native/tracer/capture.bpf.h CONTROL_PART */
const controlPart = 9;

const credentials = struct({ pid: signed(4), uid: unsigned(4), gid: unsigned(4) });

function controlData(level: number, type: number, data: Uint8Array, view: ArgumentView): string {
  const name = level === SOL_SOCKET ? nameOf(BigInt(type), controlTypes) : undefined;
  if (name === 'SCM_RIGHTS') {
    const count = Math.floor(data.length / 4);
    const descriptors = Array.from({ length: count }, (_, index) => readUnsigned(data, index * 4, 4));
    return `[${descriptors.map((value) => descriptorText(int32(value), view)).join(', ')}]`;
  }
  if (name === 'SCM_CREDENTIALS' && data.length >= credentials.size) return credentials.show(data, view);
  return quotedHex(data);
}

/** Control messages: descriptors that are handed over, who the sender is. @source man cmsg(3), unix(7) */
function controlText({ bytes, whole }: CapturedBytes, view: ArgumentView): string {
  const shown: string[] = [];
  let at = 0;
  while (at + controlHead <= bytes.length && shown.length < controlsShown) {
    const length = Number(readUnsigned(bytes, at));
    if (length < controlHead || at + length > bytes.length) break;
    const [level, type] = [readNumber(bytes, at + 8, 4), readNumber(bytes, at + 12, 4)];
    const typeText = level === SOL_SOCKET ? showName(BigInt(type), controlTypes) : hex(BigInt(type));
    const data = controlData(level, type, bytes.subarray(at + controlHead, at + length), view);
    const head = `cmsg_len=${length}, cmsg_level=${showName(BigInt(level), socketLevels)}, cmsg_type=${typeText}`;
    shown.push(`{${head}, cmsg_data=${data}}`);
    at += (length + 7) & ~7;
  }
  if (at < whole) shown.push('...');
  return `[${shown.join(', ')}]`;
}

/** struct msghdr, as far as it was read: the address, the data of netlink sockets, control messages. */
function messageText(view: ArgumentView, isSent: boolean): string {
  const [address, ...data] = view.parts.slice(0, controlPart);
  const control = view.parts[controlPart];
  const fields: string[] = [];
  if (isThere(address)) {
    fields.push(`msg_name=${socketAddressText(address.bytes)}`, `msg_namelen=${address.whole}`);
  }
  const vectors = data.filter(isThere).map((part) => {
    // Of what was received only as much was read as there is; the room for it may be larger.
    const length = isSent ? `, iov_len=${part.whole}` : '';
    return `{iov_base=${dataText(part, part.whole, view)}${length}}`;
  });
  if (vectors.length > 0) fields.push(`msg_iov=[${vectors.join(', ')}]`);
  if (isThere(control)) fields.push(`msg_control=${controlText(control, view)}`, `msg_controllen=${control.whole}`);
  return fields.length === 0 ? pointerText(view.value) : `{${[...fields, '...'].join(', ')}}`;
}

const message = (when: 'enter' | 'exit'): ArgumentType => ({
  capture: { kind: 'message', most: when === 'enter' ? 16384 : dataKept },
  when,
  show(view) {
    if (view.value === 0n) return 'NULL';
    return when === 'exit' && hasFailed(view) ? pointerText(view.value) : messageText(view, when === 'enter');
  },
});

export const messageIn = message('enter');
export const messageOut = message('exit');
