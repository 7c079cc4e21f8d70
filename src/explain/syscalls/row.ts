// One row: some system calls, and what they do when their arguments fit.
import type { Call } from '../call.ts';
import type { WordsRow } from '../words-row.ts';

export interface CallRow extends WordsRow<Call> {
  calls: readonly [string, ...string[]];
  /** Its reasons are those of a runtime that sets a container up; another program's are those of the step that the call is part of. */
  isRuntimes?: true;
}
