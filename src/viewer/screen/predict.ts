// Predict mode: the next beat is hidden, and four are offered. The trace is the judge. Rule: the same place asks the same question.
import { printable } from '../../base/text.ts';
import type { Events } from './events.ts';

export interface Prediction {
  choices: string[];
  /** Place of the right one among them. */
  right: number;
  /** Where the right one begins. */
  seq: number;
  /** What was answered; absent before. */
  given?: number;
}

const mostChoices = 4;

/** A question on what follows event `seq`; undefined after the last beat. */
export function predictionAt(events: Events, seq: number): Prediction | undefined {
  const { beats } = events;
  const at = beats.findIndex((told) => told.events[0].seq > seq);
  const next = beats[at];
  if (next === undefined) return undefined;
  // Of a step its line alone: how it ended would be told too early.
  const words = ({ beat, events: all }: (typeof beats)[number]): string =>
    printable(beat.says(beat.id === 'step' ? [all[0]] : all));
  const answer = words(next);
  // What comes soon after, then what was already: those that one might take for the next.
  const others = [...beats.slice(at + 1), ...beats.slice(0, at).reverse()].map(words);
  const wrong = [...new Set(others)].filter((one) => one !== answer).slice(0, 3 * (mostChoices - 1));
  const choices = pick(wrong, mostChoices - 1, seq);
  const right = seq % (choices.length + 1);
  choices.splice(right, 0, answer);
  return { choices, right, seq: next.events[0].seq };
}

/** Some of a list, spread by a number. */
function pick(list: string[], count: number, seed: number): string[] {
  const left = [...list];
  const picked: string[] = [];
  while (picked.length < count && left.length > 0) {
    const [one] = left.splice((seed * 7 + picked.length * 5) % left.length, 1);
    if (one !== undefined) picked.push(one);
  }
  return picked;
}
