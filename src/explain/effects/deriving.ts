// The contract between derive.ts, which follows processes, and the families of calls (derive-*.ts), which say what a call changed.
import type { EventType } from '../../trace/events.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { RuntimeConfig } from '../match.ts';
import type { Call } from './call.ts';
import type { ProcessState } from './state.ts';

/** What a handler works with: the process that made the call, and a place to put what it changed. */
export interface Deriving {
  readonly process: ProcessState;
  readonly config: RuntimeConfig | undefined;
  /** The calls are kept and added to: what prepares and ends the change. */
  emit(type: EventType, data: Record<string, unknown>, calls: TraceEvent[]): void;
  operation(name: string, args: Record<string, unknown>, calls: TraceEvent[], outcome?: Outcome): void;
  /** The path inside the container; undefined for one of the host. */
  inside(path: string): string | undefined;
  /** Says where the container's root is on the host. */
  rootIs(path: string): void;
  /** Forgets a mount that was only made to be taken away again; false when none is known. */
  forgetMount(target: string): boolean;
  /** The process executes the container's program: from here on its calls are the container's own. */
  leave(): void;
}

/** What an operation came to, where it is not simply done. */
export interface Outcome {
  /** Met and ignored. */
  errno?: string;
  /** 1 of a masked folder, as our runtime reports it. */
  result?: number;
}

export type Handler = (call: Call, deriving: Deriving) => void;
