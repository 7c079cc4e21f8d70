// The viewer as a state machine: a model and a key make the next model. Pure but for what Events keeps to be quick.
import { asLabError } from '../../base/errors.ts';
import { isError } from '../../explain/words.ts';
import type { Level } from '../../trace/row.ts';
import { parseFilter } from '../filter.ts';
import { type StateKind, stateKinds, stateNames } from '../state.ts';
import { type Events, followable, type List, placeOf, storyWords } from './events.ts';
import { copyChosen, filterNamed, keptKeys, markChosen, marked } from './keep.ts';
import { closed, from, type Model, moved, open, relisted, say, speeds, toggled, wide, without } from './model.ts';
import { predictionAt } from './predict.ts';

const stateOfKey = new Map<string, StateKind>(stateNames.map((kind) => [stateKinds[kind].key, kind]));

export function update(events: Events, before: Model, key: string): Model {
  const model = without(before, 'copied');
  if (key === 'ctrl-c') return { ...model, quit: true };
  if (model.prompt !== undefined) return typed(events, model, key);
  const quiet: Model = { ...model, message: '', speed: key === 'tick' || key === ' ' ? model.speed : 0 };
  if (model.pane === 'predict') return answered(quiet, key) ?? command(events, closed(quiet), key);
  if (model.pane === 'follow') return followed(events, quiet, key) ?? command(events, closed(quiet), key);
  if (model.pane === 'marks') return markChosen(quiet, key) ?? command(events, closed(quiet), key);
  if (model.pane === 'copy') return copyChosen(events, quiet, key) ?? command(events, closed(quiet), key);
  return command(events, quiet, key);
}

function command(events: Events, model: Model, key: string): Model {
  const state = stateOfKey.get(key);
  if (state !== undefined) return toggled(model, state);
  const simple = simpleKeys[key] ?? keptKeys[key];
  if (simple !== undefined) return simple(events, model);
  return say(model, `${key.length > 1 ? key : `"${key}"`}: no such key; h: help`);
}

const page = (model: Model): number => Math.max(1, model.rows - 6);
const step = (model: Model, by: number): Model => {
  const place = placeOf(model.list, model.cursor);
  const next = moved(model, place + by);
  return next.cursor === model.cursor && model.list.length > 0
    ? say({ ...next, speed: 0 }, by > 0 ? 'this is the last event' : 'this is the first event')
    : next;
};

const simpleKeys: Readonly<Record<string, (events: Events, model: Model) => Model>> = {
  q: (_, model) => ({ ...model, quit: true }),
  n: (_, model) => step(model, 1),
  down: (_, model) => step(model, 1),
  j: (_, model) => step(model, 1),
  p: (_, model) => step(model, -1),
  up: (_, model) => step(model, -1),
  k: (_, model) => step(model, -1),
  pagedown: (_, model) => step(model, page(model)),
  pageup: (_, model) => step(model, -page(model)),
  home: (_, model) => moved(model, 0),
  end: (_, model) => moved(model, model.list.length - 1),
  N: (events, model) => toBeat(events, model, 1),
  P: (events, model) => toBeat(events, model, -1),
  ']': (events, model) => toStage(events, model, 1),
  '[': (events, model) => toStage(events, model, -1),
  e: (events, model) =>
    to(model, events.trace.events.find((one) => one.seq > model.cursor && isError(one))?.seq, 'error'),
  s: (events, model) =>
    to(
      model,
      events.states.changes.find((seq) => seq > model.cursor),
      'change of state',
    ),
  '+': (events, model) => levelled(events, model, model.level + 1),
  '=': (events, model) => levelled(events, model, model.level + 1),
  '-': (events, model) => levelled(events, model, model.level - 1),
  ':': (_, model) => ({ ...model, prompt: { kind: 'jump', text: '' } }),
  '/': (_, model) => ({ ...model, prompt: { kind: 'search', text: '' } }),
  '&': (_, model) => ({ ...model, prompt: { kind: 'filter', text: model.filter?.text ?? '' } }),
  f: (events, model) =>
    model.follow === undefined
      ? open(model, 'follow')
      : relisted(events, say(without(model, 'follow'), 'all events again')),
  x: (_, model) => toggled(model, 'explain'),
  h: (_, model) => toggled(model, 'help'),
  '?': predicted,
  d: (_, model) => ({ ...model, paneTop: model.paneTop + Math.ceil(page(model) / 2) }),
  u: (_, model) => ({ ...model, paneTop: Math.max(0, model.paneTop - Math.ceil(page(model) / 2)) }),
  ' ': (_, model) => played(model),
  tick: (_, model) => (model.speed === 0 ? model : step(model, 1)),
  enter: (_, model) => ({ ...model, focus: model.focus === 'list' ? 'pane' : 'list' }),
  tab: (_, model) => ({ ...model, focus: model.focus === 'list' ? 'pane' : 'list' }),
  escape: (_, model) => closed(model),
  'ctrl-l': (_, model) => model,
};

