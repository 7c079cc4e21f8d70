// What an explanation says, and how it is found: rows in a list, the first whose `when` holds. Special rows stand before general ones.
// Rule: every sentence is a fact with a source; what differs between engines is said for what it is.
import type { SyllabusId } from './syllabus.ts';

export interface Explanation {
  /** What it does, with these arguments. */
  does: string;
  /** Why at this moment: what had to be before, what comes after. */
  now?: string;
  /** What would break or leak if it were left out. */
  without?: string;
  shows: readonly SyllabusId[];
  /** Source tag, e.g. `man mount(2)`. */
  source: string;
}

type Words<Subject> = string | ((subject: Subject) => string);

export interface WordsRow<Subject> {
  /** Unique in its table. */
  id: string;
  /** Always, without it. */
  when?(subject: Subject): boolean;
  does: Words<Subject>;
  now?: Words<Subject>;
  without?: Words<Subject>;
  shows?: readonly SyllabusId[];
  source: string;
}

/** What a table has of its own under a name that comes from a trace: `constructor` is a name like any other. */
export const own = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** The first row that fits. */
export const rowFor = <Row extends WordsRow<Subject>, Subject>(
  rows: readonly Row[],
  subject: Subject,
): Row | undefined => rows.find((row) => row.when?.(subject) ?? true);

/** A row's words for a subject. */
export function explanationOf<Subject>(row: WordsRow<Subject>, subject: Subject): Explanation {
  const say = (words: Words<Subject>): string => (typeof words === 'string' ? words : words(subject));
  const explanation: Explanation = { does: say(row.does), shows: row.shows ?? [], source: row.source };
  if (row.now !== undefined) explanation.now = say(row.now);
  if (row.without !== undefined) explanation.without = say(row.without);
  return explanation;
}

/** The words of the first row that fits. */
export function explanationFrom<Subject>(
  rows: readonly WordsRow<Subject>[],
  subject: Subject,
): Explanation | undefined {
  const row = rowFor(rows, subject);
  return row === undefined ? undefined : explanationOf(row, subject);
}
