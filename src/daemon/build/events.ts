// What a build tells while it goes: data, one union. The classic stream (classic.ts), tlab's own client and the trace are readings of it.
// Rule: nothing that executes a step writes text for people.
import type { BuildEvent } from '../protocol.ts';

export type { BuildEvent } from '../protocol.ts';

/** Where events go. False: the client cannot keep up; `drained` tells when it can. */
export interface Reporter {
  report(event: BuildEvent): boolean;
  drained(): Promise<void>;
}
