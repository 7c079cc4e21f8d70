// Arguments of the other guards and of what watches processes: landlock, ptrace, personality.
// @source man landlock(7), ptrace(2), personality(2)
import {
  landlockFileRights,
  landlockNetworkRights,
  landlockRuleTypes,
  landlockScopes,
  personalityFlags,
  personalityTypes,
  ptraceOptions,
  ptraceRequests,
} from '../flags/guard.ts';
import { showFlags, showName } from '../flags/names.ts';
import { signals } from '../flags/signal.ts';
import type { ArgumentType, SyscallVariant } from '../syscall.ts';
import { descriptorText, fd, hexadecimal, int, int32, oneOf, pointer } from './arguments.ts';
import { behind, extensibleStruct, flagsShape, pointerTo, type Shape, struct, unsigned, wordShape } from './shapes.ts';

/** struct landlock_ruleset_attr. @source uapi linux/landlock.h */
export const landlockRuleset = behind(
  { kind: 'counted', count: 1, itemSize: 1, most: 64 },
  extensibleStruct({
    handled_access_fs: flagsShape(landlockFileRights, 8),
    handled_access_net: flagsShape(landlockNetworkRights, 8),
    scoped: flagsShape(landlockScopes, 8),
  }).show,
);

const parentDescriptor: Shape = wordShape(4, (value, view) => descriptorText(int32(value), view));
/** The struct is packed: 12 bytes. */
const pathBeneath = behind(
  { kind: 'struct', size: 12 },
  struct({ allowed_access: flagsShape(landlockFileRights, 8), parent_fd: parentDescriptor }).show,
);
const networkPort = pointerTo(struct({ allowed_access: flagsShape(landlockNetworkRights, 8), port: unsigned(8) }));

const rule = (equals: number, rule_attr: ArgumentType): SyscallVariant => ({
  argument: 1,
  equals,
  args: { ruleset_fd: fd, rule_type: oneOf(landlockRuleTypes), rule_attr, flags: hexadecimal },
});
export const landlockRules: readonly SyscallVariant[] = [rule(1, pathBeneath), rule(2, networkPort)];

const traced = { request: oneOf(ptraceRequests), pid: int };
const signal: ArgumentType = {
  show: (view) => (view.value === 0n ? '0' : showName(view.value, signals)),
};
const traceOptions: ArgumentType = { show: (view) => showFlags(view.value, ptraceOptions) };

const request = (equals: number, args: Readonly<Record<string, ArgumentType>>): SyscallVariant => ({
  argument: 0,
  equals,
  args: { ...traced, ...args },
});

/** @source man ptrace(2) */
export const ptraceVariants: readonly SyscallVariant[] = [
  { argument: 0, equals: 0, args: { request: oneOf(ptraceRequests) } },
  ...[7, 9, 17, 24].map((equals) => request(equals, { addr: pointer, data: signal })),
  request(8, {}),
  ...[0x4200, 0x4206].map((equals) => request(equals, { addr: pointer, data: traceOptions })),
];

const personalityMask = 0xffn;

/** `PER_LINUX`, `PER_LINUX32|ADDR_NO_RANDOMIZE`; all ones asks and changes nothing. */
export const personality: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    if (value === 0xffffffffn) return '0xffffffff';
    const type = showName(value & personalityMask, personalityTypes);
    const flags = value & ~personalityMask;
    return flags === 0n ? type : `${type}|${showFlags(flags, personalityFlags)}`;
  },
};
