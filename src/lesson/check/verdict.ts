// What a check answers. Rule: "cannot tell" is an answer of its own; a check that lacks its evidence never says passed or failed.

export interface Verdict {
  state: 'passed' | 'failed' | 'unknown';
  /** What was seen, in words. */
  saw: string;
  /** What was wanted, in words. */
  wanted: string;
  /** Numbers of the events that show it. */
  events?: number[];
}

/** A value that a probe found; undefined is absent. */
export type Facts = Readonly<Record<string, unknown>>;

/** Evidence that is missing: no trace, no permission, a container that ends while it is looked at. */
export class CannotTell extends Error {}
