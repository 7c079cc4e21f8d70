// What an interview came to, from the log alone: each question, the hops that were weak, and what to do next.
import type { Lesson } from '../format/load.ts';
import type { Entry } from '../progress/log.ts';

export interface Invitation {
  session: string;
  minutes: number;
  questions: string[];
  seed: string;
}

export interface QuestionReport {
  entry: string;
  asks: string;
  said: string[];
  missed: string[];
  seconds: number;
}

export interface Report {
  session: string;
  minutes: number;
  seconds: number;
  asked: number;
  open: number;
  said: number;
  points: number;
  questions: QuestionReport[];
  /** Stages that missed points are about, most first. */
  weakHops: Array<{ hop: string; missed: number }>;
  /** Commands. */
  drills: string[];
}

/** The last interview that has not ended. */
export function openInvitation(entries: readonly Entry[]): Invitation | undefined {
  const ended = new Set(entries.flatMap((entry) => (entry.kind === 'ended' ? [entry.session] : [])));
  return entries.findLast((entry) => entry.kind === 'invited' && !ended.has(entry.session)) as Invitation | undefined;
}

export const answersOf = (entries: readonly Entry[], session: string): Array<Extract<Entry, { kind: 'interviewed' }>> =>
  entries.flatMap((entry) => (entry.kind === 'interviewed' && entry.session === session ? [entry] : []));

/** `hopOf`: the stage that a point is about, by what proves it. */
export function reportOf(
  { session, minutes, questions }: Invitation,
  entries: readonly Entry[],
  lessons: readonly Lesson[],
  hopOf: (entry: string, point: string) => string | undefined,
): Report {
  const answers = answersOf(entries, session);
  const asksOf = (id: string): string =>
    lessons.flatMap(({ steps }) => steps.flatMap(({ interview }) => interview)).find((one) => one.id === id)?.asks ??
    id;
  const rows = answers.map(({ entry, said, missed, seconds }) => ({
    entry,
    asks: asksOf(entry),
    said,
    missed,
    seconds,
  }));
  const hops = new Map<string, number>();
  for (const { entry, missed } of rows)
    for (const point of missed) {
      const hop = hopOf(entry, point);
      if (hop !== undefined) hops.set(hop, (hops.get(hop) ?? 0) + 1);
    }
  const sum = (of: (row: QuestionReport) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    session,
    minutes,
    seconds: Math.round(sum(({ seconds }) => seconds)),
    asked: rows.length,
    open: questions.length - rows.length,
    said: sum(({ said }) => said.length),
    points: sum(({ said, missed }) => said.length + missed.length),
    questions: rows,
    weakHops: [...hops].map(([hop, missed]) => ({ hop, missed })).toSorted((a, b) => b.missed - a.missed),
    drills: drillsOf(rows, lessons),
  };
}

const mostDrills = 5;

/** The weakest questions first: the lesson where it is learnt, and questions about it. */
function drillsOf(rows: readonly QuestionReport[], lessons: readonly Lesson[]): string[] {
  const weak = rows.filter(({ missed }) => missed.length > 0).toSorted((a, b) => share(a) - share(b));
  const drills = weak.flatMap(({ entry, said }) => {
    const lesson = lessons.find(({ covers }) => covers.includes(entry))?.id;
    const learn = lesson === undefined ? [] : [`tlab learn ${lesson}`];
    return said.length === 0 ? [...learn, `tlab prove ${entry}`] : [`tlab quiz ${entry}`, `tlab prove ${entry}`];
  });
  return [...new Set(drills)].slice(0, mostDrills);
}

const share = ({ said, missed }: QuestionReport): number => said.length / Math.max(1, said.length + missed.length);
