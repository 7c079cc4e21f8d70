// What a type sees of one argument while it is shown: the register, what was read behind it, the call around it, the process.

/** What is known of a process at this moment of the trace. */
export interface ProcessView {
  /** `3` → `/proc/self/mountinfo`, `socket:[netlink route]`, `pipe:[1]`; undefined when unknown. */
  descriptor(fd: number): string | undefined;
  machine: 'x64' | 'arm64';
}

export interface CapturedBytes {
  bytes: Uint8Array;
  /** Length in the traced process; larger than bytes.length where it was cut. */
  whole: number;
}

export interface ArgumentView {
  value: bigint;
  /** Undefined when there is nothing to read, or it could not be read. Part 0; `parts` has all. */
  captured?: CapturedBytes;
  parts: readonly CapturedBytes[];
  /** All six registers of the call. */
  registers: readonly bigint[];
  /** Undefined before the call returns. */
  result?: bigint;
  process: ProcessView;
  /** Another argument's bytes, by position: prctl and ioctl depend on their neighbours. */
  other(position: number): CapturedBytes | undefined;
}
