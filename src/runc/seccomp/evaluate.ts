// What a finished program answers to a system call: a small classic BPF machine, for the question whether a filter may stand before the
// clone of an exec (../compile/process.ts).
// @source uapi linux/filter.h, linux/seccomp.h; kernel seccomp.c seccomp_check_filter

export interface SyscallData {
  number: number;
  architecture: number;
  arguments: readonly bigint[];
}

export interface Instruction {
  code: number;
  ifTrue: number;
  ifFalse: number;
  value: number;
}

export function decodeProgram(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({
    code: view.getUint16(index * 8, true),
    ifTrue: view.getUint8(index * 8 + 2),
    ifFalse: view.getUint8(index * 8 + 3),
    value: view.getUint32(index * 8 + 4, true),
  }));
}

/** SECCOMP_RET_* with its data. Throws on an instruction that libseccomp does not write. */
export function evaluate(program: readonly Instruction[], data: SyscallData): number {
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, ifTrue, ifFalse, value } = program[at] as Instruction;
    if (code === 0x20) accumulator = load(data, value);
    else if (code === 0x15) at += accumulator === value ? ifTrue : ifFalse;
    else if (code === 0x25) at += accumulator > value ? ifTrue : ifFalse;
    else if (code === 0x35) at += accumulator >= value ? ifTrue : ifFalse;
    else if (code === 0x45) at += (accumulator & value) !== 0 ? ifTrue : ifFalse;
    else if (code === 0x05) at += value;
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x06) return value;
    else throw new Error(`unknown instruction 0x${code.toString(16)} at ${at}`);
  }
  throw new Error('the program has no end');
}

/** struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits. */
function load(data: SyscallData, offset: number): number {
  if (offset === 0) return data.number >>> 0;
  if (offset === 4) return data.architecture >>> 0;
  const argument = data.arguments[(offset - 16) >> 3] ?? 0n;
  return Number((offset % 8 === 0 ? argument : argument >> 32n) & 0xffffffffn);
}

type Call = readonly [x64: number, arm64: number, ...arguments: bigint[]];

/** CLONE_PARENT | CLONE_PARENT_SETTID, as native/runc/clone.c calls it. @source uapi linux/sched.h */
const cloneFlags = 0x00108000n;
const TIOCSCTTY = 0x540en;

/** From the filter to the program, beyond what stands behind a filter of every container. @source uapi asm/unistd.h */
const setUpCalls: readonly Call[] = [
  /* clone */ [56, 220, cloneFlags],
  /* exit_group */ [231, 94, 0n],
  /* setsid */ [112, 157],
  /* ioctl */ [16, 29, 0n, TIOCSCTTY],
  /* read */ [0, 63],
  /* write */ [1, 64],
  /* poll, ppoll */ [7, 73],
  /* prctl */ [157, 167],
  /* dup3 */ [292, 24],
  /* close_range */ [436, 436],
];

/** @source uapi linux/audit.h */
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

/** @source uapi linux/seccomp.h SECCOMP_RET_ALLOW, SECCOMP_RET_LOG */
const allowed: readonly number[] = [0x7fff0000, 0x7ffc0000];

/** Whether a process with this filter can clone the process of an exec, and that one get as far as its program. */
export function allowsSetUp(program: Uint8Array, machine: string = process.arch): boolean {
  if (machine !== 'x64' && machine !== 'arm64') return false;
  const instructions = decodeProgram(program);
  return setUpCalls.every(([x64, arm64, ...values]) => {
    const number = machine === 'x64' ? x64 : arm64;
    const answer = evaluate(instructions, { number, architecture: AUDIT_ARCH[machine], arguments: values });
    return allowed.includes(answer);
  });
}
