// The comparison of two traces as a screen: what is compared, the differences below their causes, how much is alike.
// Rule: it fits 24 lines of 80 columns by grouping and shortening; what is left out is counted, and --all shows it.
import { paint } from '../../base/colour.ts';
import { columns, fit, fitMiddle, printable, wrap } from '../../base/text.ts';
import { wordsOfCause } from '../causes.ts';
import { countSentences } from './calls.ts';
import type { Difference, DifferenceGroup } from './diff.ts';
import { type DiffLine, eventNumbers, type Sign } from './words.ts';

export interface ScreenOptions {
  width: number;
  /** Every difference in full, with the numbers of its events. */
  all: boolean;
}

const screenLines = 24;
const colours = { '-': 'red', '+': 'green', '~': 'yellow' } as const;

/** The whole answer of `tlab trace diff`. */
export function diffScreen(difference: Difference, options: ScreenOptions): string[] {
  const { groups } = difference;
  const head = [...headLines(difference, options.width), ...noteLines(difference, options.width)];
  const end = [...callLines(difference, options), ...endLines(difference)];
  const room = options.all ? Number.POSITIVE_INFINITY : screenLines - 1 - head.length - end.length;
  return [...head, ...groupLines(groups, room, options), ...end];
}

function headLines({ a, b }: Difference, width: number): string[] {
  return [
    { name: 'A', trace: a, colour: 'red' as const },
    { name: 'B', trace: b, colour: 'green' as const },
  ].map(({ name, trace, colour }) => {
    const id = `  ${printable(trace.header.id.slice(0, 12))}`;
    const room = width - 3 - columns(id);
    const command = fitMiddle(printable(trace.header.command.join(' ')), room);
    return `${paint.out(colour, name)}  ${paint.out('bold', command)}${' '.repeat(Math.max(0, room - columns(command)))}${paint.out('dim', id)}`;
  });
}

function noteLines({ notes }: Difference, width: number): string[] {
  return notes.flatMap((note) => wrap(printable(`note: ${note}`), width).map((line) => paint.out('yellow', line)));
}

/** The second block: how they did it. At most two lines a sentence. */
function callLines({ calls }: Difference, { width, all }: ScreenOptions): string[] {
  if (calls === undefined || calls.roles.length === 0) return [];
  const lines = calls.roles.flatMap((role) =>
    countSentences(role, calls.a.get(role), calls.b.get(role)).flatMap((sentence, i) =>
      shortened(printable(sentence), {
        width: width - (i === 0 ? 2 : 4),
        most: all ? Number.POSITIVE_INFINITY : 1,
      }).map((line) => `${i === 0 ? '  ' : '    '}${line}`),
    ),
  );
  return ['', paint.out('bold', 'how they did it, in system calls'), ...lines];
}

function endLines({ alike, groups }: Difference): string[] {
  if (groups.length === 0) return ['', `no difference: ${alike} operations alike`];
  const count = (sign: Sign): number =>
    groups
      .flatMap((group) => group.lines)
      .reduce((sum, line) => sum + (line.sign === sign ? line.changes.length : 0), 0);
  return [
    '',
    `${alike} operations alike; ${count('-')} only in A (-), ${count('+')} only in B (+), ${count('~')} changed (~)`,
  ];
}

function groupLines(groups: readonly DifferenceGroup[], room: number, options: ScreenOptions): string[] {
  const sentences = groups.reduce((sum, group) => sum + group.lines.length, 0);
  // An empty line before each cause, and two lines for each sentence, as long as there is room.
  const isWide = sentences + 2 * groups.length <= room;
  let spare = room - sentences - groups.length - (isWide ? groups.length : 1);
  const lines: string[] = isWide ? [] : [''];
  let left = sentences;
  for (const group of groups) {
    if (lines.length + (isWide ? 3 : 2) > room - (left > group.lines.length ? 1 : 0)) break;
    if (isWide) lines.push('');
    lines.push(paint.out('bold', fit(headingOf(group), options.width)));
    for (const line of group.lines) {
      if (lines.length + 1 > room - (left > 1 ? 1 : 0)) break;
      const most = options.all ? Number.POSITIVE_INFINITY : spare > 0 ? 2 : 1;
      const shown = lineText(line, { ...options, most });
      spare -= shown.length - 1;
      lines.push(...shown);
      left--;
    }
  }
  return left === 0 ? lines : [...lines, `  … and ${left} more: --all`];
}

const headingOf = ({ cause, asked, words }: DifferenceGroup): string =>
  asked ? printable(`because of ${words}`) : cause === undefined ? 'of unknown cause' : printable(wordsOfCause(cause));

function lineText(line: DiffLine, { width, most, all }: ScreenOptions & { most: number }): string[] {
  const words = all ? `${line.full}  ${eventsOf(line)}` : line.words;
  return shortened(printable(words), { width: width - 4, most }).map((words, i) =>
    i === 0 ? `  ${paint.out(colours[line.sign], line.sign)} ${words}` : `    ${words}`,
  );
}

/** A sentence in at most `most` lines; what does not fit is cut between two items, with a mark. */
function shortened(sentence: string, { width, most }: { width: number; most: number }): string[] {
  const wrapped = wrap(sentence, width);
  if (wrapped.length <= most) return wrapped.map((line) => fit(line, width));
  const kept = wrapped.slice(0, most);
  const last = kept.pop() ?? '';
  return [...kept, cutBetweenItems(last, width)].map((line) => fit(line, width));
}

/** At the last comma that leaves room for the mark; at the last space where that would leave next to nothing. */
function cutBetweenItems(line: string, width: number): string {
  if (line.endsWith(',') && line.length <= width - 2) return `${line} …`;
  const room = line.slice(0, width - 2);
  const comma = room.lastIndexOf(', ');
  if (comma > 0.7 * width) return `${room.slice(0, comma)}, …`;
  return `${room.slice(0, Math.max(room.lastIndexOf(' '), 1))} …`;
}

function eventsOf({ changes }: DiffLine): string {
  const numbers = (side: 'a' | 'b'): string => {
    const all = changes.flatMap((change) => eventNumbers(change[side]));
    return all.length === 0 ? '' : `${side.toUpperCase()} ${all.join(' ')}`;
  };
  return `[${[numbers('a'), numbers('b')].filter(Boolean).join('; ')}]`;
}
