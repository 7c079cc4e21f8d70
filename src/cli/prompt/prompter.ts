// What the lab says and asks, apart from how: three renderers stand behind it (rich, plain, JSON), and no command writes or reads by itself.
// Rule: every question has a written answer; a key that only a menu has does not exist.
import { type ErrorKind, LabError } from '../../base/errors.ts';

export interface Ask {
  /** Shown on request, so that somebody can report it. */
  id: string;
  /** Lines of the question. */
  asks: readonly string[];
  choices: readonly string[];
  /** one: a choice; order: all of them; text: a line; lines: several, ended by an empty one; enter: only that. */
  form: 'one' | 'order' | 'text' | 'lines' | 'enter';
  /** What to type, in words. */
  how: string;
  /** Letters that are no answers, with what they do. */
  keys?: ReadonlyArray<{ key: string; says: string }>;
}

export type Reply = { kind: 'answer'; text: string } | { kind: 'key'; key: string };

export type Tone = 'title' | 'text' | 'good' | 'bad' | 'note' | 'evidence';

export interface Prompter {
  readonly mode: 'rich' | 'plain' | 'json';
  /** `word` carries the meaning without its colour: RIGHT, NOT SO. */
  tell(tone: Tone, text: string, word?: string): void;
  /** @throws Interrupted by Ctrl-C, and when the input has ended */
  ask(question: Ask): Promise<Reply>;
  close(): void;
}

/** The person has stopped: nothing is lost, and it can be gone on with. Exit status 5. */
export class Interrupted extends LabError {
  constructor(why: 'ctrl-c' | 'end') {
    super('cancelled', why === 'end' ? 'the input has ended: expected an answer' : 'stopped', {
      hint: 'nothing is lost; go on with the same command',
    });
  }
}

/** Exit statuses of what a learner does: 5 interrupted and to be gone on with, 2 a wrong line, 3 not on this host, 1 everything else. */
export const learnerStatus = (kind: ErrorKind): number =>
  ({ cancelled: 5, usage: 2, unavailable: 3 })[kind as string] ?? 1;

/** A line as an answer, or as one of the keys: `h`, or `h` in another case. */
export function replyOf({ keys = [], choices }: Ask, line: string): Reply {
  const text = line.trim();
  const key = keys.find((one) => one.key === text.toLowerCase());
  const isChoice = choices.some((choice) => choice.toLowerCase() === text.toLowerCase());
  return key === undefined || isChoice ? { kind: 'answer', text } : { kind: 'key', key: key.key };
}
