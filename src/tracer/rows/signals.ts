// Calls on signals. Actions and masks are housekeeping of runtimes; sending a signal is not.
import { fd, flags, int, oneOf, unsignedLong } from '../decode/arguments.ts';
import {
  action,
  actionOut,
  information,
  informationOut,
  signal,
  signalSet,
  signalSetOut,
  signalStack,
  signalStackOut,
} from '../decode/signals.ts';
import { timespecIn } from '../decode/time.ts';
import { signalfdFlags } from '../flags/polling.ts';
import { maskOperations } from '../flags/signal-action.ts';
import { row, type SyscallRow } from '../syscall.ts';

export const signalRows = {
  kill: row({ x64: 62, arm64: 129, args: { pid: int, sig: signal }, source: 'man kill(2)' }),
  tkill: row({ x64: 200, arm64: 130, args: { tid: int, sig: signal }, source: 'man tkill(2)' }),
  tgkill: row({ x64: 234, arm64: 131, args: { tgid: int, tid: int, sig: signal }, source: 'man tgkill(2)' }),
  rt_sigqueueinfo: row({
    x64: 129,
    arm64: 138,
    args: { tgid: int, sig: signal, info: information },
    source: 'man rt_sigqueueinfo(2)',
  }),
  rt_tgsigqueueinfo: row({
    x64: 297,
    arm64: 240,
    args: { tgid: int, tid: int, sig: signal, info: information },
    source: 'man rt_tgsigqueueinfo(2)',
  }),
  rt_sigaction: row({
    x64: 13,
    arm64: 134,
    args: { signum: signal, act: action, oldact: actionOut, sigsetsize: unsignedLong },
    noise: true,
    source: 'man sigaction(2)',
  }),
  rt_sigprocmask: row({
    x64: 14,
    arm64: 135,
    args: { how: oneOf(maskOperations), set: signalSet, oldset: signalSetOut, sigsetsize: unsignedLong },
    noise: true,
    source: 'man sigprocmask(2)',
  }),
  rt_sigreturn: row({ x64: 15, arm64: 139, args: {}, noise: true, source: 'man sigreturn(2)' }),
  rt_sigpending: row({
    x64: 127,
    arm64: 136,
    args: { set: signalSetOut, sigsetsize: unsignedLong },
    noise: true,
    source: 'man sigpending(2)',
  }),
  rt_sigsuspend: row({
    x64: 130,
    arm64: 133,
    args: { mask: signalSet, sigsetsize: unsignedLong },
    source: 'man sigsuspend(2)',
  }),
  rt_sigtimedwait: row({
    x64: 128,
    arm64: 137,
    args: { set: signalSet, info: informationOut, timeout: timespecIn, sigsetsize: unsignedLong },
    source: 'man sigtimedwait(2)',
  }),
  sigaltstack: row({
    x64: 131,
    arm64: 132,
    args: { ss: signalStack, old_ss: signalStackOut },
    noise: true,
    source: 'man sigaltstack(2)',
  }),
  pause: row({ x64: 34, args: {}, source: 'man pause(2)' }),
  signalfd: row({
    x64: 282,
    args: { fd, mask: signalSet, sizemask: unsignedLong },
    result: 'fd',
    source: 'man signalfd(2)',
  }),
  signalfd4: row({
    x64: 289,
    arm64: 74,
    args: { fd, mask: signalSet, sizemask: unsignedLong, flags: flags(signalfdFlags) },
    result: 'fd',
    source: 'man signalfd(2)',
  }),
  restart_syscall: row({ x64: 219, arm64: 128, args: {}, noise: true, source: 'man restart_syscall(2)' }),
} satisfies Record<string, SyscallRow>;
