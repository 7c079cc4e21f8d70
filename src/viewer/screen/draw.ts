// From a model to the lines of a screen: exactly as many as it has rows, none wider than it is. The list is virtual: only what is seen is read.
import { paint } from '../../base/colour.ts';
import { columns, fit, fitMiddle, printable } from '../../base/text.ts';
import { isError, shortened, wordsOf } from '../../explain/words.ts';
import { stages } from '../../trace/events.ts';
import { gapsOf, type TraceEvent } from '../../trace/file.ts';
import { errnoOf, fitCall, isCall, listedWords, processOf } from '../call.ts';
import { type Events, placeOf, storyWords } from './events.ts';
import { type Model, wide } from './model.ts';
import { paneLines } from './panes.ts';
import { cut, filled } from './styled.ts';

/** Less than this shows nothing that can be read. */
export const least = { columns: 40, rows: 8 };

/** From here down the head is short, and words take the place of who says them. */
const narrow = 60;

const levelNames = ['story', 'messages', 'operations', 'system calls'] as const;
const dim = (text: string): string => paint.out('dim', text);

export function draw(events: Events, model: Model): string[] {
  const { columns: width, rows } = model;
  if (width < least.columns || rows < least.rows) return tooSmall(model);
  const head = headLines(events, model);
  const foot = [stripLine(events, model), footLine(model)];
  const height = rows - head.length - foot.length;
  const lines = [...head, ...body(events, model, height), ...foot];
  return lines.map((line) => cut(line, width));
}

function tooSmall({ columns: width, rows }: Model): string[] {
  const words = [`the terminal has ${width} × ${rows}:`, `expected ${least.columns} × ${least.rows}`, 'q: quit'];
  return Array.from({ length: rows }, (_, i) => fit(words[i] ?? '', Math.max(1, width)));
}

function headLines({ trace }: Events, model: Model): string[] {
  const { level, list, cursor, columns: width, filter, follow } = model;
  const place = placeOf(list, cursor) + 1;
  const parts = [
    width < narrow ? `level ${level}` : `level ${level} ${levelNames[level]}`,
    `${place} of ${list.length}`,
    width < narrow ? `event ${cursor}` : `event ${cursor} of ${trace.header.seen}`,
    ...(filter === undefined ? [] : [`filter ${printable(filter.text)}`]),
    ...(follow === undefined ? [] : [`following ${printable(follow)}`]),
    ...(model.since === undefined ? [] : [`since ${model.since}`]),
    ...(model.speed === 0 ? [] : [`PLAY ${model.speed}×`]),
  ];
  return [
    paint.out('bold', fitMiddle(printable(trace.header.command.join(' ')), width)),
    fitMiddle(parts.join(' · '), width),
    ...gapsOf(trace)
      .map((words) => paint.out('yellow', fit(printable(words), width)))
      .slice(0, 2),
    dim('─'.repeat(width)),
  ];
}

function body(events: Events, model: Model, height: number): string[] {
  const { columns: width, focus } = model;
  if (width < wide) {
    return focus === 'list'
      ? listLines(events, model, { width, height })
      : paneWindow(events, model, { width, height });
  }
  const left = Math.floor((width - 3) * 0.56);
  const right = width - 3 - left;
  const list = listLines(events, model, { width: left, height });
  const pane = paneWindow(events, model, { width: right, height });
  return list.map((line, i) => `${filled(line, left)} ${dim('│')} ${pane[i] ?? ''}`);
}

interface Area {
  width: number;
  height: number;
}

/** The cursor stays in the middle where it can. */
function listLines(events: Events, model: Model, { width, height }: Area): string[] {
  const { list, cursor, search } = model;
  const place = Math.max(0, placeOf(list, cursor));
  const top = Math.max(0, Math.min(place - Math.floor(height / 2), list.length - height));
  return Array.from({ length: height }, (_, row) => {
    const index = top + row;
    if (index >= list.length) return row === 0 && list.length === 0 ? 'no event matches; & changes the filter' : '';
    const seq = list.seqAt(index);
    if (isHidden(model, seq)) return dim('  ? hidden until you have answered');
    const isMatch = search !== undefined && matches(search.matches, seq);
    return rowLine(events, { seq, model, width, isMatch });
  });
}

/** What the question is about, and all that comes after. */
const isHidden = ({ pane, prediction, cursor }: Model, seq: number): boolean =>
  pane === 'predict' && prediction?.given === undefined && seq > cursor;

const matches = (list: Model['list'], seq: number): boolean =>
  list.seqAt(placeOf(list, seq)) === seq && list.length > 0;

