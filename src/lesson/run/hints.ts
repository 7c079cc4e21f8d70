// The rungs of help, lowest first. Rung 0 is what a failed check says by itself; the last one is the solution.
import type { Step } from '../format/load.ts';

export interface Rung {
  rung: 1 | 2 | 3 | 4;
  name: string;
  /** Markdown; shell on rung 4. */
  text: string;
}

export function rungsOf({ hints, solve, also }: Step): Rung[] {
  const rungs: Rung[] = [];
  if (hints !== undefined) {
    rungs.push({ rung: 1, name: 'where to look', text: hints.where });
    rungs.push({ rung: 2, name: 'the idea', text: hints.concept });
    rungs.push({ rung: 3, name: 'with blanks', text: hints.blanks });
  }
  if (solve !== '') rungs.push({ rung: 4, name: 'the solution', text: [solve, ...also].join('\n\n# or\n') });
  return rungs;
}

/** The next one up; the highest again when all were shown. */
export const nextRung = (step: Step, shown: number): Rung | undefined =>
  rungsOf(step).find(({ rung }) => rung > shown) ?? rungsOf(step).at(-1);
