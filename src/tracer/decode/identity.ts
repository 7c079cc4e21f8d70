// Arguments of calls on who a process is and what it may use: user and group numbers, capability sets, keys, limits, scheduling.
// Rule: what a key holds is never read.
// @source man capset(2), keyctl(2), getrlimit(2), sched_setattr(2), ioprio_set(2)
import { capabilities, capabilityVersions } from '../flags/capability.ts';
import { keyctlOperations, keyPermissions, keySpecials, requestKeyTargets } from '../flags/key.ts';
import { ioPriorityClasses, schedulingFlags, schedulingPolicies } from '../flags/limit.ts';
import { nameOf, showFlags, showName } from '../flags/names.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { int, oneOf, pointer, string, unsignedInt, unsignedLong } from './arguments.ts';
import {
  behind,
  flagsShape,
  hasFailed,
  itemsShown,
  nameShape,
  pointerText,
  pointerTo,
  pointerToWord,
  quoted,
  readNumber,
  readUnsigned,
  type Shape,
  signed,
  struct,
  unsigned,
  untilNul,
  wordShape,
} from './shapes.ts';

/** A user or group number; the highest means "leave as it is". */
const numericId: Shape = wordShape(4, (value) => (value === 0xffffffffn ? '-1' : String(value)));
export const id: ArgumentType = {
  show: (view) => (BigInt.asUintN(32, view.value) === 0xffffffffn ? '-1' : String(BigInt.asUintN(32, view.value))),
};
export const idOut = pointerToWord(numericId, 'exit');

function groupsText(data: Uint8Array, count: number): string {
  const there = Math.min(Math.floor(data.length / 4), count, itemsShown);
  const items = Array.from({ length: there }, (_, index) => String(readNumber(data, index * 4, 4)));
  return `[${[...items, ...(there < count ? ['...'] : [])].join(', ')}]`;
}

const groupCapture = { kind: 'counted', count: 0, itemSize: 4, most: itemsShown * 4 } as const;
const groupsIn = behind(groupCapture, (data, view) => groupsText(data, Number(view.registers[0] ?? 0n)));
/** Of none nothing is read, whatever the address is. */
export const groups: ArgumentType = {
  ...groupsIn,
  show: (view) => (view.registers[0] === 0n ? '[]' : groupsIn.show(view)),
};
export const groupsOut = behind(groupCapture, (data, view) => groupsText(data, Number(view.result ?? 0n)), 'exit');

export const capabilityHeader = pointerTo(struct({ version: nameShape(capabilityVersions), pid: signed(4) }));

/** `1<<CAP_CHOWN|1<<CAP_KILL`, `0` for none. */
function capabilitySet(bits: bigint): string {
  const names: string[] = [];
  for (let bit = 0n; bits >> bit !== 0n; bit++) {
    if ((bits >> bit) & 1n) names.push(`1<<${nameOf(bit, capabilities) ?? bit}`);
  }
  return names.join('|') || '0';
}

const capabilityVersion1 = 0x19980330n;

/** Two halves of 32 bits, each with three sets; version 1 has the lower half only. */
function capabilityText(data: Uint8Array, view: ArgumentView): string {
  const version = readUnsigned(view.other(0)?.bytes ?? new Uint8Array(), 0, 4);
  const isWhole = version !== capabilityVersion1;
  if (data.length < (isWhole ? 24 : 12)) return pointerText(view.value);
  const set = (at: number): bigint =>
    readUnsigned(data, at, 4) | (isWhole ? readUnsigned(data, at + 12, 4) << 32n : 0n);
  const [effective, permitted, inheritable] = [set(0), set(4), set(8)].map(capabilitySet);
  return `{effective=${effective}, permitted=${permitted}, inheritable=${inheritable}}`;
}

export const capabilityData = behind({ kind: 'struct', size: 24 }, capabilityText);
export const capabilityDataOut = behind({ kind: 'struct', size: 24 }, capabilityText, 'exit');

/** A key or keyring by its number, or one of the special ones. */
export const key: ArgumentType = {
  show(view) {
    const value = BigInt.asIntN(32, view.value);
    return nameOf(value, keySpecials) ?? String(value);
  },
};

const keyPermission: ArgumentType = { show: (view) => showFlags(BigInt.asUintN(32, view.value), keyPermissions) };
const requestTarget: ArgumentType = { show: (view) => showName(BigInt.asIntN(32, view.value), requestKeyTargets) };

