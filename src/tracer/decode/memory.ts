// Arguments of the calls on memory: kinds of mappings with their flags, offsets in hex.
// @source man mmap(2), mremap(2), madvise(2)
import { mapFlags, mapTypes, memoryPolicies, policyModeFlags } from '../flags/memory.ts';
import { nameOf, showFlags, showName } from '../flags/names.ts';
import type { ArgumentType } from '../syscall.ts';
import { pointerText } from './shapes.ts';

const [typeBits, hugeShift, hugeBits, hugeFlag] = [0xfn, 26n, 0x3fn, 0x40000n];

/** `MAP_PRIVATE|MAP_ANONYMOUS`: the kind is a number in the lowest bits, the size of huge pages one in the highest. */
export const mapping: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    const type = value & typeBits;
    const huge = (value & hugeFlag) === 0n ? 0n : (value >> hugeShift) & hugeBits;
    const rest = value & ~typeBits & ~(huge << hugeShift);
    const shown = [showName(type, mapTypes)];
    if (type === 0n) shown[0] = '0';
    if (rest !== 0n) shown.push(showFlags(rest, mapFlags).replace(/ \/\*.*$/, ''));
    if (huge !== 0n) shown.push(`${huge}<<MAP_HUGE_SHIFT`);
    return type === 0n && rest !== 0n ? shown.slice(1).join('|') : shown.join('|');
  },
};

/** `0x1000`, `0`. */
export const mapOffset: ArgumentType = { show: (view) => pointerText(view.value).replace('NULL', '0') };

const fixedOrDontUnmap = 6n;
/** The new address of mremap: only where a flag asks for it. */
export const remapAddress: ArgumentType = {
  show: (view) => ((view.registers[3] ?? 0n) & fixedOrDontUnmap ? pointerText(view.value) : ''),
};

const modeBits = 0xe000n;
/** `MPOL_BIND|MPOL_F_STATIC_NODES`. */
export const memoryPolicy: ArgumentType = {
  show(view) {
    const value = BigInt.asUintN(32, view.value);
    const mode = nameOf(value & ~modeBits, memoryPolicies) ?? showName(value & ~modeBits, memoryPolicies);
    return (value & modeBits) === 0n ? mode : `${mode}|${showFlags(value & modeBits, policyModeFlags)}`;
  },
};
