// A trace as lines of text: the same content as every other viewer, for pipes, narrow terminals and screen readers.
import { styleText } from 'node:util';
import { columns, fitMiddle, printable, wrap } from '../base/text.ts';
import { Causes, wordsOfCause } from '../explain/causes.ts';
import { isError, levelOf, sourceOf, wordsOf } from '../explain/words.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import type { Level } from '../trace/row.ts';
import type { Filter } from './filter.ts';

export interface ListOptions {
  level: Level;
  filter?: Filter;
  /** Columns; lines are cut with a mark. Infinity for pipes. */
  width: number;
  /** Only the events near this one. */
  around?: number;
}

const milliseconds = (ns: number): string => (ns / 1e6).toFixed(2);

/** The events that a view shows. */
export function selectEvents(trace: Trace, options: Pick<ListOptions, 'level' | 'filter' | 'around'>): TraceEvent[] {
  return trace.events.filter(
    (event) =>
      levelOf(event) <= options.level &&
      (options.filter?.(event) ?? true) &&
      (options.around === undefined || Math.abs(event.seq - options.around) <= 10),
  );
}

/** One line an event: number, milliseconds, stage, words. */
export function listEvents(trace: Trace, options: ListOptions): string[] {
  return selectEvents(trace, options).map((event) => {
    const head = `${String(event.seq).padStart(5)} ${milliseconds(event.ts).padStart(9)} ms  `;
    const stage = event.stage.padEnd(10);
    const errno = typeof event.data.errno === 'string' && event.data.errno !== '' ? `  ${event.data.errno}` : '';
    const words = fitMiddle(wordsOf(event) + printable(errno), Math.max(20, options.width - columns(head) - 12));
    return `${styleText('dim', head)}${styleText('cyan', stage)}  ${isError(event) ? styleText('red', words) : words}`;
  });
}

/** What the header says: command, host, counts, what could not be seen. */
export function headLines(trace: Trace, width: number): string[] {
  const { header } = trace;
  const stages = new Set(trace.events.map((event) => event.stage));
  const host = `${header.host.distribution}, kernel ${header.host.kernel}, cgroup ${header.host.cgroup}`;
  const lines = [
    ...wrap(printable(header.command.join(' ')), width).map((line) => styleText('bold', line)),
    ...wrap(
      `trace ${header.id.slice(0, 12)} of ${header.startedAt.slice(0, 19).replace('T', ' ')} UTC on ${printable(host)}`,
      width,
    ),
    `seen ${header.seen}, lost ${header.lost}; ${stages.size} stages, ${header.processes.length} processes`,
  ];
  if (header.blind.length > 0) lines.push(...wrap(`not seen: ${printable(header.blind.join('; '))}`, width));
  if (trace.unreadable > 0)
    lines.push(styleText('yellow', `PARTIAL: ${trace.unreadable} lines of this trace could not be read`));
  return lines;
}

/** Everything about one event: words, cause chain, data, twin, source. */
export function explainEvent(trace: Trace, event: TraceEvent, width: number): string[] {
  const { links, complete } = new Causes(trace).chainOf(event);
  const lines = [
    styleText('bold', `event ${event.seq}  ${event.type}`) +
      styleText('dim', `  ${milliseconds(event.ts)} ms  pid ${event.pid}  ${event.truth}`),
    ...wrap(wordsOf(event), width - 2).map((line) => `  ${line}`),
    'why:',
    ...links.flatMap((cause, depth) =>
      wrap(printable(wordsOfCause(cause)), width - 8).map((line, i) => `  ${i === 0 ? `${depth + 1}.` : '  '} ${line}`),
    ),
  ];
  if (/^(flag|argument|command):/.test(links.at(-1) ?? '')) {
    lines.push(...wrap(`   in: ${printable(trace.header.command.join(' '))}`, width - 2).map((line) => `  ${line}`));
  }
  if (!complete) lines.push('  (the chain ends here: this trace does not hold what is above)');
  if (event.twin !== undefined) lines.push('by hand:', `  ${styleText('green', printable(event.twin))}`);
  const source = sourceOf(event);
  if (source !== undefined) lines.push(`source: ${source}`);
  lines.push(
    'data:',
    ...JSON.stringify(event.data, null, 2)
      .split('\n')
      .map((line) => `  ${printable(line)}`),
  );
  return lines;
}
