// Addresses: struct sockaddr of the usual families, and bare IPv4 and IPv6 addresses.
// Rule: an address that is shorter than its family says is shown as far as it goes.
// @source man socket(2), unix(7), ip(7), ipv6(7), netlink(7), packet(7), vsock(7)
import { hex, showName } from '../flags/names.ts';
import { addressFamilies, etherTypes, hardwareTypes, packetTypes } from '../flags/socket.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import {
  behind,
  hasFailed,
  pointerText,
  quoted,
  readNetworkNumber,
  readNumber,
  readUnsigned,
  untilNul,
} from './shapes.ts';

const ipv4 = (data: Uint8Array): string => [...data.subarray(0, 4)].join('.');

/** In the shortest spelling: the longest run of zero groups becomes `::`. @source RFC 5952 */
function ipv6(data: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => readNetworkNumber(data, index * 2, 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${ipv4(data.subarray(12))}`;
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const words = groups.map((group) => group.toString(16));
  if (best.at < 0) return words.join(':');
  return `${words.slice(0, best.at).join(':')}::${words.slice(best.at + best.length).join(':')}`;
}

/** `inet_addr("172.17.0.2")`, `inet_pton(AF_INET6, "::1")`; undefined for other lengths. */
export function ipText(data: Uint8Array): string | undefined {
  if (data.length === 4) return `inet_addr("${ipv4(data)}")`;
  if (data.length === 16) return `inet_pton(AF_INET6, "${ipv6(data)}")`;
  return undefined;
}

type Family = (data: Uint8Array) => string[];

function unix(data: Uint8Array): string[] {
  const path = data.subarray(2);
  if (path.length === 0) return [];
  if (path[0] === 0) return path.length === 1 ? [] : [`sun_path=@${quoted(trimNuls(path.subarray(1)))}`];
  return [`sun_path=${quoted(untilNul(path))}`];
}

/** An abstract name that fills the whole field is followed by zeros that nobody meant. */
function trimNuls(name: Uint8Array): Uint8Array {
  const abstractMost = 107;
  if (name.length < abstractMost) return name;
  let end = name.length;
  while (end > 0 && name[end - 1] === 0) end--;
  return name.subarray(0, end);
}

const port = (data: Uint8Array): string => `htons(${readNetworkNumber(data, 2, 2)})`;
const inet: Family = (data) => [`sin_port=${port(data)}`, `sin_addr=inet_addr("${ipv4(data.subarray(4))}")`];
const inet6: Family = (data) => [
  `sin6_port=${port(data)}`,
  `sin6_flowinfo=htonl(${readNetworkNumber(data, 4, 4)})`,
  `inet_pton(AF_INET6, "${ipv6(data.subarray(8))}", &sin6_addr)`,
  `sin6_scope_id=${readNumber(data, 24, 4)}`,
];
/** Six digits at least, as strace prints them. */
const groupsText = (groups: number): string =>
  groups === 0 ? '00000000' : `0x${groups.toString(16).padStart(6, '0')}`;
const netlink: Family = (data) => [
  `nl_pid=${BigInt.asIntN(32, readUnsigned(data, 4, 4))}`,
  `nl_groups=${groupsText(readNumber(data, 8, 4))}`,
];
const packet: Family = (data) => {
  const length = data[11] ?? 0;
  const bytes = [...data.subarray(12, 12 + length)].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return [
    `sll_protocol=htons(${showName(BigInt(readNetworkNumber(data, 2, 2)), etherTypes)})`,
    `sll_ifindex=${BigInt.asIntN(32, readUnsigned(data, 4, 4))}`,
    `sll_hatype=${showName(BigInt(readNumber(data, 8, 2)), hardwareTypes)}`,
    `sll_pkttype=${showName(BigInt(data[10] ?? 0), packetTypes)}`,
    `sll_halen=${length}`,
    ...(length > 0 ? [`sll_addr=[${bytes.join(', ')}]`] : []),
  ];
};
const alg: Family = (data) => [
  `salg_type=${quoted(untilNul(data.subarray(2, 16)))}`,
  `salg_feat=${hex(readUnsigned(data, 16, 4))}`,
  `salg_mask=${hex(readUnsigned(data, 20, 4))}`,
  `salg_name=${quoted(untilNul(data.subarray(24, 88)))}`,
];
const contexts: Readonly<Record<number, string>> = {
  0: 'VMADDR_CID_HYPERVISOR',
  1: 'VMADDR_CID_LOCAL',
  2: 'VMADDR_CID_HOST',
  4294967295: 'VMADDR_CID_ANY',
};
const vsock: Family = (data) => {
  const context = readNumber(data, 8, 4);
  return [
    `svm_cid=${contexts[context] ?? hex(BigInt(context))}`,
    `svm_port=${hex(readUnsigned(data, 4, 4))}`,
    `svm_flags=${hex(BigInt(data[12] ?? 0))}`,
  ];
};

const families: Readonly<Record<number, { size: number; show: Family }>> = {
  1: { size: 2, show: unix },
  2: { size: 8, show: inet },
  10: { size: 28, show: inet6 },
  16: { size: 12, show: netlink },
  17: { size: 12, show: packet },
  38: { size: 88, show: alg },
  40: { size: 16, show: vsock },
};

/** `{sa_family=AF_UNIX, sun_path="/run/docker.sock"}`. */
export function socketAddressText(data: Uint8Array): string {
  if (data.length < 2) return quoted(data);
  const number = readNumber(data, 0, 2);
  const head = `sa_family=${showName(BigInt(number), addressFamilies)}`;
  const known = families[number];
  if (known && data.length >= known.size) return `{${[head, ...known.show(data)].join(', ')}}`;
  const rest = data.subarray(2);
  return `{${head}${rest.length > 0 ? `, sa_data=${quoted(rest)}` : ''}}`;
}

/** sockaddr_un with a path is the longest of the usual ones; sockaddr_storage has 128 bytes. */
const addressMost = 128;

/** An address that the process hands over; its length is the argument at `length`. */
export const addressIn = (length: number): ArgumentType =>
  behind({ kind: 'counted', count: length, itemSize: 1, most: addressMost }, socketAddressText);

/** An address that the kernel fills in: as long as the integer says that the argument at `length` points to. */
export const addressOut = (length: number): ArgumentType => ({
  capture: { kind: 'value-result', length, most: addressMost },
  when: 'exit',
  show(view: ArgumentView) {
    if (view.value === 0n) return 'NULL';
    if (hasFailed(view)) return pointerText(view.value);
    return view.captured ? socketAddressText(view.captured.bytes) : pointerText(view.value);
  },
});
