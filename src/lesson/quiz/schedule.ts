// When a card comes back: FSRS, played over the log. Rule: nobody rates themselves; right, tries, hints and time do.
import { createEmptyCard, type Card as FsrsCard, fsrs, type Grade } from 'ts-fsrs';
import type { Entry } from '../progress/log.ts';
import { isTry } from '../progress/state.ts';

export interface Evidence {
  isRight: boolean;
  tries: number;
  hints: number;
  seconds: number;
}

/** 1 again, 2 hard, 3 good, 4 easy, as FSRS has them. */
export type Rating = 1 | 2 | 3 | 4;

/** A question that is read and answered within so many seconds was known; one that takes longer had to be worked out. */
const quickSeconds = 15;
const slowSeconds = 90;

export function ratingOf({ isRight, tries, hints, seconds }: Evidence): Rating {
  if (!isRight) return 1;
  if (tries > 1 || hints > 0 || seconds > slowSeconds) return 2;
  return seconds <= quickSeconds ? 4 : 3;
}

/** Of a step that was done: the solution shown is not known, help or many tries are hard. */
export const ratingOfStep = ({ tries, rung }: { tries: number; rung: number }): Rating =>
  rung >= 4 ? 1 : rung > 0 || tries > 2 ? 2 : 3;

export interface Scheduled {
  card: string;
  due: Date;
  reviews: number;
  lapses: number;
}

interface Reviewed {
  card: string;
  at: Date;
  rating: Rating;
}

/** Every card that was reviewed, and every step that was passed (`step/LESSON/STEP`), with the time when it is due. */
export function scheduleOf(entries: readonly Entry[]): Scheduled[] {
  // Whole days, and the same for the same log.
  const scheduler = fsrs({ enable_fuzz: false, enable_short_term: false });
  const cards = new Map<string, FsrsCard>();
  // Not that of the log: a clock may have been set back, and FSRS knows no time before the last.
  const inOrder = reviewsOf(entries).toSorted((a, b) => a.at.getTime() - b.at.getTime());
  for (const { card, at, rating } of inOrder) {
    cards.set(card, scheduler.next(cards.get(card) ?? createEmptyCard(at), at, rating as Grade).card);
  }
  return [...cards]
    .map(([card, { due, reps, lapses }]) => ({ card, due, reviews: reps, lapses }))
    .toSorted((a, b) => a.due.getTime() - b.due.getTime());
}

export const dueAt = (scheduled: readonly Scheduled[], now: Date): Scheduled[] =>
  scheduled.filter(({ due }) => due.getTime() <= now.getTime());

/** A lesson that was skipped as known: it is asked about again, as what was known with some trouble. */
export const lessonCard = (lesson: string): string => `lesson/${lesson}`;
export const stepCard = (lesson: string, step: string): string => `step/${lesson}/${step}`;

function reviewsOf(entries: readonly Entry[]): Reviewed[] {
  const tries = new Map<string, { tries: number; rung: number }>();
  return entries.flatMap((entry): Reviewed[] => {
    const at = new Date(entry.at);
    if (entry.kind === 'reviewed') return [{ card: entry.card, at, rating: clamped(entry.rating) }];
    if (entry.kind === 'placed') return [{ card: lessonCard(entry.lesson), at, rating: 2 }];
    if (entry.kind === 'reset') {
      for (const key of tries.keys()) if (isReset(key, entry)) tries.delete(key);
      return [];
    }
    if (!('step' in entry) || entry.step === undefined || !('lesson' in entry)) return [];
    const key = `${entry.lesson}/${entry.step}`;
    const seen = tries.get(key) ?? { tries: 0, rung: 0 };
    tries.set(key, seen);
    if (entry.kind === 'checked' && isTry(entry)) seen.tries++;
    if (entry.kind === 'hinted') seen.rung = Math.max(seen.rung, entry.rung);
    if (entry.kind !== 'passed') return [];
    return [{ card: stepCard(entry.lesson, entry.step), at, rating: ratingOfStep(seen) }];
  });
}

const clamped = (rating: number): Rating => Math.min(4, Math.max(1, Math.round(rating))) as Rating;

const isReset = (key: string, { lesson, step }: Extract<Entry, { kind: 'reset' }>): boolean =>
  lesson === undefined || (step === undefined ? key.startsWith(`${lesson}/`) : key === `${lesson}/${step}`);
