// What stands beside the list: the event in short, its explanation, a state of the kernel, a prediction, what can be followed, the keys.
// The plain mode prints the same lines.
import { styleText } from 'node:util';
import { fitMiddle, printable, wrap } from '../../base/text.ts';
import { wordsOfCause } from '../../explain/causes.ts';
import { shortened, wordsOf } from '../../explain/words.ts';
import type { TraceEvent } from '../../trace/file.ts';
import { callWords, errnoOf, isCall, processOf } from '../call.ts';
import { explainEvent } from '../explain.ts';
import { type StateKind, stateKinds, stateText } from '../state.ts';
import { type Events, followable } from './events.ts';
import type { Model } from './model.ts';
import type { Prediction } from './predict.ts';
import { broken } from './styled.ts';
import { helpOfKeys, storyWords } from './update.ts';

export function paneLines(events: Events, model: Model, width: number): string[] {
  const { pane, cursor } = model;
  if (pane === 'help') return helpLines(width);
  if (pane === 'predict') return model.prediction === undefined ? [] : predictionLines(model.prediction, width);
  if (pane in stateKinds) return stateLines(events, pane as StateKind, cursor, width);
  const event = events.at(cursor);
  if (event === undefined) return [model.list.length === 0 ? 'no event' : `event ${cursor} could not be read`];
  if (pane === 'explain') {
    return explainEvent(events.trace, event, width, events.causes).flatMap((line) => broken(line, width));
  }
  if (pane === 'follow') return followLines(event, width);
  return summaryLines(events, event, { width, isStory: model.level === 0 });
}

const bold = (text: string): string => styleText('bold', text);
const dim = (text: string): string => styleText('dim', text);
const wrapped = (text: string, width: number): string[] =>
  wrap(fitMiddle(text, 8 * width), width).map((line) => fitMiddle(line, width));

interface Summary {
  width: number;
  isStory: boolean;
}

function summaryLines(events: Events, event: TraceEvent, { width, isStory }: Summary): string[] {
  const errno = errnoOf(event);
  const words = isCall(event)
    ? `${processOf(event)}: ${callWords(event)}`
    : printable(isStory ? storyWords(events, event.seq) : wordsOf(event));
  const told = isStory ? events.beatAt(event.seq) : undefined;
  const error = typeof event.data.error === 'string' ? printable(event.data.error) : errno;
  return [
    bold(fitMiddle(`event ${event.seq}  ${printable(event.type)}`, width)),
    dim(fitMiddle(`${(event.ts / 1e6).toFixed(2)} ms  ${event.stage}  pid ${event.pid}  ${event.truth}`, width)),
    '',
    ...wrapped(shortened(words), width),
    ...(error === '' ? [] : wrapped(`ERROR ${error}`, width).map((line) => styleText('red', line))),
    ...(told === undefined || told.events.length < 2
      ? []
      : [dim(`${told.events.length} events make this beat: up to event ${told.events.at(-1)?.seq}`)]),
    '',
    ...becauseLines(events, event, width),
    ...twinLines(event, width),
    ...changeLines(events, event, width),
    '',
    dim('x: explain'),
  ];
}

/** The nearest cause and the root. */
function becauseLines(events: Events, event: TraceEvent, width: number): string[] {
  const { links } = events.causes.chainOf(event);
  const shown = links.length > 2 ? [links[0], links.at(-1)] : links;
  return shown.flatMap((link, i) =>
    link === undefined
      ? []
      : wrapped(`${i === 0 ? 'because' : 'and that because'} ${printable(wordsOfCause(link))}`, width),
  );
}

const twinLines = ({ twin }: TraceEvent, width: number): string[] =>
  twin === undefined ? [] : wrapped(`by hand: ${printable(twin)}`, width).map((line) => styleText('green', line));

/** Lines of state that this event made or changed. */
function changeLines(events: Events, event: TraceEvent, width: number): string[] {
  return events.states.concernedBy(event).flatMap((kind) => {
    if (kind === 'processes') return [];
    const lines = events.states.at(kind, event.seq).filter((line) => line.seq === event.seq);
    const title = `${stateKinds[kind].key}: ${kind}, now`;
    return lines.length === 0 ? [] : ['', title, ...stateText(lines, event.seq, width)];
  });
}

function stateLines(events: Events, kind: StateKind, seq: number, width: number): string[] {
  const lines = events.states.at(kind, seq);
  return [
    bold(fitMiddle(`${kind} after event ${seq}`, width)),
    dim(fitMiddle(`${stateKinds[kind].says}; * is by this event`, width)),
    '',
    ...stateText(lines, seq, width).map((line) => (line.startsWith('*') ? bold(line) : line)),
  ];
}

function predictionLines({ choices, right, given }: Prediction, width: number): string[] {
  const offered = choices.flatMap((choice, i) => {
    const mark = given === undefined ? ' ' : i === right ? '*' : i === given ? 'x' : ' ';
    return wrapped(`${mark} ${i + 1}. ${choice}`, width);
  });
  const verdict =
    given === undefined
      ? ['', `1 to ${choices.length} answers, Esc goes back`]
      : [
          '',
          bold(given === right ? 'RIGHT: this is next' : `WRONG: next is ${right + 1}`),
          'n goes there, ? asks about what comes then',
        ];
  return [bold('What does the engine do next?'), '', ...offered, ...verdict];
}

function followLines(event: TraceEvent, width: number): string[] {
  const values = followable(event).map(({ what, value }, i) => {
    const label = `${i + 1}. ${what}  `;
    return `${label}${fitMiddle(printable(value), width - label.length)}`;
  });
  return [bold('Follow which value through the trace?'), '', ...values, '', 'a digit chooses, Esc goes back'];
}

function helpLines(width: number): string[] {
  const left = Math.max(...helpOfKeys.map(([keys]) => keys.length)) + 2;
  return [
    bold('Keys'),
    ...helpOfKeys.flatMap(([keys, says]) =>
      wrap(says, Math.max(20, width - left)).map((line, i) => (i === 0 ? keys : '').padEnd(left) + line),
    ),
  ];
}
