// Arguments of the calls that make processes and namespaces: flags of clone with the signal in their low byte, struct clone_args.
// What strace leaves out, because the flags do not use it, is left out here too.
// @source man clone(2); uapi linux/sched.h
import { showFlags, showName } from '../flags/names.ts';
import { cloneFlags } from '../flags/namespace.ts';
import { signals } from '../flags/signal.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { descriptorText, int32 } from './arguments.ts';
import { behind, hasFailed, pointerText, readNumber, readUnsigned } from './shapes.ts';

const CLONE_PIDFD = 0x1000n;
const CLONE_SETTLS = 0x80000n;
const CLONE_PARENT_SETTID = 0x100000n;
const CLONE_CHILD_CLEARTID = 0x200000n;
const CLONE_CHILD_SETTID = 0x1000000n;
const CLONE_INTO_CGROUP = 0x200000000n;

const signalMask = 0xffn;

const has = (flags: bigint, some: bigint): boolean => (flags & some) !== 0n;
const cloneFlagsOf = (view: ArgumentView): bigint => view.registers[0] ?? 0n;

/** strace prints the stack first, though it is the second argument. */
export const childStack: ArgumentType = { show: (view) => `child_stack=${pointerText(view.registers[1] ?? 0n)}` };

/** The old call has the signal for the parent in the low byte of its flags. */
export const oldCloneFlags: ArgumentType = {
  show(view) {
    const all = cloneFlagsOf(view);
    const signal = all & signalMask;
    const flags = all & ~signalMask;
    const parts = [
      ...(flags === 0n ? [] : [showFlags(flags, cloneFlags)]),
      ...(signal === 0n ? [] : [showName(signal, signals)]),
    ];
    return `flags=${parts.join('|') || '0'}`;
  },
};

/** Holds the new thread's number, or the pidfd that was asked for. */
export const parentTid: ArgumentType = {
  capture: { kind: 'struct', size: 4 },
  when: 'exit',
  show(view) {
    if (!has(cloneFlagsOf(view), CLONE_PARENT_SETTID | CLONE_PIDFD)) return '';
    const isThere = view.captured && view.captured.bytes.length >= 4 && !hasFailed(view);
    return `parent_tid=${isThere && view.captured ? `[${readNumber(view.captured.bytes, 0, 4)}]` : pointerText(view.value)}`;
  },
};

/** The registers of the last two: they stand the other way round on arm64. @source man clone(2) */
const [tls, childTidPointer] = [
  { x64: 4, arm64: 3 },
  { x64: 3, arm64: 4 },
] as const;
const registerOf = (view: ArgumentView, at: typeof tls | typeof childTidPointer): string =>
  pointerText(view.registers[at[view.process.machine]] ?? 0n);

export const threadPointer: ArgumentType = {
  show: (view) => (has(cloneFlagsOf(view), CLONE_SETTLS) ? `tls=${registerOf(view, tls)}` : ''),
};
export const childTid: ArgumentType = {
  show: (view) =>
    has(cloneFlagsOf(view), CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)
      ? `child_tidptr=${registerOf(view, childTidPointer)}`
      : '',
};

interface CloneField {
  name: string;
  at: number;
  /** Left out where it says undefined. */
  show(value: bigint, flags: bigint, view: ArgumentView): string | undefined;
}

const pointerIf =
  (flag: bigint) =>
  (value: bigint, flags: bigint): string | undefined =>
    has(flags, flag) ? pointerText(value) : undefined;

/** struct clone_args. @source uapi linux/sched.h */
const cloneArguments: readonly CloneField[] = [
  { name: 'flags', at: 0, show: (value) => showFlags(value, cloneFlags) },
  { name: 'pidfd', at: 8, show: pointerIf(CLONE_PIDFD) },
  { name: 'child_tid', at: 16, show: pointerIf(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) },
  { name: 'parent_tid', at: 24, show: pointerIf(CLONE_PARENT_SETTID) },
  { name: 'exit_signal', at: 32, show: (value) => (value === 0n ? '0' : showName(value, signals)) },
  { name: 'stack', at: 40, show: pointerText },
  { name: 'stack_size', at: 48, show: (value) => (value === 0n ? '0' : `0x${value.toString(16)}`) },
  { name: 'tls', at: 56, show: pointerIf(CLONE_SETTLS) },
  { name: 'set_tid', at: 64, show: (value) => (value === 0n ? undefined : pointerText(value)) },
  { name: 'set_tid_size', at: 72, show: (value) => (value === 0n ? undefined : String(value)) },
  {
    name: 'cgroup',
    at: 80,
    show: (value, flags, view) => (has(flags, CLONE_INTO_CGROUP) ? descriptorText(int32(value), view) : undefined),
  },
];

/** CLONE_ARGS_SIZE_VER0: the kernel takes no less. */
const smallestClone = 64;

/** What the kernel wrote for the parent: its thread number is what the call returned, the pidfd is not known. */
function cloneResult(flags: bigint, view: ArgumentView): string {
  if (view.result === undefined || view.result <= 0n || !has(flags, CLONE_PARENT_SETTID)) return '';
  return ` => {parent_tid=[${view.result}]}`;
}

export const cloneStruct = behind({ kind: 'counted', count: 1, itemSize: 1, most: 128 }, (data, view) => {
  if (data.length < smallestClone) return pointerText(view.value);
  const flags = readUnsigned(data, 0);
  const shown: string[] = [];
  for (const { name, at, show } of cloneArguments) {
    if (at >= data.length) break;
    const text = at + 8 > data.length ? '...' : show(readUnsigned(data, at), flags, view);
    if (text !== undefined) shown.push(`${name}=${text}`);
  }
  return `{${shown.join(', ')}}${cloneResult(flags, view)}`;
});
