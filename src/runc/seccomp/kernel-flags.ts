// Which flags of a filter this kernel takes. It is asked with a filter at address 0: a flag that it does not know is refused (EINVAL) before
// the filter is looked at (EFAULT), so nothing is ever installed.
// @source man seccomp(2); linux kernel/seccomp.c seccomp_set_mode_filter
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { filterFlags, listenerFlags } from './names.ts';

const SECCOMP_SET_MODE_FILTER = 1;
/** @source uapi asm/unistd.h */
const numbers: Readonly<Record<string, number>> = { x64: 317, arm64: 277 };

/** Names, sorted; those that belong to a listener are tried with one. */
export function supportedFlags(): string[] {
  const number = numbers[process.arch];
  if (number === undefined) return [];
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const call = koffi.load('libc.so.6').func('long syscall(long number, long operation, long flags, void *filter)');
  const takes = (flags: number): boolean =>
    call(number, SECCOMP_SET_MODE_FILTER, flags, null) === -1 && koffi.errno() === constants.errno.EFAULT;
  return Object.entries(filterFlags)
    .filter(([, flag]) => takes(flag) || takes(flag | listenerFlags.NEW_LISTENER))
    .map(([name]) => name)
    .sort();
}
