// Arguments of the calls on files and folders: flags of an open, modes, device numbers, what stat and statfs fill in.
// @source man open(2), stat(2), statx(2), statfs(2), openat2(2)
import {
  fileSystems,
  fileTypes,
  mountStateFlags,
  openFlags,
  resolveFlags,
  statxAttributes,
  statxMask,
} from '../flags/files.ts';
import { type NameSet, nameOf, showFlags } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ProcessView } from '../view.ts';
import { permissions, permissionText } from './arguments.ts';
import { behind, hasFailed, hexadecimal, pointerText, readNumber, readUnsigned } from './shapes.ts';

const accessModes = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'];

/** Four flags have other bits on arm64. @source uapi asm/fcntl.h of arm64 */
const openFlagsOfArm64: NameSet = {
  ...openFlags,
  values: {
    ...openFlags.values,
    O_DIRECTORY: 0o40000,
    O_NOFOLLOW: 0o100000,
    O_DIRECT: 0o200000,
    O_LARGEFILE: 0o400000,
    O_TMPFILE: 0o20040000,
  },
};

/** `O_RDONLY|O_CLOEXEC`: the access mode is a number, not a set of bits. */
export function openFlagsText(value: bigint, machine: ProcessView['machine'] = 'x64'): string {
  const mode = accessModes[Number(value & 3n)] ?? '';
  const rest = value & ~3n;
  const set = machine === 'arm64' ? openFlagsOfArm64 : openFlags;
  const names = showFlags(rest, set);
  return rest === 0n ? mode : `${mode}|${names.replace(/ \/\* O_\?\?\? \*\/$/, '')}`;
}

export const openFlag: ArgumentType = {
  show: (view) => openFlagsText(BigInt.asUintN(32, view.value), view.process.machine),
};

const [create, temporary] = [0o100n, 0o20000000n];
const createsFile = (flags: bigint): boolean => (flags & (create | temporary)) !== 0n;

/** The mode of an open: only where it creates something. `flagsAt`: position of the flags. */
export const createMode = (flagsAt: number): ArgumentType => ({
  show: (view) => (createsFile(view.registers[flagsAt] ?? 0n) ? permissions.show(view) : ''),
});

/** `struct open_how`: flags, mode, resolve, 8 bytes each. */
export const openHow: ArgumentType = behind({ kind: 'struct', size: 24 }, (data, view) => {
  const flags = readUnsigned(data, 0);
  const mode = readUnsigned(data, 8);
  const hasMode = createsFile(flags) || mode !== 0n;
  const shown = [
    `flags=${openFlagsText(flags, view.process.machine)}`,
    ...(hasMode ? [`mode=${permissionText(Number(mode))}`] : []),
    `resolve=${showFlags(readUnsigned(data, 16), resolveFlags)}`,
  ];
  return `{${shown.join(', ')}}`;
});

const typeBits = 0o170000;

/** `S_IFREG|0644`, `S_IFDIR|S_ISVTX|0777`. */
export function modeText(mode: number): string {
  const type = nameOf(BigInt(mode & typeBits), fileTypes);
  const special = [
    ...(mode & 0o4000 ? ['S_ISUID'] : []),
    ...(mode & 0o2000 ? ['S_ISGID'] : []),
    ...(mode & 0o1000 ? ['S_ISVTX'] : []),
  ];
  const unknown = type === undefined && (mode & typeBits) !== 0 ? [`0${(mode & typeBits).toString(8)}`] : [];
  return [...(type === undefined ? unknown : [type]), ...special, permissionText(mode & 0o777)].join('|');
}

/** The mode of mknod: a type and permissions. */
export const nodeMode: ArgumentType = { show: (view) => modeText(Number(BigInt.asUintN(32, view.value))) };

