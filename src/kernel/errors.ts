// A kernel's refusal as a LabError: which call, on what, which errno.
import { getSystemErrorMap } from 'node:util';
import { type ErrorKind, LabError } from '../base/errors.ts';

const kinds: Record<string, ErrorKind> = {
  EPERM: 'permissionDenied',
  EACCES: 'permissionDenied',
  ENOENT: 'notFound',
  ENODEV: 'notFound',
  EEXIST: 'alreadyExists',
  EBUSY: 'conflict',
  EADDRINUSE: 'conflict',
  ENOSPC: 'resourceExhausted',
  ENOMEM: 'resourceExhausted',
  EMFILE: 'resourceExhausted',
  ENOSYS: 'notImplemented',
  EOPNOTSUPP: 'notImplemented',
  EAFNOSUPPORT: 'notImplemented',
};

/** `ENOENT` for 2; a number that this host does not know stays a number. */
export const errnoName = (errno: number): string => getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;

export interface KernelRefusal {
  /** `mount(2)`, `RTM_NEWLINK`. */
  call: string;
  /** What the call was about: `"/proc" on "/run/x"`. */
  what: string;
  errno: number;
  /** What the kernel said besides the number. */
  detail?: string | undefined;
}

/** `link "tlab0": RTM_NEWLINK: EEXIST file already exists (…)`; data carries call and errno. */
export function kernelError(refusal: KernelRefusal): LabError {
  const [name, text] = getSystemErrorMap().get(-refusal.errno) ?? [`errno ${refusal.errno}`, 'unknown'];
  const detail = refusal.detail === undefined ? '' : ` (${refusal.detail})`;
  const message = `${refusal.what}: ${refusal.call}: ${name} ${text}${detail}`;
  const data = { call: refusal.call, errno: name };
  return name === 'EPERM' || name === 'EACCES'
    ? new LabError('permissionDenied', message, { data, hint: 'run as root with CAP_NET_ADMIN and CAP_SYS_ADMIN' })
    : new LabError(kinds[name] ?? 'internal', message, { data });
}

/** The errno's name that a LabError of `kernelError` carries. */
export const errnoOf = (thrown: unknown): string | undefined =>
  thrown instanceof LabError && typeof thrown.data?.errno === 'string' ? thrown.data.errno : undefined;
