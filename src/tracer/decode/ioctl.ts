// ioctl: the request by its name, and what it hands over where it is known: terminals, network interfaces, namespaces, files.
// Rule: of a request that is not listed here nothing is read, as it may carry keys; it is shown by its four parts.
// @source man ioctl(2), ioctl_tty(2), netdevice(7), ioctl_ns(2), ioctl_ficlone(2)
import {
  btrfsRequests,
  characterSizes,
  encryptionRequests,
  fileRequests,
  inodeFlags,
  loopRequests,
  mapperRequests,
  namespaceRequests,
  otherRequests,
  pidfdRequests,
  seccompRequests,
  socketRequests,
  terminalControl,
  terminalInput,
  terminalLocal,
  terminalOutput,
  terminalRequests,
  terminalSpeeds,
  tunnelFlags,
  tunnelRequests,
} from '../flags/ioctl.ts';
import { hex, type NameSet, nameOf, showFlags, showName } from '../flags/names.ts';
import { linkFlags } from '../flags/rtnetlink.ts';
import { hardwareTypes } from '../flags/socket.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { socketAddressText } from './addresses.ts';
import { fd, hexadecimal, int, string } from './arguments.ts';
import {
  behind,
  flagsShape,
  hasFailed,
  pointerText,
  pointerTo,
  pointerToWord,
  quoted,
  readNumber,
  readUnsigned,
  type Shape,
  signed,
  struct,
  unsigned,
  untilNul,
  wordShape,
} from './shapes.ts';

const known: readonly NameSet[] = [
  terminalRequests,
  socketRequests,
  namespaceRequests,
  fileRequests,
  loopRequests,
  tunnelRequests,
  seccompRequests,
  pidfdRequests,
  btrfsRequests,
  encryptionRequests,
  mapperRequests,
  otherRequests,
];

const directions = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE'];

/** `TIOCSCTTY`; an unknown one as `_IOC(_IOC_READ, 0x94, 0x1, 0x10)`: direction, type, number, size. @source uapi asm-generic/ioctl.h */
function requestText(value: bigint): string {
  for (const set of known) {
    const name = nameOf(value, set);
    if (name !== undefined) return name;
  }
  const direction = directions[Number((value >> 30n) & 3n)] ?? '';
  const [type, number, size] = [(value >> 8n) & 0xffn, value & 0xffn, (value >> 16n) & 0x3fffn];
  return `_IOC(${direction}, ${hex(type)}, ${hex(number)}, ${hex(size)})`;
}

export const request: ArgumentType = { show: (view) => requestText(BigInt.asUintN(32, view.value)) };

const speedMask = 0o10017n;
const sizeMask = 0o60n;

/** c_cflag: a speed, a size of characters, then flags. */
const control = wordShape(4, (value) => {
  const rest = value & ~(speedMask | sizeMask);
  const speed = showName(value & speedMask, terminalSpeeds);
  const size = showName(value & sizeMask, characterSizes);
  return [speed, size, ...(rest === 0n ? [] : [showFlags(rest, terminalControl)])].join('|');
});

const terminal = struct({
  c_iflag: flagsShape(terminalInput),
  c_oflag: flagsShape(terminalOutput),
  c_cflag: control,
  c_lflag: flagsShape(terminalLocal),
});
/** The control characters after the flags are folded. */
const terminalText = (data: Uint8Array, view: ArgumentView): string =>
  `${terminal.show(data, view).slice(0, -1)}, ...}`;
const terminalSize = 36;
const windowSize = struct({ ws_row: unsigned(2), ws_col: unsigned(2), ws_xpixel: unsigned(2), ws_ypixel: unsigned(2) });

const nameSize = 16;
type Request = Readonly<Record<string, (data: Uint8Array) => string>>;

