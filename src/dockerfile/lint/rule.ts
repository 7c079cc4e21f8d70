// What a rule of the linter is: a row with its words, and a function that finds where it applies.
import type { Dockerfile } from '../parse.ts';

export interface Finding {
  rule: string;
  line: number;
  /** What stands there, in one sentence. */
  message: string;
}

export interface Rule {
  /** What goes wrong because of it. */
  why: string;
  /** What to write instead. */
  fix: string;
  /** Entries of the course that show it. */
  shows: readonly string[];
  source: string;
  find(file: Dockerfile): Array<Omit<Finding, 'rule'>>;
}