const major = (device: bigint): bigint => ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn & 0xffffffffn);
const minor = (device: bigint): bigint => (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
/** `makedev(0x8, 0x1)`. */
export const deviceText = (device: bigint): string =>
  `makedev(0x${major(device).toString(16)}, 0x${minor(device).toString(16)})`;

const [character, block] = [0o020000, 0o060000];
const isDevice = (mode: number): boolean => [character, block].includes(mode & typeBits);

/** The device of mknod: only for a device. */
export const nodeDevice = (modeAt: number): ArgumentType => ({
  show: (view) =>
    isDevice(Number((view.registers[modeAt] ?? 0n) & 0xffffn)) ? deviceText(BigInt.asUintN(32, view.value)) : '',
});

/** Where the mode, the size and the device number stand. @source uapi asm/stat.h */
const statLayout = {
  x64: { mode: 24, device: 40, length: 48 },
  arm64: { mode: 16, device: 32, length: 48 },
};
/** Up to where the tracer reads these structs: no further than the last field that is shown. */
const [statBytes, statxBytes] = [56, 48];

function fileText(mode: number, size: bigint, device: bigint, prefix: string): string {
  const what = isDevice(mode) ? `${prefix}rdev=${deviceText(device)}` : `${prefix}size=${size}`;
  return `${prefix}mode=${modeText(mode)}, ${what}`;
}

/** `struct stat`, its mode and size as strace's short form shows them. */
export const statOut: ArgumentType = behind(
  { kind: 'struct', size: statBytes },
  (data, view) => {
    const at = statLayout[view.process.machine];
    if (data.length < statBytes) return pointerText(view.value);
    return `{${fileText(readNumber(data, at.mode, 4), readUnsigned(data, at.length), readUnsigned(data, at.device), 'st_')}, ...}`;
  },
  'exit',
);

/** `struct statx`, as strace's short form shows it. @source uapi linux/stat.h */
export const statxOut: ArgumentType = behind(
  { kind: 'struct', size: statxBytes },
  (data, view) => {
    if (data.length < statxBytes) return pointerText(view.value);
    const mode = readNumber(data, 28, 2);
    const mask = showFlags(readUnsigned(data, 0, 4), statxMask);
    return `{stx_mask=${mask}, stx_attributes=${showFlags(readUnsigned(data, 8), statxAttributes)}, stx_mode=${modeText(mode)}, stx_size=${readUnsigned(data, 40)}, ...}`;
  },
  'exit',
);

const statfsFields = ['f_blocks', 'f_bfree', 'f_bavail', 'f_files', 'f_ffree'];

/** `struct statfs` of a 64-bit machine. */
export const statfsOut: ArgumentType = behind(
  { kind: 'struct', size: 120 },
  (data, view) => {
    if (data.length < 120) return pointerText(view.value);
    const type = readUnsigned(data, 0);
    const numbers = statfsFields.map((name, index) => `${name}=${readUnsigned(data, 16 + index * 8)}`);
    const id = [56, 60].map((at) => hexadecimal(4).show(data.subarray(at), view)).join(', ');
    const flags = showFlags(readUnsigned(data, 80), mountStateFlags);
    const shown = [
      `f_type=${nameOf(type, fileSystems) ?? pointerText(type)}`,
      `f_bsize=${readUnsigned(data, 8)}`,
      ...numbers,
      `f_fsid={val=[${id}]}`,
      `f_namelen=${readUnsigned(data, 64)}`,
      `f_frsize=${readUnsigned(data, 72)}`,
      `f_flags=${flags}`,
    ];
    return `{${shown.join(', ')}}`;
  },
  'exit',
);

const accessBits = ['X_OK', 'W_OK', 'R_OK'];

/** `F_OK`, `R_OK|W_OK`. */
export const accessMode: ArgumentType = {
  show(view) {
    const mode = Number(BigInt.asUintN(32, view.value));
    if (mode === 0) return 'F_OK';
    const names = [4, 2, 1].filter((bit) => mode & bit).map((bit) => accessBits[Math.log2(bit)]);
    const rest = mode & ~7;
    if (names.length === 0) return `0x${rest.toString(16)} /* ?_OK */`;
    return [...names, ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join('|');
  },
};

/** Flags of a statx: how fresh its answer must be is a number of its own. */
export const statxFlags = (set: NameSet): ArgumentType => ({
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    const fresh = (value & 0x6000n) === 0n ? ['AT_STATX_SYNC_AS_STAT'] : [];
    return [...fresh, ...(value === 0n ? [] : [showFlags(value, set)])].join('|');
  },
});

/** `struct file_attr`: xflags, extsize, nextents, projid, cowextsize. @source uapi linux/fs.h of Linux 6.17 */
export const fileAttribute = (when: 'enter' | 'exit'): ArgumentType =>
  behind(
    { kind: 'struct', size: 24 },
    (data, view) => {
      if (hasFailed(view) && when === 'exit') return pointerText(view.value);
      const names = ['fa_extsize', 'fa_nextents', 'fa_projid', 'fa_cowextsize'];
      const rest = names.map((name, index) => `${name}=${readNumber(data, 8 + index * 4, 4)}`);
      return `{fa_xflags=${pointerText(readUnsigned(data, 0)).replace('NULL', '0')}, ${rest.join(', ')}}`;
    },
    when,
  );