const address = (data: Uint8Array): string => socketAddressText(data.subarray(0, 16));
const hardware = (data: Uint8Array): string => {
  const family = showName(BigInt(readNumber(data, 0, 2)), hardwareTypes);
  const bytes = [...data.subarray(2, 8)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `{sa_family=${family}, sa_data=${bytes.join(':')}}`;
};
const number = (data: Uint8Array): string => String(BigInt.asIntN(32, readUnsigned(data, 0, 4)));
const interfaceFlags = (data: Uint8Array): string => showFlags(readUnsigned(data, 0, 2), linkFlags);
const text = (data: Uint8Array): string => quoted(untilNul(data.subarray(0, nameSize)));

/** What of struct ifreq's union a request uses. @source man netdevice(7) */
const interfaceFields: Request = {
  SIOCGIFFLAGS: (data) => `ifr_flags=${interfaceFlags(data)}`,
  SIOCSIFFLAGS: (data) => `ifr_flags=${interfaceFlags(data)}`,
  SIOCGIFADDR: (data) => `ifr_addr=${address(data)}`,
  SIOCSIFADDR: (data) => `ifr_addr=${address(data)}`,
  SIOCGIFDSTADDR: (data) => `ifr_dstaddr=${address(data)}`,
  SIOCSIFDSTADDR: (data) => `ifr_dstaddr=${address(data)}`,
  SIOCGIFBRDADDR: (data) => `ifr_broadaddr=${address(data)}`,
  SIOCSIFBRDADDR: (data) => `ifr_broadaddr=${address(data)}`,
  SIOCGIFNETMASK: (data) => `ifr_netmask=${address(data)}`,
  SIOCSIFNETMASK: (data) => `ifr_netmask=${address(data)}`,
  SIOCGIFHWADDR: (data) => `ifr_hwaddr=${hardware(data)}`,
  SIOCSIFHWADDR: (data) => `ifr_hwaddr=${hardware(data)}`,
  SIOCGIFMTU: (data) => `ifr_mtu=${number(data)}`,
  SIOCSIFMTU: (data) => `ifr_mtu=${number(data)}`,
  SIOCGIFMETRIC: (data) => `ifr_metric=${number(data)}`,
  SIOCGIFINDEX: (data) => `ifr_ifindex=${number(data)}`,
  SIOCGIFTXQLEN: (data) => `ifr_qlen=${number(data)}`,
  SIOCSIFTXQLEN: (data) => `ifr_qlen=${number(data)}`,
  SIOCSIFNAME: (data) => `ifr_newname=${text(data)}`,
  SIOCBRADDIF: (data) => `ifr_ifindex=${number(data)}`,
  SIOCBRDELIF: (data) => `ifr_ifindex=${number(data)}`,
  SIOCETHTOOL: () => 'ifr_data=...',
  TUNSETIFF: (data) => `ifr_flags=${showFlags(readUnsigned(data, 0, 2), tunnelFlags)}`,
  TUNGETIFF: (data) => `ifr_flags=${showFlags(readUnsigned(data, 0, 2), tunnelFlags)}`,
};
/** 40 bytes on 64-bit machines. */
const interfaceRequestSize = 40;
/** What the kernel fills in; the name is there before and after. */
const isAsked = (name: string): boolean => name.startsWith('SIOCG') || name === 'TUNGETIFF' || name === 'TUNSETIFF';

function interfaceArgument([name, show]: [string, (data: Uint8Array) => string]): [string, ArgumentType] {
  const when = isAsked(name) ? 'exit' : 'enter';
  const type: ArgumentType = {
    capture: { kind: 'struct', size: interfaceRequestSize },
    when,
    show(view) {
      const data = view.captured?.bytes;
      if (!data || data.length < interfaceRequestSize) return pointerText(view.value);
      const nameText = `ifr_name=${text(data)}`;
      return when === 'exit' && hasFailed(view) ? `{${nameText}}` : `{${nameText}, ${show(data.subarray(nameSize))}}`;
    },
  };
  return [name, type];
}

/** SIOCGIFNAME is the other way round: an index in, a name out. */
const interfaceName = behind(
  { kind: 'struct', size: interfaceRequestSize },
  (data) => `{ifr_index=${number(data.subarray(nameSize))}, ifr_name=${text(data)}}`,
  'exit',
);

const numberIn = pointerToWord(signed(4));
const numberOut = pointerToWord(signed(4), 'exit');
const longOut = pointerToWord(unsigned(8), 'exit');
const idOut = pointerToWord(unsigned(4), 'exit');
const flagsShapeOf: Shape = flagsShape(inodeFlags);

const range = pointerTo(
  struct({ src_fd: signed(8), src_offset: unsigned(8), src_length: unsigned(8), dest_offset: unsigned(8) }),
);
const attributes = struct({
  fsx_xflags: wordShape(4, hex),
  fsx_extsize: unsigned(4),
  fsx_nextents: unsigned(4),
  fsx_projid: unsigned(4),
  fsx_cowextsize: unsigned(4),
});

/** struct btrfs_ioctl_vol_args: a descriptor and a name. */
const volume = behind({ kind: 'struct', size: 264 }, (data) => {
  const name = quoted(untilNul(data.subarray(8)));
  return `{fd=${BigInt.asIntN(64, readUnsigned(data, 0, 8))}, name=${name}}`;
});

/** `null`: the request takes no third argument. */
const byRequest: Readonly<Record<string, ArgumentType | null>> = {
  TCGETS: behind({ kind: 'struct', size: terminalSize }, terminalText, 'exit'),
  TCSETS: behind({ kind: 'struct', size: terminalSize }, terminalText),
  TCSETSW: behind({ kind: 'struct', size: terminalSize }, terminalText),
  TCSETSF: behind({ kind: 'struct', size: terminalSize }, terminalText),
  TIOCGWINSZ: pointerTo(windowSize, 'exit'),
  TIOCSWINSZ: pointerTo(windowSize),
  TIOCSCTTY: int,
  TIOCNOTTY: null,
  TIOCEXCL: null,
  TIOCNXCL: null,
  TIOCGPGRP: numberOut,
  TIOCSPGRP: numberIn,
  TIOCGSID: numberOut,
  TIOCGPTN: numberOut,
  TIOCSPTLCK: numberIn,
  TIOCGPTLCK: numberOut,
  TIOCGPTPEER: hexadecimal,
  TIOCOUTQ: numberOut,
  FIONREAD: numberOut,
  FIONBIO: numberIn,
  FIOASYNC: numberIn,
  FIOCLEX: null,
  FIONCLEX: null,
  TCSBRK: int,
  TCXONC: int,
  TCFLSH: int,
  ...Object.fromEntries(Object.entries(interfaceFields).map(interfaceArgument)),
  SIOCGIFNAME: interfaceName,
  SIOCBRADDBR: string,
  SIOCBRDELBR: string,
  TUNSETPERSIST: int,
  TUNSETOWNER: int,
  TUNSETGROUP: int,
  NS_GET_USERNS: null,
  NS_GET_PARENT: null,
  NS_GET_NSTYPE: null,
  NS_GET_OWNER_UID: idOut,
  NS_GET_MNTNS_ID: longOut,
  FS_IOC_GETFLAGS: pointerToWord(flagsShapeOf, 'exit'),
  FS_IOC_SETFLAGS: pointerToWord(flagsShapeOf),
  FS_IOC_FSGETXATTR: pointerTo(attributes, 'exit'),
  FS_IOC_FSSETXATTR: pointerTo(attributes),
  FICLONE: int,
  FICLONERANGE: range,
  FIFREEZE: null,
  FITHAW: null,
  BLKGETSIZE64: longOut,
  BLKGETSIZE: longOut,
  BLKSSZGET: numberOut,
  BLKROGET: numberOut,
  BLKROSET: numberIn,
  BLKFLSBUF: null,
  BLKRRPART: null,
  LOOP_SET_FD: int,
  LOOP_CLR_FD: null,
  LOOP_CTL_GET_FREE: null,
  LOOP_CTL_ADD: int,
  LOOP_CTL_REMOVE: int,
  LOOP_SET_DIRECT_IO: int,
  LOOP_SET_BLOCK_SIZE: int,
  BTRFS_IOC_SUBVOL_CREATE: volume,
  BTRFS_IOC_SNAP_DESTROY: volume,
  SECCOMP_IOCTL_NOTIF_ID_VALID: pointerToWord(wordShape(8, hex)),
};

function numberOf(name: string): number {
  for (const { values, newer } of known) {
    for (const group of [values, ...Object.values(newer ?? {})]) {
      const value = group[name];
      if (value !== undefined) return value;
    }
  }
  throw new Error(`ioctl request ${name} has no number`);
}

export const ioctlVariants: readonly SyscallVariant[] = Object.entries(byRequest).map(([name, argp]) => ({
  argument: 1,
  equals: numberOf(name),
  args: argp === null ? { fd, op: request } : { fd, op: request, argp },
}));

export const ioctlArguments = { fd, op: request, argp: hexadecimal };
