// An event in short: its words, why it happened, the command by hand, and what it changed.
import { paint } from '../../base/colour.ts';
import { fitMiddle, printable, wrap } from '../../base/text.ts';
import { wordsOfCause } from '../../explain/causes.ts';
import { shortened, wordsOf } from '../../explain/words.ts';
import type { TraceEvent } from '../../trace/file.ts';
import { callWords, errnoOf, isCall, processOf } from '../call.ts';
import { stateKinds, stateText } from '../state.ts';
import { type Events, storyWords } from './events.ts';

export const bold = (text: string): string => paint.out('bold', text);
export const dim = (text: string): string => paint.out('dim', text);
export const wrapped = (text: string, width: number): string[] =>
  wrap(fitMiddle(text, 8 * width), width).map((line) => fitMiddle(line, width));

interface Summary {
  width: number;
  isStory: boolean;
}

export function summaryLines(events: Events, event: TraceEvent, { width, isStory }: Summary): string[] {
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
    ...(error === '' ? [] : wrapped(`ERROR ${error}`, width).map((line) => paint.out('red', line))),
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
  twin === undefined ? [] : wrapped(`by hand: ${printable(twin)}`, width).map((line) => paint.out('green', line));

/** Lines of state that this event made or changed. */
function changeLines(events: Events, event: TraceEvent, width: number): string[] {
  return events.states.concernedBy(event).flatMap((kind) => {
    if (kind === 'processes') return [];
    const lines = events.states.at(kind, event.seq).filter((line) => line.seq === event.seq);
    const title = `${stateKinds[kind].key}: ${kind}, now`;
    return lines.length === 0 ? [] : ['', title, ...stateText(lines, event.seq, width)];
  });
}
