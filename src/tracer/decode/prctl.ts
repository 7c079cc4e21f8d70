// prctl: what its arguments are depends on the first one. Also seccomp, whose filter is known by its length.
// @source man prctl(2), seccomp(2)
import { capabilities } from '../flags/capability.ts';
import { nameOf, showFlags, showName } from '../flags/names.ts';
import {
  ambientOperations,
  coreSchedulingCommands,
  dumpable,
  mceKill,
  mcePolicies,
  memoryMapFields,
  prctlOptions,
  secureBits,
  speculationControls,
  speculationFeatures,
  taggedAddresses,
  timestampModes,
  vmaOperations,
} from '../flags/prctl.ts';
import { seccompActions, seccompFilterFlags, seccompModes, seccompOperations } from '../flags/seccomp.ts';
import { signals } from '../flags/signal.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import { hexadecimal, int, longFlags, oneOf, pointer, string, unsignedLong } from './arguments.ts';
import {
  behind,
  nameShape,
  pointerShape,
  pointerTo,
  pointerToWord,
  quoted,
  signed,
  struct,
  unsigned,
  untilNul,
  wordShape,
} from './shapes.ts';

type Arguments = Readonly<Record<string, ArgumentType>>;

/** One of a list, or 0 as a plain number where the list has no name for it. */
const listed = (set: Parameters<typeof showName>[1]): ArgumentType => ({
  show: (view) => (view.value === 0n && nameOf(0n, set) === undefined ? '0' : showName(view.value, set)),
});

const capability: ArgumentType = { show: (view) => showName(view.value, capabilities) };
const signal = listed(signals);
const number = unsignedLong;
const flag = (set: Parameters<typeof showFlags>[1]): ArgumentType => longFlags(set);

/** struct sock_fprog: how many instructions of classic BPF. */
const filterProgram = pointerTo(struct({ len: unsigned(2), filter: pointerShape }));

const name = behind({ kind: 'string' }, (data) => quoted(untilNul(data).subarray(0, 15)));
const nameOut = behind({ kind: 'struct', size: 16 }, (data) => quoted(untilNul(data)), 'exit');

/** struct prctl_mm_map. @source uapi linux/prctl.h */
const memoryMap = pointerTo(
  struct({
    start_code: pointerShape,
    end_code: pointerShape,
    start_data: pointerShape,
    end_data: pointerShape,
    start_brk: pointerShape,
    brk: pointerShape,
    start_stack: pointerShape,
    arg_start: pointerShape,
    arg_end: pointerShape,
    env_start: pointerShape,
    env_end: pointerShape,
    auxv: pointerShape,
    auxv_size: unsigned(4),
    exe_fd: signed(4),
  }),
);

const intOut = pointerToWord(signed(4), 'exit');
const signalOut = pointerToWord(
  wordShape(4, (value) => (value === 0n ? '0' : showName(value, signals))),
  'exit',
);

const zeros = { arg3: number, arg4: number, arg5: number };