function to(model: Model, seq: number | undefined, what: string): Model {
  if (seq === undefined) return say(model, `no later ${what}`);
  const next = from(model, seq);
  return next.cursor === seq ? next : say(next, `event ${seq} is the ${what}; it is not in this list`);
}

function toBeat(events: Events, model: Model, by: 1 | -1): Model {
  const begins = events.beats.map((told) => told.events[0].seq).sort((a, b) => a - b);
  const seq = by > 0 ? begins.find((one) => one > model.cursor) : begins.findLast((one) => one < model.cursor);
  return seq === undefined ? say(model, by > 0 ? 'no later beat' : 'no earlier beat') : from(model, seq);
}

function toStage(events: Events, model: Model, by: 1 | -1): Model {
  const stage = events.at(model.cursor)?.stage;
  const isOther = (one: { seq: number; stage: string }): boolean => one.stage !== stage;
  const { events: all } = events.trace;
  const found =
    by > 0
      ? all.find((one) => one.seq > model.cursor && isOther(one))
      : all.findLast((one) => one.seq < model.cursor && isOther(one));
  if (found === undefined)
    return say(model, by > 0 ? 'no later event of another stage' : 'no earlier event of another stage');
  return by > 0 ? from(model, found.seq) : moved(model, placeOf(model.list, found.seq));
}

function levelled(events: Events, model: Model, level: number): Model {
  const most = events.trace.calls === undefined ? 2 : 3;
  if (level < 0) return say(model, 'level 0, the story, is the lowest');
  if (level > most) {
    return say(model, most === 2 ? 'this trace has no system calls: level 2 is the highest' : 'level 3 is the highest');
  }
  return relisted(events, { ...model, level: level as Level });
}

function played(model: Model): Model {
  const speed = speeds[(speeds.indexOf(model.speed) + 1) % speeds.length] ?? 0;
  return say({ ...model, speed }, speed === 0 ? 'stopped' : `playing, ${speed} times as quick as it was`);
}

function predicted(events: Events, model: Model): Model {
  const prediction = predictionAt(events, model.cursor);
  if (prediction === undefined) return say(model, 'no beat follows: nothing to predict');
  return { ...open(model, 'predict'), prediction };
}

/** A digit answers; undefined for a key that is none. */
function answered(model: Model, key: string): Model | undefined {
  const { prediction } = model;
  if (prediction === undefined) return undefined;
  if (prediction.given !== undefined) {
    if (key === '?') return undefined;
    return key === 'enter' || key === 'n' ? from(closed(model), prediction.seq) : undefined;
  }
  const given = Number(key) - 1;
  if (!(given in prediction.choices)) return undefined;
  return { ...model, prediction: { ...prediction, given } };
}

function followed(events: Events, model: Model, key: string): Model | undefined {
  const event = events.at(model.cursor);
  const chosen = event === undefined ? undefined : followable(event)[Number(key) - 1];
  if (chosen === undefined) return undefined;
  const next = relisted(events, { ...closed(model), follow: chosen.value });
  return say(next, `following ${chosen.what} ${chosen.value}: ${next.list.length} events; f: all again`);
}

/** Keys while something is typed at the bottom. */
function typed(events: Events, model: Model, key: string): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  if (key === 'escape') return without(model, 'prompt');
  if (key === 'backspace') return { ...model, prompt: { ...prompt, text: [...prompt.text].slice(0, -1).join('') } };
  if (key !== 'enter')
    return [...key].length === 1 ? { ...model, prompt: { ...prompt, text: prompt.text + key } } : model;
  const rest = { ...without(model, 'prompt'), message: '' };
  const text = prompt.text.trim();
  if (prompt.kind === 'jump') return jumped(events, rest, text);
  if (prompt.kind === 'mark') return marked(rest, text);
  try {
    if (prompt.kind === 'name') return filterNamed(rest, text);
    return prompt.kind === 'search' ? searched(events, rest, text) : filtered(events, rest, text);
  } catch (error) {
    return say(rest, asLabError(error).message.replace(/^--filter/, prompt.kind));
  }
}

