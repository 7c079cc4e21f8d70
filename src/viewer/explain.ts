// Everything about one event, for one screen: the event as it is, our words for it, the chain of its causes, the command that does
// the same by hand, its data.
import { getSystemErrorMap } from 'node:util';
import { paint } from '../base/colour.ts';
import { columns, fitMiddle, printable, wrap } from '../base/text.ts';
import { Causes, wordsOfCause } from '../explain/causes.ts';
import { explain } from '../explain/explain.ts';
import { syllabus } from '../explain/syllabus.ts';
import { shortened, sourceOf, wordsOf } from '../explain/words.ts';
import type { Explanation } from '../explain/words-row.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { callWords, errnoOf, isCall, processOf } from './call.ts';

const milliseconds = (ns: number): string => (ns / 1e6).toFixed(2);
const labelWidth = 9;
/** Lines of data that are shown: the rest is in the file. */
const mostDataLines = 12;
/** Lines of the event's own words: an argument list may be pages long. */
const mostHeadLines = 6;

const truths: Partial<Record<TraceEvent['truth'], string>> = {
  derived: 'derived: nobody reported this; it was matched by the arguments of system calls',
  simulated: 'simulated: a model of the kernel did this, no real one',
  documented: 'documented: from a description, not from a run',
};

/** The lines of `tlab why`. */
export function explainEvent(
  trace: Trace,
  event: TraceEvent,
  width: number,
  causes: Causes = new Causes(trace),
): string[] {
  const operation = causes.operationOf(event);
  const explanation = explain(event, operation);
  const source = explanation?.source ?? sourceOf(event);
  return [
    ...head(event, width),
    ...(explanation === undefined ? [] : sentences(explanation, errnoOf(event) !== '', width)),
    ...chainLines(trace, causes, event, width),
    ...twinLines(event, operation, width),
    ...(source === undefined ? [] : labelled('source', source, width)),
    ...dataLines(event, width),
  ];
}

/** @source kernel userspace-api/seccomp_filter.rst: filters are asked before the call is begun */
const byFilter = 'answered by a seccomp filter: the kernel never began the call';

function head(event: TraceEvent, width: number): string[] {
  const what = isCall(event) ? `system call of ${processOf(event)}` : printable(event.type);
  const facts = `  ${milliseconds(event.ts)} ms  pid ${event.pid}  ${event.truth}`;
  const errno = errnoOf(event);
  const words = shortened(isCall(event) ? callWords(event) : wordsOf(event));
  const truth = truths[event.truth];
  return [
    paint.out('bold', `event ${event.seq}  ${what}`) + paint.out('dim', facts),
    ...broken(fitMiddle(words, mostHeadLines * (width - 2)), width - 2).map((line) => `  ${line}`),
    ...(errno === '' ? [] : [paint.out('red', `  ${errno}: ${meaningOf(errno)}`)]),
    ...(event.data.answeredBy === 'seccomp' ? [paint.out('red', `  ${byFilter}`)] : []),
    ...(truth === undefined ? [] : wrap(truth, width - 2).map((line) => paint.out('yellow', `  ${line}`))),
  ];
}

/** `no such file or directory` of ENOENT. */
function meaningOf(errno: string): string {
  for (const [name, meaning] of getSystemErrorMap().values()) if (name === errno) return meaning;
  return 'the kernel refused it, or let it be tried again';
}

function sentences(explanation: Explanation, failed: boolean, width: number): string[] {
  const { does, now, without, shows } = explanation;
  return [
    ...labelled(failed ? 'tried' : 'does', shortened(does), width),
    ...(now === undefined ? [] : labelled('why now', shortened(now), width)),
    ...(without === undefined ? [] : labelled('without', without, width)),
    ...shows.flatMap((id, i) => labelled(i === 0 ? 'shows' : '', `${id} ${syllabus[id]}`, width)),
  ];
}

function chainLines(trace: Trace, causes: Causes, event: TraceEvent, width: number): string[] {
  const { operation: seq, links, also, complete } = causes.chainOf(event);
  const operation = causes.operationOf(event);
  const steps = links.map(wordsOfCause);
  if (seq !== undefined && operation !== undefined) steps.unshift(`event ${seq}: ${wordsOf(operation)}`);
  if (/^(flag|argument|command):/.test(links.at(-1) ?? '')) {
    steps[steps.length - 1] += `, in: ${trace.header.command.join(' ')}`;
  }
  const lines = steps.flatMap((step, depth) =>
    labelled(
      depth === 0 ? 'because' : '',
      `${depth + 1}. ${fitMiddle(printable(step), 3 * (width - labelWidth))}`,
      width,
      3,
    ),
  );
  lines.push(
    ...also.flatMap(({ line, root }, i) =>
      labelled(i === 0 ? 'and' : '', printable(`${wordsOfCause(line)}: ${wordsOfCause(root)}`), width, 3),
    ),
  );
  if (complete) return lines;
  return [
    ...lines,
    ...labelled(
      lines.length === 0 ? 'because' : '',
      '(the chain ends here: this trace does not hold what is above)',
      width,
    ),
  ];
}

function twinLines(event: TraceEvent, operation: TraceEvent | undefined, width: number): string[] {
  const twin = event.twin ?? operation?.twin;
  if (twin === undefined) return [];
  const whole = event.twin === undefined ? `  (event ${operation?.seq} as a whole)` : '';
  // Unbroken where it fits, so that it can be copied.
  const line = printable(twin);
  if (columns(line + whole) <= width - labelWidth)
    return [label('by hand') + paint.out('green', line) + paint.out('dim', whole)];
  return [paint.out('dim', `by hand${whole}`), `  ${paint.out('green', line)}`];
}

function dataLines(event: TraceEvent, width: number): string[] {
  const { name: _name, args: _args, process: _process, ...others } = event.data;
  const data = isCall(event) ? others : event.data;
  const flat = JSON.stringify(data)
    .replace(/([{,])(?=")/g, '$1 ')
    .replace(/\}$/, ' }');
  if (columns(flat) <= 2 * (width - labelWidth)) return labelled('data', printable(flat), width);
  const lines = JSON.stringify(data, null, 2).split('\n');
  const shown = lines.length > mostDataLines ? lines.slice(0, mostDataLines) : lines;
  const rest = lines.length - shown.length;
  return [
    paint.out('dim', 'data'),
    ...shown.map((line) => fitMiddle(`  ${printable(line)}`, width)),
    ...(rest === 0
      ? []
      : [paint.out('dim', `  … ${rest} more lines: tlab trace show --json --level 3 --filter seq=${event.seq}`)]),
  ];
}

const label = (text: string): string => paint.out('dim', text.padEnd(labelWidth));

/** A label on the left, the text beside it; later lines stand below the first. */
function labelled(name: string, text: string, width: number, hang = 0): string[] {
  return broken(printable(text), Math.max(20, width - labelWidth - hang)).map((line, i) =>
    i === 0 ? label(name) + line : ' '.repeat(labelWidth + hang) + line,
  );
}

/** Wrapped; words that are wider than a line (lists of flags, paths) go on in the next one, after a mark between their parts. */
function broken(text: string, width: number): string[] {
  return wrap(text, width).flatMap((line) => {
    const lines: string[] = [];
    let rest = line;
    while (columns(rest) > width) {
      const part = [...rest].slice(0, width).join('');
      const at = Math.max(...[...',|/ '].map((mark) => part.lastIndexOf(mark))) + 1;
      if (at === 0) break;
      lines.push(part.slice(0, at));
      rest = rest.slice(at);
    }
    return [...lines, rest];
  });
}