/** By option: what follows it. An option that is not here shows its four registers. */
const byOption: Readonly<Record<string, Arguments>> = {
  PR_SET_PDEATHSIG: { sig: signal },
  PR_GET_PDEATHSIG: { sig: signalOut },
  PR_GET_DUMPABLE: {},
  PR_SET_DUMPABLE: { dumpable: listed(dumpable) },
  PR_GET_KEEPCAPS: {},
  PR_SET_KEEPCAPS: { state: number },
  PR_GET_TIMING: {},
  PR_SET_TIMING: { timing: int },
  PR_SET_NAME: { name },
  PR_GET_NAME: { name: nameOut },
  PR_GET_SECCOMP: {},
  PR_SET_SECCOMP: { mode: listed(seccompModes), filter: filterProgram },
  PR_CAPBSET_READ: { cap: capability },
  PR_CAPBSET_DROP: { cap: capability },
  PR_GET_TSC: { flag: pointerToWord(nameShape(timestampModes), 'exit') },
  PR_SET_TSC: { flag: listed(timestampModes) },
  PR_GET_SECUREBITS: {},
  PR_SET_SECUREBITS: { flags: flag(secureBits) },
  PR_SET_TIMERSLACK: { value: number },
  PR_GET_TIMERSLACK: {},
  PR_TASK_PERF_EVENTS_DISABLE: {},
  PR_TASK_PERF_EVENTS_ENABLE: {},
  PR_MCE_KILL: { arg2: listed(mceKill), arg3: listed(mcePolicies), arg4: number, arg5: number },
  PR_MCE_KILL_GET: { arg2: number, ...zeros },
  PR_SET_MM: { field: listed(memoryMapFields), value: hexadecimal, arg4: number, arg5: number },
  PR_SET_CHILD_SUBREAPER: { set: number },
  PR_GET_CHILD_SUBREAPER: { set: intOut },
  PR_SET_NO_NEW_PRIVS: { arg2: number, ...zeros },
  PR_GET_NO_NEW_PRIVS: { arg2: number, ...zeros },
  PR_GET_TID_ADDRESS: { tidptr: pointerToWord(pointerShape, 'exit') },
  PR_SET_THP_DISABLE: { flags: number, ...zeros },
  PR_GET_THP_DISABLE: { arg2: number, ...zeros },
  PR_CAP_AMBIENT: { operation: listed(ambientOperations), cap: capability, arg4: number, arg5: number },
  PR_GET_SPECULATION_CTRL: { misfeature: listed(speculationFeatures), ...zeros },
  PR_SET_SPECULATION_CTRL: {
    misfeature: listed(speculationFeatures),
    value: flag(speculationControls),
    arg4: number,
    arg5: number,
  },
  PR_SET_TAGGED_ADDR_CTRL: { mode: flag(taggedAddresses), ...zeros },
  PR_SET_IO_FLUSHER: { state: number, ...zeros },
  PR_GET_IO_FLUSHER: { arg2: number, ...zeros },
  PR_SCHED_CORE: { command: listed(coreSchedulingCommands), pid: int, type: number, cookie: pointer },
  PR_SET_MDWE: { mask: hexadecimal, ...zeros },
  PR_SET_VMA: { operation: listed(vmaOperations), addr: pointer, size: number, name: string },
  PR_SET_PTRACER: {
    pid: { show: (view) => (BigInt.asIntN(64, view.value) === -1n ? 'PR_SET_PTRACER_ANY' : String(view.value)) },
  },
};

const option = { option: oneOf(prctlOptions) };
const ambient = byOption.PR_CAP_AMBIENT;

function optionVariant([optionName, args]: [string, Arguments]): SyscallVariant {
  const known = { ...prctlOptions.values, ...Object.assign({}, ...Object.values(prctlOptions.newer ?? {})) };
  return { argument: 0, equals: Number(known[optionName]), args: { ...option, ...args } };
}

const PR_SET_MM_MAP = 14n;

/** With PR_SET_MM_MAP the value is a struct, else an address. */
const memoryMapValue: ArgumentType = {
  ...memoryMap,
  show: (view) => (view.registers[1] === PR_SET_MM_MAP ? memoryMap.show(view) : hexadecimal.show(view)),
};

/** PR_CAP_AMBIENT_CLEAR_ALL takes no capability. */
const ambientCapability: ArgumentType = {
  show: (view) => (view.registers[1] === 4n ? String(view.value) : capability.show(view)),
};

export const prctlVariants: readonly SyscallVariant[] = Object.entries({
  ...byOption,
  PR_CAP_AMBIENT: { ...ambient, cap: ambientCapability },
  PR_SET_MM: { ...byOption.PR_SET_MM, value: memoryMapValue },
}).map(optionVariant);

export const prctlArguments: Arguments = {
  ...option,
  arg2: hexadecimal,
  arg3: hexadecimal,
  arg4: hexadecimal,
  arg5: hexadecimal,
};

const operation = (equals: number, args: Arguments): SyscallVariant => ({
  argument: 0,
  equals,
  args: { operation: oneOf(seccompOperations), ...args },
});

/** struct seccomp_notif_sizes. @source uapi linux/seccomp.h */
const notificationSizes = pointerTo(
  struct({ seccomp_notif: unsigned(2), seccomp_notif_resp: unsigned(2), seccomp_data: unsigned(2) }),
  'exit',
);
const filterFlags: ArgumentType = { show: (view) => showFlags(BigInt.asUintN(32, view.value), seccompFilterFlags) };

/** @source man seccomp(2) */
export const seccompVariants: readonly SyscallVariant[] = [
  operation(0, { flags: hexadecimal, args: pointer }),
  operation(1, { flags: filterFlags, args: filterProgram }),
  operation(2, { flags: hexadecimal, args: pointerToWord(nameShape(seccompActions)) }),
  operation(3, { flags: hexadecimal, args: notificationSizes }),
];
