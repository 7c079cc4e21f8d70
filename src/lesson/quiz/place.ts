// Where somebody should begin: a search over the lessons in their order, since each builds on those before. Two right answers say that a
// lesson is known, a wrong one that it is not. Rule: what was not asked about is never called known by itself, only by what stands behind it.

export interface Placement {
  /** Lessons before this one are known. */
  low: number;
  /** This lesson and those behind it are not. */
  high: number;
  /** Right answers in a row about the lesson in the middle. */
  right: number;
  asked: number;
}

export const questionsOfPlacement = 10;
const rightNeeded = 2;

export const beginPlacement = (lessons: number): Placement => ({ low: 0, high: lessons, right: 0, asked: 0 });

export const isPlaced = ({ low, high, asked }: Placement): boolean => low >= high || asked >= questionsOfPlacement;

/** The lesson to ask about. */
export const middleOf = ({ low, high }: Placement): number => Math.floor((low + high) / 2);

export function placed(placement: Placement, isRight: boolean): Placement {
  const asked = placement.asked + 1;
  const at = middleOf(placement);
  if (!isRight) return { ...placement, asked, high: at, right: 0 };
  const right = placement.right + 1;
  return right < rightNeeded ? { ...placement, asked, right } : { ...placement, asked, low: at + 1, right: 0 };
}

/** A lesson that nothing can be asked about is left out of the search: it counts as its neighbour does. */
export const withoutQuestion = (placement: Placement): Placement => ({
  ...placement,
  high: middleOf(placement),
  right: 0,
});
