// Arguments of futex: what the later ones mean depends on the operation in the second.
// @source man futex(2); uapi linux/futex.h
import { futexOperations } from '../flags/futex.ts';
import { nameOf } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { pointerText } from './shapes.ts';
import { timespecIn } from './time.ts';

const [privateFlag, realtimeFlag] = [128n, 256n];

export const futexOperation: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    const operation = nameOf(value & ~(privateFlag | realtimeFlag), futexOperations);
    if (operation === undefined) return `0x${value.toString(16)} /* FUTEX_??? */`;
    const isPrivate = (value & privateFlag) !== 0n;
    return `${operation}${isPrivate ? '_PRIVATE' : ''}${(value & realtimeFlag) === 0n ? '' : '|FUTEX_CLOCK_REALTIME'}`;
  },
};

/** Which of the arguments behind the value each operation uses, and how. */
const uses: Readonly<
  Record<string, ReadonlyArray<'timeout' | 'number' | 'address' | 'mask' | 'operation' | 'unused'>>
> = {
  FUTEX_WAIT: ['timeout'],
  FUTEX_WAKE: [],
  FUTEX_FD: [],
  FUTEX_REQUEUE: ['number', 'address'],
  FUTEX_CMP_REQUEUE: ['number', 'address', 'number'],
  FUTEX_WAKE_OP: ['number', 'address', 'operation'],
  FUTEX_LOCK_PI: ['timeout'],
  FUTEX_LOCK_PI2: ['timeout'],
  FUTEX_UNLOCK_PI: [],
  FUTEX_TRYLOCK_PI: [],
  FUTEX_WAIT_BITSET: ['timeout', 'unused', 'mask'],
  FUTEX_WAKE_BITSET: ['unused', 'unused', 'mask'],
  FUTEX_WAIT_REQUEUE_PI: ['timeout', 'address'],
  FUTEX_CMP_REQUEUE_PI: ['number', 'address', 'number'],
};
const withoutValue = new Set(['FUTEX_LOCK_PI', 'FUTEX_UNLOCK_PI', 'FUTEX_TRYLOCK_PI', 'FUTEX_LOCK_PI2']);

const operationOf = (view: ArgumentView): string =>
  nameOf(BigInt.asUintN(32, view.registers[1] ?? 0n) & ~(privateFlag | realtimeFlag), futexOperations) ?? '';

export const futexValue: ArgumentType = {
  show(view) {
    const operation = operationOf(view);
    if (withoutValue.has(operation)) return '';
    return String(BigInt.asUintN(32, view.value));
  },
};

function later(view: ArgumentView, position: number): string {
  const use = uses[operationOf(view)]?.[position];
  const value = BigInt.asUintN(32, view.value);
  if (use === 'unused') return '';
  if (use === undefined) return uses[operationOf(view)] ? '' : pointerText(view.value);
  if (use === 'timeout') return timespecIn.show(view);
  if (use === 'address') return pointerText(view.value);
  if (use === 'mask') return value === 0xffffffffn ? 'FUTEX_BITSET_MATCH_ANY' : `0x${value.toString(16)}`;
  return use === 'operation' ? `0x${value.toString(16)}` : String(value);
}

export const futexThird: ArgumentType = { ...timespecIn, show: (view) => later(view, 0) };
export const futexFourth: ArgumentType = { show: (view) => later(view, 1) };
export const futexFifth: ArgumentType = { show: (view) => later(view, 2) };
