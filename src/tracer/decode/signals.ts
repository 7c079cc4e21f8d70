// Arguments of the calls on signals: sets of signals, actions, stacks, what siginfo tells.
// @source man sigaction(2), sigprocmask(2), sigaltstack(2), waitid(2); uapi asm-generic/siginfo.h
import { nameOf, showFlags, showName } from '../flags/names.ts';
import { signals } from '../flags/signal.ts';
import { actionFlags, childCodes, signalCodes, stackFlags } from '../flags/signal-action.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { behind, pointerText, readNumber, readUnsigned } from './shapes.ts';

/** A signal's number. */
export const signal: ArgumentType = {
  show(view) {
    const number = BigInt.asUintN(32, view.value);
    return nameOf(number, signals) ?? String(BigInt.asIntN(32, number));
  },
};

const withoutPrefix = (number: number): string =>
  (nameOf(BigInt(number), signals) ?? String(number)).replace(/^SIG/, '');

const signalsInAll = 64;
/** Few sets are used, and those often. */
const known = new Map<bigint, string>();
const knownMost = 256;

/** `[INT CHLD]`; `~[KILL STOP]` where most are in it. */
export function signalSetText(set: bigint): string {
  const before = known.get(set);
  if (before !== undefined) return before;
  const all = Array.from({ length: signalsInAll }, (_, index) => index + 1);
  const members = all.filter((number) => (set >> BigInt(number - 1)) & 1n);
  const isMost = members.length >= (signalsInAll * 2) / 3;
  const shown = isMost ? all.filter((number) => !members.includes(number)) : members;
  const text = `${isMost ? '~' : ''}[${shown.map(withoutPrefix).join(' ')}]`;
  if (known.size < knownMost) known.set(set, text);
  return text;
}

const setText = (data: Uint8Array, view: ArgumentView): string =>
  data.length < 8 ? pointerText(view.value) : signalSetText(readUnsigned(data, 0));

export const signalSet = behind({ kind: 'struct', size: 8 }, setText);
export const signalSetOut = behind({ kind: 'struct', size: 8 }, setText, 'exit');

const handlers: Readonly<Record<string, string>> = { '0': 'SIG_DFL', '1': 'SIG_IGN' };
const restorerFlag = 0x04000000n;

/** The kernel's struct sigaction: handler, flags, restorer, mask. arm64 has the restorer too. */
function actionText(data: Uint8Array, view: ArgumentView): string {
  if (data.length < 32) return pointerText(view.value);
  const handler = readUnsigned(data, 0);
  const flags = readUnsigned(data, 8);
  const shown = [
    `sa_handler=${handlers[String(handler)] ?? pointerText(handler)}`,
    `sa_mask=${signalSetText(readUnsigned(data, 24))}`,
    `sa_flags=${showFlags(flags, actionFlags)}`,
    ...((flags & restorerFlag) === 0n ? [] : [`sa_restorer=${pointerText(readUnsigned(data, 16))}`]),
  ];
  return `{${shown.join(', ')}}`;
}

export const action = behind({ kind: 'struct', size: 32 }, actionText);
export const actionOut = behind({ kind: 'struct', size: 32 }, actionText, 'exit');

function stackText(data: Uint8Array, view: ArgumentView): string {
  if (data.length < 24) return pointerText(view.value);
  return `{ss_sp=${pointerText(readUnsigned(data, 0))}, ss_flags=${showFlags(readUnsigned(data, 8, 4), stackFlags)}, ss_size=${readUnsigned(data, 16)}}`;
}

export const signalStack = behind({ kind: 'struct', size: 24 }, stackText);
export const signalStackOut = behind({ kind: 'struct', size: 24 }, stackText, 'exit');

const childSignal = 17;
/** Up to the last field that is shown. */
const informationBytes = 48;

/** `struct siginfo`: the fields of a child's end, or who sent the signal. */
function informationText(data: Uint8Array, view: ArgumentView): string {
  if (data.length < 32) return pointerText(view.value);
  const number = readNumber(data, 0, 4);
  const code = BigInt.asUintN(32, BigInt(readNumber(data, 8, 4)));
  if (number === 0) return '{}';
  const isChild = number === childSignal && Number(code) < 100;
  const codeName = showName(code, isChild ? childCodes : signalCodes);
  const shown = [`si_signo=${nameOf(BigInt(number), signals) ?? number}`, `si_code=${codeName}`];
  const errno = readNumber(data, 4, 4);
  if (errno !== 0) shown.push(`si_errno=${errno}`);
  shown.push(`si_pid=${readNumber(data, 16, 4)}`, `si_uid=${readNumber(data, 20, 4)}`);
  if (isChild) {
    const status = readNumber(data, 24, 4);
    const isExit = Number(code) === 1;
    shown.push(`si_status=${isExit ? status : (nameOf(BigInt(status), signals) ?? status)}`);
    if (data.length >= 48) shown.push(`si_utime=${readUnsigned(data, 32)}`, `si_stime=${readUnsigned(data, 40)}`);
  }
  return `{${shown.join(', ')}}`;
}

export const information = behind({ kind: 'struct', size: informationBytes }, informationText);
export const informationOut = behind({ kind: 'struct', size: informationBytes }, informationText, 'exit');
