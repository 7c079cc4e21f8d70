// One thing that this host can do or not, as a probe has seen it.
export interface Fact {
  /** Stable name, e.g. `cgroups`. */
  id: string;
  what: string;
  /** `degraded`: tlab works, with less; `unknown`: this host does not tell. */
  state: 'ok' | 'degraded' | 'missing' | 'unknown';
  seen: string;
  needed: string;
  /** What a person can do, when it is not ok. */
  advice?: string;
}