function jumped(events: Events, model: Model, text: string): Model {
  const seq = Number(text);
  if (!Number.isSafeInteger(seq) || seq < 1) return say(model, `"${text}": expected the number of an event`);
  if (events.at(seq) === undefined) return say(model, `no event ${seq} in this trace`);
  const next = moved(model, placeOf(model.list, seq));
  if (next.cursor === seq || model.level === 3) return next;
  return say(next, `event ${seq} is not in this list: this is the one before it; +: more`);
}

function filtered(events: Events, model: Model, text: string): Model {
  if (text === '') return relisted(events, say(without(model, 'filter'), 'no filter'));
  const next = relisted(events, { ...model, filter: { text, filter: parseFilter(text, model.filters) } });
  return say(next, next.list.length === 0 ? 'no event matches' : `${next.list.length} events`);
}

/** Matches within the list; how many in each stage, so that one knows where to look. */
function searched(events: Events, model: Model, text: string): Model {
  const search = text === '' ? model.search : { text, matches: matchesOf(events, model, text) };
  if (search === undefined) return say(model, 'nothing to search for');
  const { matches } = search;
  if (matches.length === 0) return say({ ...model, search }, `"${search.text}": no match in this list`);
  const place = placeOf(matches, model.cursor) + 1;
  const seq = matches.seqAt(place < matches.length ? place : 0);
  const around = place < matches.length ? '' : ' (from the beginning again)';
  return say({ ...from(model, seq), search }, `${countsOf(events, matches)}${around}`);
}

/** An expression of the filter language, or any words. */
function matchesOf(events: Events, model: Model, text: string): List {
  const isExpression = /[=<>]|^@[a-z]/.test(text);
  const filter = parseFilter(isExpression ? text : `"${text.replace(/["\\]/g, '\\$&')}"`, model.filters);
  const inList = (seq: number): boolean => {
    const place = placeOf(model.list, seq);
    return place >= 0 && model.list.seqAt(place) === seq;
  };
  if (model.level > 0 || isExpression) {
    const all = events.list({ level: model.level, filter });
    const numbers = Array.from({ length: all.length }, (_, i) => all.seqAt(i)).filter(inList);
    return { length: numbers.length, seqAt: (i) => numbers[i] ?? 0 };
  }
  const sought = text.toLowerCase();
  const numbers = Array.from({ length: model.list.length }, (_, i) => model.list.seqAt(i)).filter((seq) =>
    storyWords(events, seq).toLowerCase().includes(sought),
  );
  return { length: numbers.length, seqAt: (i) => numbers[i] ?? 0 };
}

const mostCounted = 5_000;

function countsOf(events: Events, matches: List): string {
  const total = `${matches.length} ${matches.length === 1 ? 'match' : 'matches'}`;
  if (matches.length > mostCounted) return total;
  const counts = new Map<string, number>();
  for (let i = 0; i < matches.length; i++) {
    const stage = events.at(matches.seqAt(i))?.stage ?? 'unknown';
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return `${total}: ${[...counts].map(([stage, count]) => `${stage} ${count}`).join(', ')}`;
}

/** A new size of the terminal. */
export const resized = (model: Model, columns: number, rows: number): Model => ({
  ...model,
  columns,
  rows,
  focus: columns >= wide ? 'list' : model.focus,
});

const longestPauseMs = 1_500;
const shortestPauseMs = 40;

/** How long the event at the cursor stays while the trace is played: as long as it did, cut where nothing happened. */
export function pauseMs(events: Events, { list, cursor, speed }: Model): number {
  const next = list.seqAt(placeOf(list, cursor) + 1);
  const gapNs = (events.at(next)?.ts ?? 0) - (events.at(cursor)?.ts ?? 0);
  return Math.min(longestPauseMs, Math.max(shortestPauseMs, gapNs / 1e6 / Math.max(1, speed)));
}
