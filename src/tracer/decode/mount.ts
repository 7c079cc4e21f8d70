// Arguments of the mount calls: struct mount_attr, file handles, what statmount answers, and the values of fsconfig.
// @source uapi linux/mount.h; man mount_setattr(2); man fsconfig(2)
import {
  fsconfigCommands,
  mountAttributes,
  propagations,
  quotaCommands,
  quotaTypes,
  statmountMask,
  swapFlags,
} from '../flags/mount.ts';
import { showFlags, showName } from '../flags/names.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import { dirfd, fd, int, oneOf, path, pointer, string } from './arguments.ts';
import {
  behind,
  flagsShape,
  hexadecimal,
  listShape,
  pointerTo,
  quoted,
  quotedHex,
  readNumber,
  readUnsigned,
  type Shape,
  struct,
  unsigned,
  untilNul,
  wordShape,
} from './shapes.ts';

/** Propagation is one of four, and usually none. */
const propagation: Shape = wordShape(8, (value) => (value === 0n ? '0' : showName(value, propagations)));

/** struct mount_attr; userns_fd is the user namespace whose id map the mount gets. */
export const mountAttribute = behind(
  { kind: 'counted', count: 4, itemSize: 1, most: 64 },
  struct({
    attr_set: flagsShape(mountAttributes, 8),
    attr_clr: flagsShape(mountAttributes, 8),
    propagation,
    userns_fd: unsigned(8),
  }).show,
);

export const swapFlag: ArgumentType = {
  show(view) {
    const priority = view.value & 0x7fffn;
    const flags = view.value & ~0x7fffn & 0xffffffffn;
    if (flags === 0n && priority === 0n) return '0';
    const parts = flags === 0n ? [] : [showFlags(flags, swapFlags)];
    return [...parts, String(priority)].join('|');
  },
};

/** Options of network file systems that are secrets. @source man mount.cifs(8) */
const secretOption = /((?:^"?|,)pass(?:word|wd)?2?=)[^,"]*/g;

/** Options of a mount, separated by commas; a password is left out. */
export const mountOptions: ArgumentType = {
  ...string,
  show: (view) => string.show(view).replace(secretOption, '$1…'),
};

/** The value of an option of fsopen, whose name is the argument before it. */
const optionValue: ArgumentType = {
  ...string,
  show(view) {
    const key = Buffer.from(untilNul(view.other(2)?.bytes ?? new Uint8Array())).toString('latin1');
    return view.captured && /^pass(word|wd)?2?$/.test(key) ? '"…"' : string.show(view);
  },
};

const handleHead = 8;

function handleText(data: Uint8Array): string {
  if (data.length < handleHead) return '{...}';
  const size = readNumber(data, 0, 4);
  const type = BigInt.asIntN(32, readUnsigned(data, 4, 4));
  const bytes = data.subarray(handleHead, handleHead + size);
  const rest = bytes.length < size ? '...' : '';
  return `{handle_bytes=${size}, handle_type=${type}, f_handle=${quotedHex(bytes)}${rest}}`;
}

const handleMost = 8 + 128;

/** struct file_handle: what names a file without a path. */
export const fileHandle = behind({ kind: 'struct', size: handleMost }, handleText);
export const fileHandleOut = behind({ kind: 'struct', size: handleMost }, handleText, 'exit');
export const mountId = behind({ kind: 'struct', size: 4 }, (data) => `[${readNumber(data, 0, 4)}]`, 'exit');

/** struct mnt_id_req: `param` is what statmount shall tell, or the mount after which listmount goes on. */
const mountRequest = (param: Shape): ArgumentType =>
  pointerTo(
    struct({ size: unsigned(4), _spare: unsigned(4), mnt_id: hexadecimal(8), param, mnt_ns_id: hexadecimal(8) }),
  );
export const statmountRequest = mountRequest(flagsShape(statmountMask, 8));
export const listmountRequest = mountRequest(hexadecimal(8));

/** Head of struct statmount; texts lie after it and are found by their offsets. */
const statmountHead = 512;
const statmountFields = struct({
  size: unsigned(4),
  _options: unsigned(4),
  mask: flagsShape(statmountMask, 8),
  sb_dev_major: unsigned(4),
  sb_dev_minor: unsigned(4),
  sb_magic: hexadecimal(8),
  sb_flags: hexadecimal(4),
  _type: unsigned(4),
  mnt_id: hexadecimal(8),
  mnt_parent_id: hexadecimal(8),
  mnt_id_old: unsigned(4),
  mnt_parent_id_old: unsigned(4),
  mnt_attr: flagsShape(mountAttributes, 8),
  mnt_propagation: propagation,
});
const statmountTexts = [
  { name: 'fs_type', at: 36, bit: 0x20n },
  { name: 'mnt_root', at: 104, bit: 0x8n },
  { name: 'mnt_point', at: 108, bit: 0x10n },
  { name: 'mnt_opts', at: 4, bit: 0x80n },
];

export const statmountBuffer = behind(
  { kind: 'counted', count: 2, itemSize: 1, most: 2048 },
  (data, view) => {
    const mask = readUnsigned(data, 8);
    const texts = statmountTexts
      .filter(({ bit }) => (mask & bit) !== 0n)
      .map(({ name, at }) => `${name}=${quoted(untilNul(data.subarray(statmountHead + readNumber(data, at, 4))))}`);
    return `{${[statmountFields.show(data, view).slice(1, -1), ...texts].join(', ')}}`;
  },
  'exit',
);

export const mountIds = behind(
  { kind: 'counted', count: 2, itemSize: 8, most: 512 },
  (data, view) => {
    const count = Number(view.result ?? 0n);
    const shown = Math.max(0, Math.min(count, Math.floor(data.length / 8)));
    const text = listShape(hexadecimal(8), shown).show(data, view);
    return shown < count ? `${text.slice(0, -1)}, ...]` : text;
  },
  'exit',
);

/** `QCMD(Q_GETQUOTA, USRQUOTA)`: the type of quota is in the lowest byte. @source uapi linux/quota.h */
export const quotaCommand: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    return `QCMD(${showName(value >> 8n, quotaCommands)}, ${showName(value & 0xffn, quotaTypes)})`;
  },
};

export const quotaId: ArgumentType = { show: (view) => String(BigInt.asIntN(32, view.value)) };

const binaryValue = behind({ kind: 'counted', count: 4, itemSize: 1, most: 256 }, quotedHex);

const command = (value: number, args: Readonly<Record<string, ArgumentType>>): SyscallVariant => ({
  argument: 1,
  equals: value,
  args: { fs_fd: fd, cmd: oneOf(fsconfigCommands), ...args },
});

/** What value is depends on the command: text, bytes, a path, a descriptor, nothing. @source man fsconfig(2) */
export const fsconfigVariants: readonly SyscallVariant[] = [
  command(0, { key: string, value: pointer, aux: int }),
  command(1, { key: string, value: optionValue, aux: int }),
  command(2, { key: string, value: binaryValue, aux: int }),
  command(3, { key: string, value: path, aux: dirfd }),
  command(4, { key: string, value: path, aux: dirfd }),
  command(5, { key: string, value: pointer, aux: fd }),
  command(6, { key: pointer, value: pointer, aux: int }),
  command(7, { key: pointer, value: pointer, aux: int }),
  command(8, { key: pointer, value: pointer, aux: int }),
];
