// What `tlab doctor` says of one thing that the engine needs.
export type Verdict = 'OK' | 'WARN' | 'FAIL';

export interface Check {
  verdict: Verdict;
  what: string;
  seen: string;
  /** What to do, when it is not OK. */
  advice?: string;
}
