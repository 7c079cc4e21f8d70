// The table of every event type: the rows of all stages joined. Types, validation and words all derive from here.
import type * as v from 'valibot';
import type { Cause } from './cause.ts';
import { buildSourceRows } from './rows/build-sources.ts';
import { cliRows } from './rows/cli.ts';
import { containerdRows } from './rows/containerd.ts';
import { daemonRows } from './rows/daemon.ts';
import { fileRows } from './rows/files.ts';
import { kernelRows } from './rows/kernel.ts';
import { runcRows } from './rows/runc.ts';
import { shimRows } from './rows/shim.ts';

export const events = {
  ...cliRows,
  ...daemonRows,
  ...buildSourceRows,
  ...fileRows,
  ...containerdRows,
  ...shimRows,
  ...runcRows,
  ...kernelRows,
} as const;

export type EventType = keyof typeof events;
export type EventData<T extends EventType> = v.InferOutput<(typeof events)[T]['data']>;

export const stages = ['cli', 'daemon', 'containerd', 'shim', 'runc', 'kernel'] as const;
export type Stage = (typeof stages)[number];

/** How a fact is known. */
export type Truth = 'observed' | 'reported' | 'derived' | 'simulated' | 'documented';

/** One line of a part file: what a process appends about itself. `t` is CLOCK_MONOTONIC ns in decimal. */
export interface PartEvent {
  t: string;
  stage: Stage;
  pid: number;
  tid: number;
  type: string;
  span: string;
  cause?: Cause;
  truth: Truth;
  data: unknown;
  /** The shell command that does the same by hand. */
  twin?: string;
}
