// The events of a trace for a screen that shows a few of them at a time: by number, by level, by filter; forwards, backwards, anywhere.
// Rule: a step never walks the trace. Levels 0 to 2 are in memory; of level 3 a page around the cursor is.
import { Causes } from '../../explain/causes.ts';
import { levelOf, wordsOf } from '../../explain/words.ts';
import { readCalls } from '../../trace/calls.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';
import type { Level } from '../../trace/row.ts';
import type { Filter } from '../filter.ts';
import { States } from '../state.ts';
import { beatsOf, type ToldBeat, toldErrors } from '../story.ts';

/** What a list holds: the numbers of its events, ascending. */
export interface List {
  readonly length: number;
  seqAt(index: number): number;
}

/** Which events: all of a level, those that a filter or a followed value leaves. */
export interface Chosen {
  level: Level;
  filter?: Filter | undefined;
  follow?: string | undefined;
}

/** Calls before and after the one asked for that are read with it. */
const before = 60;
const after = 240;
const mostCached = 20_000;

export class Events {
  readonly trace: Trace;
  readonly states: States;
  readonly #byNumber: Map<number, TraceEvent>;
  readonly #calls = new Map<number, TraceEvent>();
  readonly #beats = new Map<number, ToldBeat>();
  readonly #strips = new Map<number, number[]>();
  #causes: Causes | undefined;

  constructor(trace: Trace) {
    this.trace = trace;
    this.states = new States(trace.events);
    this.#byNumber = new Map(trace.events.map((event) => [event.seq, event]));
    for (const told of beatsOf(trace.events)) this.#beats.set(told.events[0].seq, told);
  }

  get causes(): Causes {
    this.#causes ??= new Causes(this.trace);
    return this.#causes;
  }

  /** The beat that begins with this event. */
  beatAt = (seq: number): ToldBeat | undefined => this.#beats.get(seq);
  get beats(): ToldBeat[] {
    return [...this.#beats.values()];
  }

  /** How many events of levels 0 to 2 there are in each part of the trace's time. */
  strip(parts: number): readonly number[] {
    const known = this.#strips.get(parts);
    if (known !== undefined) return known;
    const counts = new Array<number>(parts).fill(0);
    for (const { ts } of this.trace.events) {
      const at = this.stripPlace(ts, parts);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    this.#strips.set(parts, counts);
    return counts;
  }

  /** The part of the trace's time that an instant falls into. */
  stripPlace(ts: number, parts: number): number {
    const { events } = this.trace;
    const start = events[0]?.ts ?? 0;
    const span = Math.max(1, (events.at(-1)?.ts ?? 0) - start);
    return Math.min(parts - 1, Math.max(0, Math.floor(((ts - start) / span) * parts)));
  }

  at(seq: number): TraceEvent | undefined {
    const known = this.#byNumber.get(seq) ?? this.#calls.get(seq);
    if (known !== undefined || this.trace.calls === undefined) return known;
    this.#readPage(seq);
    return this.#calls.get(seq);
  }

  #readPage(seq: number): void {
    if (this.#calls.size > mostCached) this.#calls.clear();
    for (const call of readCalls(this.trace, { from: seq - before, operations: this.#byNumber })) {
      if (call.seq > seq + after) break;
      if (call.seq >= seq - before) this.#calls.set(call.seq, call);
    }
  }

  list({ level, filter, follow }: Chosen): List {
    if (level === 0 && filter === undefined && follow === undefined) return listOf(this.#story());
    const isAll = filter === undefined && follow === undefined;
    if (level === 3 && isAll) return this.#everything();
    const isChosen = (event: TraceEvent): boolean =>
      (filter?.matches(event) ?? true) && (follow === undefined || holds(event, follow));
    const isShown =
      level === 0 ? (event: TraceEvent) => levelOf(event) <= 2 : (event: TraceEvent) => levelOf(event) <= level;
    const found = this.trace.events.filter((event) => isShown(event) && isChosen(event)).map(({ seq }) => seq);
    if (level < 3) return listOf(found);
    const mayHold = (line: string): boolean =>
      (filter?.mayHold(line) ?? true) && (follow === undefined || line.includes(inJson(follow)));
    for (const call of readCalls(this.trace, { mayHold, mayWant: filter?.mayMatch, operations: this.#byNumber })) {
      if (isChosen(call)) found.push(call.seq);
    }
    return listOf(found.sort((a, b) => a - b));
  }

  /** Beats, and the errors that are no part of one. */
  #story(): number[] {
    const errors = toldErrors(this.trace).map(({ seq }) => seq);
    return [...new Set([...this.#beats.keys(), ...errors])].sort((a, b) => a - b);
  }

  /** Events of all levels are numbered together, from 1: nothing needs to be gathered. */
  #everything(): List {
    const { events, header } = this.trace;
    const isWhole = this.trace.unreadable === 0 && (events.at(-1)?.seq ?? 0) <= header.seen;
    if (isWhole && this.trace.calls !== undefined) return { length: header.seen, seqAt: (index) => index + 1 };
    const calls = [...readCalls(this.trace, { operations: this.#byNumber })].map(({ seq }) => seq);
    return listOf([...events.map(({ seq }) => seq), ...calls].sort((a, b) => a - b));
  }
}

const listOf = (numbers: readonly number[]): List => ({
  length: numbers.length,
  seqAt: (index) => numbers[index] ?? 0,
});

/** The place of the last event that is not after `seq`; -1 before the first. */
export function placeOf(list: List, seq: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list.seqAt(middle) <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Whether a value stands anywhere in an event: in its data, its cause, as its process. */
function holds(event: TraceEvent, value: string): boolean {
  if (/^\d+$/.test(value) && (String(event.pid) === value || String(event.data.childPid) === value)) return true;
  if (event.span === value || event.cause?.includes(value) === true) return true;
  return JSON.stringify(event.data).includes(inJson(value));
}

/** Values of an event that can be followed through the trace, each with what it is. */
export function followable(event: TraceEvent): { what: string; value: string }[] {
  const found = new Map<string, string>([[String(event.pid), 'process']]);
  const text = `${JSON.stringify(event.data)} ${event.cause ?? ''}`;
  for (const [what, form] of forms) {
    for (const [value] of text.matchAll(form))
      if (found.size < mostFollowable && !found.has(value)) found.set(value, what);
  }
  found.set(event.span, 'span');
  return [...found].map(([value, what]) => ({ what, value }));
}

const mostFollowable = 8;
const forms: [string, RegExp][] = [
  ['digest', /sha256:[0-9a-f]{64}/g],
  ['id', /\b[0-9a-f]{64}\b/g],
  ['network namespace', /\/run\/[^"\s]*\/netns\/[0-9a-f]+/g],
  ['address', /\b\d{1,3}(?:\.\d{1,3}){3}\b/g],
  ['path', /\/[\w.@-]+(?:\/[\w.@-]+)+/g],
];

/** A beat's words at level 0, an event's where it is no beat. */
export function storyWords(events: Events, seq: number): string {
  const told = events.beatAt(seq);
  if (told !== undefined) return told.beat.says(told.events);
  const event = events.at(seq);
  return event === undefined ? '' : wordsOf(event);
}
