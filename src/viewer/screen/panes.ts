// What stands beside the list: the event in short, its explanation, a state of the kernel, a prediction, what can be followed, the keys.
// The plain mode prints the same lines.
import { fitMiddle, printable, wrap } from '../../base/text.ts';
import { wordsOf } from '../../explain/words.ts';
import type { TraceEvent } from '../../trace/file.ts';
import { explainEvent } from '../explain.ts';
import { type StateKind, stateKinds, stateText } from '../state.ts';
import { changedText } from '../state-change.ts';
import { type Copy, copiesOf } from './copies.ts';
import { type Events, followable } from './events.ts';
import { helpOfKeys } from './help.ts';
import type { Model } from './model.ts';
import type { Prediction } from './predict.ts';
import { broken } from './styled.ts';
import { bold, dim, summaryLines, wrapped } from './summary.ts';

export function paneLines(events: Events, model: Model, width: number): string[] {
  const { pane, cursor } = model;
  if (pane === 'help') return helpLines(width);
  if (pane === 'predict') return model.prediction === undefined ? [] : predictionLines(model.prediction, width);
  if (pane in stateKinds) return stateLines(events, model, pane as StateKind, width);
  if (pane === 'marks') return markLines(events, model, width);
  const event = events.at(cursor);
  if (event === undefined) return [model.list.length === 0 ? 'no event' : `event ${cursor} could not be read`];
  if (pane === 'explain') {
    return explainEvent(events.trace, event, width, events.causes).flatMap((line) => broken(line, width));
  }
  if (pane === 'follow') return followLines(event, width);
  if (pane === 'copy') return copyLines(copiesOf(events, event, model), width);
  const note = model.marks.get(cursor);
  return [
    ...summaryLines(events, event, { width, isStory: model.level === 0 }),
    ...(note === undefined ? [] : wrapped(`bookmark${note === '' ? '' : `: ${printable(note)}`}`, width)),
  ];
}

function stateLines(events: Events, { cursor: seq, since }: Model, kind: StateKind, width: number): string[] {
  const lines = events.states.at(kind, seq);
  if (since !== undefined) {
    const [from, to] = since < seq ? [since, seq] : [seq, since];
    return [
      bold(fitMiddle(`${kind}, event ${from} to ${to}`, width)),
      dim(fitMiddle('+ is new, - is gone; v: whole', width)),
      '',
      ...changedText(events.states.at(kind, from), events.states.at(kind, to), width),
    ];
  }
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

function markLines(events: Events, { marks }: Model, width: number): string[] {
  const lines = [...marks].flatMap(([seq, note], i) => {
    const event = events.at(seq);
    const words = note !== '' ? printable(note) : event === undefined ? '' : wordsOf(event);
    return wrapped(`${i < 9 ? `${i + 1}.` : '  '} event ${seq}  ${words}`, width);
  });
  return [bold('Bookmarks of this trace'), '', ...lines, '', 'a digit goes there, Esc goes back'];
}

/** So many lines show which it is. */
const glimpse = 3;

function copyLines(copies: readonly Copy[], width: number): string[] {
  const lines = copies.flatMap(({ what, text }, i) => [
    bold(`${i + 1}. ${what}`),
    ...text
      .split('\n')
      .flatMap((line) => wrapped(line, width))
      .slice(0, glimpse),
    '',
  ]);
  return [...lines, 'a digit copies, y the first, Esc goes back'];
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
