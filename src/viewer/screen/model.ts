// What the screen shows, as data. A key makes a new one of it (update.ts), lines are made of it (draw.ts); nothing else changes it.
import type { Level } from '../../trace/row.ts';
import type { Filter } from '../filter.ts';
import type { Marks } from '../kept.ts';
import type { NamedFilters } from '../named-filters.ts';
import type { StateKind } from '../state.ts';
import { type Events, type List, placeOf } from './events.ts';
import type { Prediction } from './predict.ts';

export type Pane = 'summary' | 'explain' | 'follow' | 'predict' | 'help' | 'marks' | 'copy' | StateKind;

export interface Prompt {
  kind: 'filter' | 'search' | 'jump' | 'mark' | 'name';
  text: string;
}

export const speeds = [0, 1, 4, 16] as const;

export interface Model {
  level: Level;
  /** The number of the event that the cursor is on. */
  cursor: number;
  /** Where the cursor was put: a list that lacks this event shows the one before it, a later list the event again. */
  anchor: number;
  list: List;
  filter?: { text: string; filter: Filter };
  /** A value that is followed: only events that hold it. */
  follow?: string;
  search?: { text: string; matches: List };
  pane: Pane;
  /** First line of the pane that is shown. */
  paneTop: number;
  /** Below 80 columns: which of the two is shown. */
  focus: 'list' | 'pane';
  prompt?: Prompt;
  prediction?: Prediction;
  /** How the trace is named on a command line. */
  name: string;
  marks: Marks;
  /** Filters that have names, those of the person. */
  filters: NamedFilters;
  /** States are shown as what has changed since this event. */
  since?: number;
  /** What the key has copied: for the terminal's clipboard. */
  copied?: string;
  speed: (typeof speeds)[number];
  message: string;
  columns: number;
  rows: number;
  quit: boolean;
}

export interface Begin {
  level: Level;
  columns: number;
  rows: number;
  at?: number | undefined;
  filter?: { text: string; filter: Filter } | undefined;
  name?: string;
  marks?: Marks;
  filters?: NamedFilters;
}

export function begin(events: Events, wish: Begin): Model {
  const { level, columns, rows, at, filter, name = 'last', marks = new Map(), filters = {} } = wish;
  const list = events.list({ level, filter: filter?.filter });
  const model: Model = {
    level,
    cursor: 0,
    anchor: 0,
    list,
    pane: 'summary',
    paneTop: 0,
    focus: 'list',
    speed: 0,
    ...{ name, marks, filters },
    message: list.length === 0 ? 'no event matches' : 'h: help',
    columns,
    rows,
    quit: false,
    ...(filter && { filter }),
  };
  return at === undefined ? moved(model, 0) : near(model, at);
}

/** The cursor on the event at a place of the list, as far as there is one. */
export function moved(model: Model, place: number): Model {
  const { list } = model;
  if (list.length === 0) return { ...model, cursor: 0 };
  const at = Math.min(Math.max(place, 0), list.length - 1);
  const cursor = list.seqAt(at);
  return { ...model, cursor, anchor: cursor, paneTop: 0 };
}

/** The cursor on an event, or on the last one before it that the list has. */
export const near = (model: Model, seq: number): Model => moved(model, placeOf(model.list, seq));

/** The cursor on an event, or on the first one after it that the list has. */
export function from(model: Model, seq: number): Model {
  const place = placeOf(model.list, seq);
  const isThere = place >= 0 && model.list.seqAt(place) === seq;
  return moved(model, isThere ? place : place + 1);
}

/** The list anew, the cursor where it was. */
export function relisted(events: Events, model: Model): Model {
  const { level, filter, follow, anchor } = model;
  return { ...near({ ...model, list: events.list({ level, filter: filter?.filter, follow }) }, anchor), anchor };
}

/** At this width and above, list and pane stand side by side. */
export const wide = 80;

export const without = (
  model: Model,
  name: 'prompt' | 'filter' | 'follow' | 'search' | 'prediction' | 'since' | 'copied',
): Model => {
  const { [name]: _gone, ...rest } = model;
  return rest;
};

export const say = (model: Model, message: string): Model => ({ ...model, message });
export const closed = (model: Model): Model => ({
  ...without(model, 'prediction'),
  pane: 'summary',
  paneTop: 0,
  focus: 'list',
});
export const open = (model: Model, pane: Pane): Model => ({ ...model, pane, paneTop: 0, focus: 'pane' });
/** Opened again, a pane is closed. */
export const toggled = (model: Model, pane: Pane): Model => (model.pane === pane ? closed(model) : open(model, pane));
