// A small classic BPF machine for seccomp programs, and a reader of the recorded listing.
// @source uapi linux/filter.h, linux/bpf_common.h; kernel seccomp.c seccomp_check_filter

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

const codes: Readonly<Record<string, number>> = {
  'BPF_LD|BPF_W|BPF_ABS': 0x20,
  'BPF_JMP|BPF_K|BPF_JEQ': 0x15,
  'BPF_JMP|BPF_K|BPF_JGT': 0x25,
  'BPF_JMP|BPF_K|BPF_JSET': 0x45,
  'BPF_JMP|BPF_K|BPF_JA': 0x05,
  'BPF_ALU|BPF_K|BPF_AND': 0x54,
  'BPF_RET|BPF_K': 0x06,
};
const answers: Readonly<Record<string, number>> = {
  SECCOMP_RET_ALLOW: 0x7fff0000,
  SECCOMP_RET_KILL_THREAD: 0,
  SECCOMP_RET_ERRNO: 0x00050000,
};

/** Lines `STMT code k` and `JUMP code k jt jf`, as strace prints a filter. */
export function parseListing(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => /^(STMT|JUMP) /.test(line))
    .map((line) => {
      const [, code = '', value = '', ifTrue = '0', ifFalse = '0'] = line.split(' ');
      const known = codes[code];
      if (known === undefined) throw new Error(`unknown instruction ${line}`);
      return { code: known, ifTrue: Number(ifTrue), ifFalse: Number(ifFalse), value: parseValue(value) };
    });
}

const parseValue = (text: string): number =>
  text.split('|').reduce((sum, part) => (sum | (answers[part] ?? Number(part))) >>> 0, 0);

/** What the program answers to one system call. */
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
