// Questions about a trace that nobody has written: which events, in which order, who, which value, what is missing. Made from the
// very trace and a seed, so that the same attempt asks the same, and the next one something else.
// Rule: a question has one right answer in its trace, and never shows it in its words.
import { wordsOf } from '../../explain/words.ts';
import { stages } from '../../trace/events.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';
import { factOf, valueWords } from '../check/match.ts';
import { quote } from '../check/trace.ts';
import type { Facts } from '../check/verdict.ts';
import type { Prediction } from '../format/schema.ts';
import { below, numbersOf, shuffled } from '../vars.ts';

export interface Question {
  id: string;
  /** claim: true or false. */
  form: Prediction['form'] | 'claim';
  asks: string;
  /** What is shown, numbered from 1; empty: the answer is typed. */
  choices: string[];
  /** order: every choice's number in the right order; else the number of the right choice, or the text itself. */
  answer: string;
  /** Numbers of the events that prove it. */
  proof: number[];
  /** How the proof reads, for after the answer. */
  tells: string[];
  /** Replies to wrong answers that people give, by the answer's text. */
  traps: Array<{ answer: string; reply: string }>;
  /** What a correct answer holds, where no trace alone says it. */
  reason?: string;
}

const shown = { order: 4, missing: 5, choices: 4 };

/** undefined where the trace does not hold enough for a question. */
export function questionOf(
  trace: Trace,
  prediction: Prediction,
  found: readonly TraceEvent[],
  seed: string,
): Question | undefined {
  const numbers = numbersOf(`${seed}/${prediction.id}`);
  const made = { order, value, who, missing }[prediction.form]({ trace, prediction, found, numbers });
  if (made === undefined) return undefined;
  const traps = prediction.traps.map(({ answer, reply }) => ({ answer: String(answer), reply }));
  return { id: prediction.id, form: prediction.form, traps, ...made, asks: prediction.asks ?? made.asks };
}

interface Material {
  trace: Trace;
  prediction: Prediction;
  found: readonly TraceEvent[];
  numbers: Generator<number, never>;
}
type Made = Omit<Question, 'id' | 'form' | 'traps' | 'reason'> | undefined;

/** The first event of each wording: what happens often is asked about once. */
function distinct(events: readonly TraceEvent[]): TraceEvent[] {
  const byWords = new Map<string, TraceEvent>();
  for (const event of events) if (!byWords.has(wordsOf(event))) byWords.set(wordsOf(event), event);
  return [...byWords.values()];
}

/** So many of a list, in its order. */
function some<Item>(items: readonly Item[], count: number, numbers: Generator<number, never>): Item[] {
  const kept = new Set(shuffled([...items.keys()], numbers).slice(0, count));
  return items.filter((_, index) => kept.has(index));
}

function order({ prediction, found, numbers }: Material): Made {
  const events = some(distinct(found), prediction.take ?? shown.order, numbers);
  if (events.length < 2) return undefined;
  const mixed = shuffled(events, numbers);
  return {
    asks: 'In which order do these happen?',
    choices: mixed.map(wordsOf),
    answer: events.map((event) => mixed.indexOf(event) + 1).join(' '),
    proof: events.map(({ seq }) => seq),
    tells: events.map(quote),
  };
}

/** A choice among what the trace itself offers, and the traps. */
function chosen(
  right: string,
  others: readonly string[],
  numbers: Generator<number, never>,
): { choices: string[]; answer: string } {
  const wrong = [...new Set(others)].filter((one) => one !== right);
  const choices = atOwnNumber(shuffled([right, ...shuffled(wrong, numbers).slice(0, shown.choices - 1)], numbers));
  return { choices, answer: String(choices.indexOf(right) + 1) };
}

/** A choice that reads as the number of another one would be two answers in one. */
function atOwnNumber(choices: readonly string[]): string[] {
  const placed = [...choices];
  for (const choice of choices) {
    const own = choices.findIndex((_, index) => String(index + 1) === choice);
    if (own < 0) continue;
    placed[placed.indexOf(choice)] = placed[own] ?? '';
    placed[own] = choice;
  }
  return placed;
}

function value({ prediction, found, numbers }: Material): Made {
  const { field = 'result', traps } = prediction;
  const valued = found.filter((event) => factOf(event.data as Facts, field) !== undefined);
  const event = valued[below(numbers, Math.max(valued.length, 1))];
  if (event === undefined) return undefined;
  const right = valueWords(factOf(event.data as Facts, field));
  const asks = `${hidden(wordsOf(event), right)}: what is ${field}?`;
  const proof = { proof: [event.seq], tells: [quote(event)] };
  const others = [
    ...traps.map(({ answer }) => String(answer)),
    ...valued.map((one) => valueWords(factOf(one.data as Facts, field))),
  ];
  if (new Set([right, ...others]).size < 2) return { asks, choices: [], answer: right, ...proof };
  return { asks, ...chosen(right, others, numbers), ...proof };
}

const hidden = (words: string, part: string): string => (part === '' ? words : words.replaceAll(part, '____'));

function who({ trace, found, numbers }: Material): Made {
  const event = found[below(numbers, Math.max(found.length, 1))];
  if (event === undefined) return undefined;
  const doer = doerOf(event, trace);
  const asks = `Which stage does this: ${hidden(wordsOf(event), doer)}?`;
  const others = event.stage === 'kernel' && doer !== 'kernel' ? stages.filter((stage) => stage !== 'kernel') : stages;
  return { asks, ...chosen(doer, others, numbers), proof: [event.seq], tells: [quote(event)] };
}

/**
 * What the kernel carries out is its event, and the deed of the stage that asked for it: the one that a call names, the runtime for each
 * operation of its plan, else the one whose process it was. `kernel` where no stage did.
 */
export function doerOf({ stage, pid, type, data }: TraceEvent, { events }: Trace): string {
  const process = String(data.process ?? '');
  if (stage !== 'kernel' || (stages as readonly string[]).includes(process))
    return stage === 'kernel' ? process : stage;
  if (type === 'kernel.operation-executed') return 'runc';
  if (isNoDeed.has(type)) return stage;
  return events.find((one) => one.pid === pid && one.stage !== 'kernel')?.stage ?? stage;
}
/** A call of a process that is no stage's, and what happens to a process. */
const isNoDeed: ReadonlySet<string> = new Set([
  'kernel.syscall-made',
  'kernel.process-exited',
  'kernel.process-forked',
]);

function missing({ prediction, found, numbers }: Material): Made {
  const events = distinct(found);
  const count = prediction.take ?? shown.missing;
  if (events.length < count + 1 || count < 3) return undefined;
  const start = below(numbers, events.length - count + 1);
  const row = events.slice(start, start + count);
  const gap = 1 + below(numbers, count - 2);
  const left = row[gap] as TraceEvent;
  const list = row.map((event, index) => (index === gap ? '  ?' : `  ${wordsOf(event)}`)).join('\n');
  const elsewhere = events.filter((event) => !row.includes(event)).map(wordsOf);
  return {
    asks: `What is missing here?\n${list}`,
    ...chosen(wordsOf(left), elsewhere, numbers),
    proof: row.map(({ seq }) => seq),
    tells: row.map(quote),
  };
}
