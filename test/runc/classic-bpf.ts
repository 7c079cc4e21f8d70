// A reader of the recorded listing of a seccomp program.
// @source uapi linux/filter.h, linux/bpf_common.h
import type { Instruction } from '../../src/runc/seccomp/evaluate.ts';

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
