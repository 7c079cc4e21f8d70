// What of an event can be copied: as text, as the command that does it by hand, as the command that shows it.
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../base/text.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { Events } from './events.ts';
import type { Model } from './model.ts';
import { summaryLines } from './summary.ts';

export interface Copy {
  what: string;
  text: string;
}

/** What there is to copy of an event: safe to paste, without colours. */
export function copiesOf(events: Events, event: TraceEvent, { level, name }: Model): Copy[] {
  const lines = summaryLines(events, event, { width: Number.POSITIVE_INFINITY, isStory: level === 0 });
  const words = lines.map(stripVTControlCharacters).filter((line) => line !== '' && line !== 'x: explain');
  const { twin } = event;
  return [
    { what: 'the event', text: words.join('\n') },
    ...(twin === undefined ? [] : [{ what: 'the command by hand', text: printable(twin) }]),
    { what: 'how to show it', text: `tlab trace show ${quoted(name)} --why ${event.seq}` },
  ];
}

const quoted = (word: string): string => (/^[\w./@:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
