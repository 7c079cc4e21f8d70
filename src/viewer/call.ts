// System calls as lines: `mount("proc", "/proc", "proc", MS_NOSUID, NULL) = 0`, and the folding of what language runtimes do for themselves.
import { columns, fitMiddle, printable } from '../base/text.ts';
import type { TraceEvent } from '../trace/file.ts';

export const isCall = (event: TraceEvent): boolean => event.type === 'kernel.syscall-made';

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? '?');

/** As strace prints it, safe to print. */
export function callWords({ data }: TraceEvent): string {
  const args = Array.isArray(data.args) ? data.args.map(text).join(', ') : text(data.args);
  return printable(`${text(data.name)}(${args}) = ${data.result === undefined ? '?' : text(data.result)}`);
}

/** `AT_FDCWD</work>` without where that is: in a list it takes the place of the path that matters. */
const withoutFolder = (arg: unknown): unknown =>
  typeof arg === 'string' ? arg.replace(/^AT_FDCWD<.*>$/s, 'AT_FDCWD') : arg;

/** The words of a call in a list. */
export function listedWords(event: TraceEvent): string {
  const { args } = event.data;
  return Array.isArray(args)
    ? callWords({ ...event, data: { ...event.data, args: args.map(withoutFolder) } })
    : callWords(event);
}

const quoted = /"(?:[^"\\]|\\.)*"/;
/** What stays behind a long path: the end of the other arguments and the result. */
const restColumns = 10;
const leastPathColumns = 12;

/** Cuts a call to a width so that its first path stays: what follows is cut before it is. */
export function fitCall(whole: string, width: number): string {
  if (columns(whole) <= width) return whole;
  // What the new descriptor is of stands in the arguments too.
  const words = whole.replace(/ = (\d+)<[^"]*>$/, ' = $1');
  const path = quoted.exec(words);
  if (path === null || columns(words) <= width) return fitMiddle(words, width);
  const before = words.slice(0, path.index);
  const rest = words.slice(path.index + path[0].length);
  const space = width - columns(before) - Math.min(columns(rest), restColumns);
  if (space < Math.min(columns(path[0]), leastPathColumns)) return fitMiddle(words, width);
  const start = before + fitMiddle(path[0], space);
  return start + fitMiddle(rest, width - columns(start));
}

export const errnoOf = ({ data }: TraceEvent): string => (typeof data.errno === 'string' ? printable(data.errno) : '');

export const processOf = ({ data, stage }: TraceEvent): string =>
  typeof data.process === 'string' ? printable(data.process) : stage;

/** What a bare word of a filter is looked for in. */
export const matchedWords = (event: TraceEvent): string =>
  `${processOf(event)} ${callWords(event)} ${errnoOf(event)}`.trimEnd();

/** A call, or so many that follow each other and say nothing of the container. */
export type CallOrFold = { event: TraceEvent } | { folded: Fold };

export interface Fold {
  first: TraceEvent;
  /** By name. */
  counts: Map<string, number>;
  processes: Set<string>;
  total: number;
}

const isNoise = (event: TraceEvent): boolean => isCall(event) && event.data.noise === true;

/** Puts noise together that stands together; one alone stays as it is. */
export function* folded(events: Iterable<TraceEvent>): Generator<CallOrFold> {
  let fold: Fold | undefined;
  for (const event of events) {
    if (isNoise(event)) {
      fold = withOne(fold, event);
      continue;
    }
    if (fold !== undefined) yield closed(fold);
    fold = undefined;
    yield { event };
  }
  if (fold !== undefined) yield closed(fold);
}

const closed = (fold: Fold): CallOrFold => (fold.total === 1 ? { event: fold.first } : { folded: fold });

function withOne(fold: Fold | undefined, event: TraceEvent): Fold {
  const into = fold ?? { first: event, counts: new Map(), processes: new Set(), total: 0 };
  const name = text(event.data.name);
  into.counts.set(name, (into.counts.get(name) ?? 0) + 1);
  into.processes.add(processOf(event));
  into.total++;
  return into;
}

const namedKinds = 4;

/** `… 37 calls of the runtime: futex 20, epoll_wait 9, mmap 8`. */
export function foldWords({ counts, total }: Fold): string {
  const kinds = [...counts].sort(([, a], [, b]) => b - a);
  const named = kinds.slice(0, namedKinds).map(([name, count]) => `${name} ${count}`);
  const others = kinds.slice(namedKinds).reduce((sum, [, count]) => sum + count, 0);
  if (others > 0) named.push(`others ${others}`);
  return printable(`… ${total} calls of the runtime: ${named.join(', ')}`);
}
