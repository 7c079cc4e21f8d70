// One system call before it is decoded: registers, result, and the bytes that were read on entry and on exit, put together.
// Rule: what was read at exit wins where both have it (a page that was not there at entry is there then), unless it could not be read.
import type { Capture } from './records.ts';
import type { CapturedBytes } from './view.ts';

export type OtherTable = 'i386' | 'arm' | 'x32';

export interface RawCall {
  pid: number;
  tid: number;
  number: number;
  /** The number is of another table than the machine's own: a 32-bit program's, or x32's. */
  otherTable?: OtherTable;
  /** A seccomp filter answered: the kernel never began the call. */
  isRefused?: true;
  /** In kernel spelling; `syscall_999` and `i386_syscall_20` for those without a row. */
  name: string;
  /** CLOCK_MONOTONIC. */
  startNs: bigint;
  /** Absent: it never returned, or its end was not seen. */
  endNs?: bigint;
  registers: readonly bigint[];
  result?: bigint;
  /** What was read behind the argument at this position. */
  parts(position: number): readonly CapturedBytes[];
}

const none: readonly CapturedBytes[] = [];
/** @source man errno(3): EFAULT */
const missing: CapturedBytes = { bytes: new Uint8Array(0), whole: -14 };

/** Captures by argument; index = part. A part that could not be read has a `whole` below 0. */
export class Captures {
  #arguments: CapturedBytes[][] = [];

  /** Of two captures of one part on the same side the first holds: the rule of a variant comes before the general one. */
  add(captures: readonly Capture[]): void {
    const before = this.#arguments.map((parts) => parts.slice());
    for (const capture of captures) {
      const parts = this.#arguments[capture.argument] ?? [];
      this.#arguments[capture.argument] = parts;
      while (parts.length < capture.part) parts.push(missing);
      const isNew =
        parts[capture.part] === undefined || parts[capture.part] === before[capture.argument]?.[capture.part];
      if (isNew && (capture.whole >= 0 || parts[capture.part] === undefined)) parts[capture.part] = capture;
    }
  }

  parts(position: number): readonly CapturedBytes[] {
    return this.#arguments[position] ?? none;
  }
}

export const withoutCaptures = (): readonly CapturedBytes[] => none;
