// The version 2 device controller is an eBPF program on the cgroup: it gets (access << 16 | type, major, minor) and returns 1 to allow.
// Each exception is a block of tests that answers or falls through to the next; the end answers with the default.
// @source uapi linux/bpf.h struct bpf_cgroup_dev_ctx
import type { DeviceException, DevicePolicy } from './device-rules.ts';

/** One eBPF instruction. @source uapi linux/bpf.h struct bpf_insn */
interface Instruction {
  code: number;
  destination?: number;
  source?: number;
  offset?: number;
  immediate?: number;
}

const code = {
  /** dst = *(u32 *)(src + off) */ loadWord: 0x61,
  /** w dst = imm */ move: 0xb4,
  /** w dst = w src */ moveRegister: 0xbc,
  /** w dst &= imm */ and: 0x54,
  /** w dst >>= imm */ shiftRight: 0x74,
  /** if w dst != imm goto */ jumpNotEqual: 0x56,
  /** if w dst == imm goto */
  jumpEqual: 0x16,
  exit: 0x95,
} as const;

/** Registers: the context, then what was taken from it. */
const r = { result: 0, context: 1, type: 2, access: 3, major: 4, minor: 5, scratch: 1 } as const;

/** @source uapi linux/bpf.h BPF_DEVCG_DEV_*, BPF_DEVCG_ACC_* */
const typeNumber = { b: 1, c: 2 } as const;
const accessBits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const everyAccess = 7;

/** The program's bytes, 8 an instruction, little endian. */
export function deviceProgram(policy: DevicePolicy): Uint8Array {
  const instructions = [
    ...prologue,
    ...policy.exceptions.flatMap((exception) => test(exception, policy.isAllowed)),
    ...answer(policy.isAllowed),
  ];
  return Buffer.concat(instructions.map(encode));
}

const prologue: readonly Instruction[] = [
  { code: code.loadWord, destination: r.type, source: r.context, offset: 0 },
  { code: code.moveRegister, destination: r.access, source: r.type },
  { code: code.and, destination: r.type, immediate: 0xffff },
  { code: code.shiftRight, destination: r.access, immediate: 16 },
  { code: code.loadWord, destination: r.major, source: r.context, offset: 4 },
  { code: code.loadWord, destination: r.minor, source: r.context, offset: 8 },
];

/** Falls through to the next exception unless every condition holds. */
function test(exception: DeviceException, isAllowed: boolean): Instruction[] {
  const mask = [...exception.access].reduce((bits, letter) => bits | (accessBits[letter] ?? 0), 0);
  const conditions: Instruction[][] = [
    [{ code: code.jumpNotEqual, destination: r.type, immediate: typeNumber[exception.type] }],
    ...(mask === everyAccess ? [] : [accessTest(mask, isAllowed)]),
    ...(exception.major === '*'
      ? []
      : [[{ code: code.jumpNotEqual, destination: r.major, immediate: exception.major }]]),
    ...(exception.minor === '*'
      ? []
      : [[{ code: code.jumpNotEqual, destination: r.minor, immediate: exception.minor }]]),
  ];
  const block = [...conditions.flat(), ...answer(!isAllowed)];
  return block.map((instruction, index) =>
    isJump(instruction) ? { ...instruction, offset: block.length - index - 1 } : instruction,
  );
}

/** An exception that denies strikes when any asked access is in its mask; one that allows, only when all are. */
const accessTest = (mask: number, isAllowed: boolean): Instruction[] => [
  { code: code.moveRegister, destination: r.scratch, source: r.access },
  { code: code.and, destination: r.scratch, immediate: isAllowed ? mask : everyAccess & ~mask },
  { code: isAllowed ? code.jumpEqual : code.jumpNotEqual, destination: r.scratch, immediate: 0 },
];

const isJump = (instruction: Instruction): boolean =>
  instruction.code === code.jumpEqual || instruction.code === code.jumpNotEqual;

const answer = (isAllowed: boolean): Instruction[] => [
  { code: code.move, destination: r.result, immediate: isAllowed ? 1 : 0 },
  { code: code.exit },
];

function encode({ code: operation, destination = 0, source = 0, offset = 0, immediate = 0 }: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(operation, 0);
  bytes.writeUInt8(destination | (source << 4), 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}