/** A text that the kernel fills in: as much as there is room for, which the next argument says. */
const described: ArgumentType = {
  capture: { kind: 'returned', most: 512 },
  when: 'exit',
  show(view) {
    if (view.value === 0n || !view.captured || hasFailed(view)) return pointerText(view.value);
    const [there, room] = [view.result ?? 0n, view.registers[3] ?? 0n];
    const bytes = view.captured.bytes.subarray(0, Number(there < room ? there : room));
    return quoted(untilNul(bytes)) + (there > room ? '...' : '');
  },
};

const operation = (equals: number, args: Readonly<Record<string, ArgumentType>>): SyscallVariant => ({
  argument: 0,
  equals,
  args: { operation: oneOf(keyctlOperations), ...args },
});

/** @source man keyctl(2) */
export const keyctlVariants: readonly SyscallVariant[] = [
  operation(0, { key, create: int }),
  operation(1, { name: string }),
  operation(2, { key, payload: pointer, plen: unsignedLong }),
  operation(3, { key }),
  operation(4, { key, uid: id, gid: id }),
  operation(5, { key, perm: keyPermission }),
  operation(6, { key, buffer: described, buflen: unsignedLong }),
  operation(7, { keyring: key }),
  operation(8, { key, keyring: key }),
  operation(9, { key, keyring: key }),
  operation(10, { keyring: key, type: string, description: string, dest_keyring: key }),
  operation(11, { key, buffer: pointer, buflen: unsignedLong }),
  operation(12, { key, payload: pointer, plen: unsignedLong, keyring: key }),
  operation(13, { key, timeout: unsignedInt, keyring: key }),
  operation(14, { reqkey_defl: requestTarget }),
  operation(15, { key, timeout: unsignedInt }),
  operation(16, { key }),
  operation(17, { key, buffer: described, buflen: unsignedLong }),
  operation(18, {}),
  operation(19, { key, timeout: unsignedInt, error: unsignedInt, keyring: key }),
  operation(20, { key, payload_iov: pointer, ioc: unsignedInt, keyring: key }),
  operation(21, { key }),
  operation(22, { uid: id, keyring: key }),
  operation(29, { keyring: key, type: string, restriction: string }),
  operation(30, { key, from: key, to: key, flags: unsignedInt }),
];

const infinity = 0xffffffffffffffffn;

/** Kibibytes as a product, as strace prints them: `8192*1024`. */
const limit: Shape = wordShape(8, (value) => {
  if (value === infinity) return 'RLIM64_INFINITY';
  return value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : String(value);
});
const limitPair = struct({ rlim_cur: limit, rlim_max: limit });
export const limitIn = pointerTo(limitPair);
export const limitOut = pointerTo(limitPair, 'exit');

/** Class and priority in one number. @source uapi linux/ioprio.h */
export const ioPriority: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    return `IOPRIO_PRIO_VALUE(${showName(value >> 13n, ioPriorityClasses)}, ${value & 0x1fffn})`;
  },
};

const schedulingFields = struct({
  size: unsigned(4),
  sched_policy: nameShape(schedulingPolicies),
  sched_flags: flagsShape(schedulingFlags, 8),
  sched_nice: signed(4),
  sched_priority: unsigned(4),
  sched_runtime: unsigned(8),
  sched_deadline: unsigned(8),
  sched_period: unsigned(8),
  sched_util_min: unsigned(4),
  sched_util_max: unsigned(4),
});
const schedulingSize = { first: 48, now: 56 };

/** struct sched_attr says its own size; the first one had no utilisation clamps. */
function schedulingText(data: Uint8Array, view: ArgumentView): string {
  const said = readNumber(data, 0, 4) || schedulingSize.first;
  return schedulingFields.show(data.subarray(0, said), view).replace(/, \.\.\.}$/, '}');
}
export const schedulingAttribute = behind({ kind: 'struct', size: schedulingSize.now }, schedulingText);
export const schedulingAttributeOut = behind(
  { kind: 'counted', count: 2, itemSize: 1, most: schedulingSize.now },
  schedulingText,
  'exit',
);

export const schedulingPriority = pointerToWord(signed(4));
export const schedulingPriorityOut = pointerToWord(signed(4), 'exit');

/** `[0 1]`: numbers of processors. */
function processorsText(data: Uint8Array): string {
  const numbers: number[] = [];
  for (const [index, byte] of data.entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) numbers.push(index * 8 + bit);
  }
  return `[${numbers.join(' ')}]`;
}
const processorCapture = { kind: 'counted', count: 1, itemSize: 1, most: 1024 } as const;
export const processors = behind(processorCapture, processorsText);
export const processorsOut = behind(
  processorCapture,
  (data, view) => processorsText(data.subarray(0, Number(view.result ?? 0n))),
  'exit',
);