interface Row {
  seq: number;
  model: Model;
  width: number;
  isMatch: boolean;
}

/** `> 120  16.4 kernel      mount proc on /proc`: the mark says where the cursor is, without colours too. */
function rowLine(events: Events, { seq, model, width, isMatch }: Row): string {
  const isCursor = seq === model.cursor;
  const mark = isCursor ? '>' : isMatch ? '/' : model.marks.has(seq) ? '*' : ' ';
  const numberColumns = Math.max(3, String(events.trace.header.seen).length);
  const number = String(seq).padStart(numberColumns);
  const event = events.at(seq);
  if (event === undefined) return `${mark}${number} (could not be read)`;
  const time = width >= 60 ? ` ${(event.ts / 1e6).toFixed(1).padStart(8)}` : '';
  const head = `${mark}${number}${time} `;
  const tree = width >= 70 && model.level > 0 ? '  '.repeat(Math.max(0, stages.indexOf(event.stage))).slice(0, 10) : '';
  const space = Math.max(4, width - columns(head) - columns(tree));
  const words = fitWords(events, model, event, space);
  const line = `${head}${tree}${words}`;
  if (isCursor) return paint.out('inverse', filled(line, width));
  if (isError(event)) return paint.out('red', line);
  if (isMatch) return paint.out('yellow', line);
  return event.data.noise === true ? dim(line) : `${dim(head)}${tree}${words}`;
}

function fitWords(events: Events, model: Model, event: TraceEvent, space: number): string {
  const isStory = model.level === 0 && events.beatAt(event.seq) !== undefined;
  const who = isStory ? (events.beatAt(event.seq)?.beat.stage ?? event.stage) : processOf(event);
  const label = space >= 36 || model.columns >= wide ? `${fitMiddle(who, 10).padEnd(10)} ` : '';
  const left = space - columns(label);
  if (isCall(event)) {
    const errno = errnoOf(event);
    return `${label}${fitCall(shortened(listedWords(event)), Math.max(4, left - errno.length - 1))}${errno === '' ? '' : ` ${errno}`}`;
  }
  const words = printable(shortened(isStory ? storyWords(events, event.seq) : wordsOrError(event)));
  return `${label}${fitMiddle(words, left)}`;
}

/** An event that begins a beat has its own words outside the story. */
const wordsOrError = (event: TraceEvent): string => (isError(event) ? `ERROR ${wordsOf(event)}` : wordsOf(event));

function paneWindow(events: Events, model: Model, { width, height }: Area): string[] {
  const lines = paneLines(events, model, width).map((line) => cut(line, width));
  const top = Math.max(0, Math.min(model.paneTop, lines.length - height));
  const shown = lines.slice(top, top + height);
  const rest = lines.length - top - height;
  if (rest > 0) shown[height - 1] = dim(`… ${rest + 1} more lines: d, u`);
  return Array.from({ length: height }, (_, i) => shown[i] ?? '');
}

const density = ' .:|#';

/** The time of the trace from left to right, how much happened, and where the cursor is. */
function stripLine(events: Events, { cursor, columns: width }: Model): string {
  const counts = events.strip(width);
  const most = Math.max(1, ...counts);
  const event = events.at(cursor);
  const at = event === undefined ? -1 : events.stripPlace(event.ts, width);
  return counts
    .map((count, i) => {
      if (i === at) return paint.out('inverse', '^');
      const height = count === 0 ? 0 : 1 + Math.floor(((density.length - 2) * Math.log1p(count)) / Math.log1p(most));
      return density[Math.min(height, density.length - 1)] ?? ' ';
    })
    .join('');
}

const shortKeys = 'n p N P move · + - level · x why · m c r l t state · h help · q';

function footLine({ prompt, message, columns: width }: Model): string {
  if (prompt !== undefined) {
    const signs = { filter: '&', search: '/', jump: ':', mark: 'note ', name: 'name @' } as const;
    const space = width - 1 - signs[prompt.kind].length;
    // What is being typed is seen at its end.
    const text = printable(prompt.text);
    const shown = columns(text) <= space ? text : `…${[...text].slice(-(space - 1)).join('')}`;
    return `${signs[prompt.kind]}${shown}_`;
  }
  if (message !== '') return fit(printable(message), width);
  const all = 'n p event · N P beat · + - level · x explain · / search · m c r l t state · h help · q quit';
  const keys = columns(all) <= width ? all : width < 60 ? 'n p + - x Enter · h help · q quit' : shortKeys;
  return dim(fit(keys, width));
}
