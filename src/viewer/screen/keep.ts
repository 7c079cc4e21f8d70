// What a person takes along from a trace: bookmarks with notes, filters with names, a piece of text for the clipboard, and the event that states
// are compared with. Pure as update.ts is: who runs the screen saves what has changed, and hands on what was copied.
import { printable } from '../../base/text.ts';
import { parseFilter } from '../filter.ts';
import { filterName } from '../named-filters.ts';
import { copiesOf } from './copies.ts';
import type { Events } from './events.ts';
import { closed, from, type Model, open, say, toggled, without } from './model.ts';

export const keptKeys: Readonly<Record<string, (events: Events, model: Model) => Model>> = {
  b: (_, model) =>
    model.list.length === 0
      ? say(model, 'no event to bookmark')
      : { ...model, prompt: { kind: 'mark', text: model.marks.get(model.cursor) ?? '' } },
  B: (_, model) => (model.marks.size === 0 ? say(model, 'no bookmark; b makes one') : toggled(model, 'marks')),
  "'": (_, model) => toMark(model),
  y: (events, model) => (events.at(model.cursor) === undefined ? say(model, 'no event to copy') : open(model, 'copy')),
  F: (_, model) =>
    model.filter === undefined
      ? say(model, 'no filter to name; & sets one')
      : { ...model, prompt: { kind: 'name', text: '' } },
  v: (_, model) =>
    model.since === undefined
      ? say({ ...model, since: model.cursor }, `states are compared with event ${model.cursor}; v: whole again`)
      : say(without(model, 'since'), 'states whole again'),
};

/** What is typed takes the bookmark away. */
const away = '-';

export function marked(model: Model, note: string): Model {
  const marks = new Map(model.marks);
  const { cursor } = model;
  if (note === away) {
    return say({ ...model, marks: withoutKey(marks, cursor) }, `event ${cursor} has no bookmark`);
  }
  marks.set(cursor, note);
  const inOrder = new Map([...marks].sort(([a], [b]) => a - b));
  return say({ ...model, marks: inOrder }, `event ${cursor} is bookmarked; ': the next one, B: all of them`);
}

function withoutKey(marks: Map<number, string>, key: number): Map<number, string> {
  marks.delete(key);
  return marks;
}

/** The next one behind the cursor, or the first again. */
function toMark(model: Model): Model {
  const numbers = [...model.marks.keys()];
  const seq = numbers.find((one) => one > model.cursor) ?? numbers[0];
  return seq === undefined ? say(model, 'no bookmark; b makes one') : toEvent(model, seq);
}

function toEvent(model: Model, seq: number): Model {
  const next = from(model, seq);
  const note = printable(model.marks.get(seq) ?? '');
  return say(next, next.cursor === seq ? note : `event ${seq} is not in this list; +: more`);
}

/** A digit goes there; undefined for a key that is none. */
export function markChosen(model: Model, key: string): Model | undefined {
  const seq = [...model.marks.keys()][Number(key) - 1];
  return seq === undefined || key.trim() === '' ? undefined : toEvent(closed(model), seq);
}

/** A digit copies, and y what stands first. */
export function copyChosen(events: Events, model: Model, key: string): Model | undefined {
  const event = events.at(model.cursor);
  const copies = event === undefined ? [] : copiesOf(events, event, model);
  const copy = copies[(key === 'y' ? 1 : Number(key)) - 1];
  if (copy === undefined || key.trim() === '') return undefined;
  return say({ ...closed(model), copied: copy.text }, `copied: ${copy.what}`);
}

/** @throws LabError usage */
export function filterNamed(model: Model, given: string): Model {
  const name = filterName(given);
  const { filter } = model;
  if (filter === undefined) return model;
  const filters = { ...model.filters, [name]: filter.text };
  parseFilter(filter.text, filters);
  return say({ ...model, filters }, `this filter is @${name} from now on`);
}
