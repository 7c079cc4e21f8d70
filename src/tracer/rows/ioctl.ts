// ioctl: one number, a world of requests.
import { ioctlArguments, ioctlVariants } from '../decode/ioctl.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const ioctlRows = {
  ioctl: row({ x64: 16, arm64: 29, args: ioctlArguments, variants: ioctlVariants, source: 'man ioctl(2)' }),
} satisfies Record<string, SyscallRow>;
