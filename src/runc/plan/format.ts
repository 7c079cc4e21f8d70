// The binary form of a plan, little endian, every part padded with zeros to four bytes:
//   "TLABPLAN", u32 version, u32 total bytes, 32 bytes sha256 of the source document, u32 facts, u32 operations;
//   the facts' values; then for each operation u16 code, u8 actor (0 runtime, 1 init), u8 zero, u32 its bytes (these 8 included),
//   the cause as a string, the arguments in the table's order.
//   number: u64 · string: u32 bytes, UTF-8, at least one NUL · strings: u32 count, then strings · bytes: u32 bytes, raw.
// native/runc/plan.c reads it with the same strictness: a length that does not add up refuses the whole plan.
import type { Operation } from './operations.ts';

export const planMagic = 'TLABPLAN';
export const planVersion = 1;
export const planHeaderBytes = 56;
/** Bounds that a reader enforces before it allocates. */
export const planMaxBytes = 16 * 1024 * 1024;
export const planMaxOperations = 16384;

export interface Plan {
  /** Hex, of the bytes of config.json or of the process document. */
  sha256: string;
  containerId: string;
  kind: 'container' | 'process';
  /** '' for a process. */
  ociVersion: string;
  /** Absolute, or relative to the bundle; '' for a process. */
  rootfs: string;
  terminal: boolean;
  annotations: Readonly<Record<string, string>>;
  operations: readonly Operation[];
}
