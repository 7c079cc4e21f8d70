// One place where a runtime does not do what the contract says.
import type { Expected } from './behaviour.ts';
import type { RuntimeName } from './runtimes.ts';

export interface Difference {
  /** The title of the behaviour. */
  behaviour: string;
  runtimes: readonly RuntimeName[];
  /** What is observed there. */
  instead: Expected;
  reason: string;
}
