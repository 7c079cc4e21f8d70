// The stub in front of a filter: a system call newer than every one that the profile names fails with ENOSYS, not with the
// default action. Without it a new libc that probes for a new call gets EPERM and gives up instead of falling back.
import { X32, X32_BIT, X86_64 } from './names.ts';

/** @source uapi linux/filter.h, linux/bpf_common.h */
const BPF = { loadWord: 0x20, jump: 0x05, jumpEqual: 0x15, jumpGreater: 0x25, jumpSet: 0x45, answer: 0x06 } as const;
/** Offsets into struct seccomp_data. @source uapi linux/seccomp.h */
const offsetOf = { number: 0, architecture: 4 } as const;
const ANSWER_ENOSYS = 0x00050000 | 38;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The stub's bytes; falls through to the filter that follows. */
export function enosysStub(newest: ReadonlyMap<number, number>): Uint8Array {
  const groups = [...newest].filter(([architecture, last]) => last >= 0 && architecture !== X32);
  const stub: Instruction[] = [];
  // Built from the end, since each block ends with a jump over all that follow.
  for (const [architecture, last] of groups.reverse()) {
    stub.unshift(...block(architecture, { last, lastX32: newest.get(X32), after: stub.length }));
  }
  stub.unshift([BPF.loadWord, 0, 0, offsetOf.architecture]);
  return Buffer.concat(stub.map(encode));
}

/** Tests for one architecture; `after` instructions of other blocks follow. */
function block(
  architecture: number,
  { last, lastX32, after }: { last: number; lastX32: number | undefined; after: number },
): Instruction[] {
  const answerAndLeave: Instruction[] = [
    [BPF.jumpGreater, 0, 1, last],
    [BPF.answer, 0, 0, ANSWER_ENOSYS],
    [BPF.jump, 0, 0, after],
  ];
  const hasX32 = architecture === X86_64 && lastX32 !== undefined && lastX32 >= 0;
  const x32: Instruction[] = [
    [BPF.jumpSet, 0, 1, X32_BIT],
    [BPF.jumpGreater, 1, 2, lastX32 ?? 0],
  ];
  const body: Instruction[] = [[BPF.loadWord, 0, 0, offsetOf.number], ...(hasX32 ? x32 : []), ...answerAndLeave];
  return [[BPF.jumpEqual, 0, body.length, architecture], ...body];
}

function encode([code, ifTrue, ifFalse, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
