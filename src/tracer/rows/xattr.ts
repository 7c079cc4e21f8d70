// Extended attributes: by path, by link, by descriptor, and since Linux 6.13 relative to a folder. Values are not read, names are.
import { dirfd, fd, flags, path, pointer, returnedBytes, string, unsignedLong } from '../decode/arguments.ts';
import { flagsShape, pointerShape, pointerTo, struct, unsigned } from '../decode/shapes.ts';
import { pathFlags, xattrFlags } from '../flags/files.ts';
import { row, type SyscallRow } from '../syscall.ts';

const set = { name: string, value: pointer, size: unsignedLong, flags: flags(xattrFlags) };
const get = { name: string, value: pointer, size: unsignedLong };
const list = { list: returnedBytes, size: unsignedLong };
/** @source uapi linux/xattr.h of Linux 6.13, struct xattr_args */
const xattrArguments = pointerTo(struct({ value: pointerShape, size: unsigned(4), flags: flagsShape(xattrFlags) }));

export const xattrRows = {
  setxattr: row({ x64: 188, arm64: 5, args: { path, ...set }, source: 'man setxattr(2)' }),
  lsetxattr: row({ x64: 189, arm64: 6, args: { path, ...set }, source: 'man setxattr(2)' }),
  fsetxattr: row({ x64: 190, arm64: 7, args: { fd, ...set }, source: 'man setxattr(2)' }),
  setxattrat: row({
    x64: 463,
    arm64: 463,
    args: { dirfd, path, at_flags: flags(pathFlags), name: string, args: xattrArguments, size: unsignedLong },
    source: 'linux fs/xattr.c',
  }),
  getxattr: row({ x64: 191, arm64: 8, args: { path, ...get }, source: 'man getxattr(2)' }),
  lgetxattr: row({ x64: 192, arm64: 9, args: { path, ...get }, source: 'man getxattr(2)' }),
  fgetxattr: row({ x64: 193, arm64: 10, args: { fd, ...get }, source: 'man getxattr(2)' }),
  getxattrat: row({
    x64: 464,
    arm64: 464,
    args: { dirfd, path, at_flags: flags(pathFlags), name: string, args: xattrArguments, size: unsignedLong },
    source: 'linux fs/xattr.c',
  }),
  listxattr: row({ x64: 194, arm64: 11, args: { path, ...list }, source: 'man listxattr(2)' }),
  llistxattr: row({ x64: 195, arm64: 12, args: { path, ...list }, source: 'man listxattr(2)' }),
  flistxattr: row({ x64: 196, arm64: 13, args: { fd, ...list }, source: 'man listxattr(2)' }),
  listxattrat: row({
    x64: 465,
    arm64: 465,
    args: { dirfd, path, at_flags: flags(pathFlags), ...list },
    source: 'linux fs/xattr.c',
  }),
  removexattr: row({ x64: 197, arm64: 14, args: { path, name: string }, source: 'man removexattr(2)' }),
  lremovexattr: row({ x64: 198, arm64: 15, args: { path, name: string }, source: 'man removexattr(2)' }),
  fremovexattr: row({ x64: 199, arm64: 16, args: { fd, name: string }, source: 'man removexattr(2)' }),
  removexattrat: row({
    x64: 466,
    arm64: 466,
    args: { dirfd, path, at_flags: flags(pathFlags), name: string },
    source: 'linux fs/xattr.c',
  }),
} satisfies Record<string, SyscallRow>;
