// `tlab why --flag`: what a flag caused, stage by stage, with the command that does the same by hand.
import { paint } from '../base/colour.ts';
import { columns, fitMiddle, printable, wrap } from '../base/text.ts';
import { effectsOfFlag, type FlagEffects } from '../explain/flag-effects.ts';
import { levelOf, wordsOf } from '../explain/words.ts';
import { readCalls } from '../trace/calls.ts';
import { stages } from '../trace/events.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { callWords, errnoOf } from './call.ts';

const labelWidth = 12;
/** Events of one stage that are listed: a flag like --publish may be behind dozens. */
const mostEvents = 16;
/** Fields and lines of config.json: --privileged is behind every device of the host. */
const mostPointers = 8;

export function flagLines(trace: Trace, flag: string, width: number): string[] {
  const effects = effectsOfFlag(trace, flag, (isWanted) =>
    readCalls(trace, { mayWant: (call) => isWanted(call.operation) }),
  );
  const given = `  in: ${printable(fitMiddle(trace.header.command.join(' '), 4 * width))}`;
  const [first = '', ...more] = wrap(printable(flag) + given, width);
  const head = [
    paint.out('bold', first.slice(0, flag.length)) + paint.out('dim', first.slice(flag.length)),
    ...more.map((line) => paint.out('dim', line)),
  ];
  return [...head, ...(isEmpty(effects) ? nothingLines(trace, effects, width) : effectLines(trace, effects, width))];
}

const isEmpty = ({ fields, pointers, events }: FlagEffects): boolean =>
  fields.length + pointers.length + events.length === 0;

function nothingLines({ header }: Trace, { flag, known, hasProvenance }: FlagEffects, width: number): string[] {
  if (!hasProvenance) {
    return wrap(
      'cannot tell: this trace holds no provenance. Its client (curl, another docker) did not say which flag put which field into the request, so a chain ends at the request.',
      width,
    );
  }
  const isTyped = header.command.some((word) => word === flag || word.startsWith(`${flag}=`));
  return [
    ...wrap(
      isTyped
        ? 'nothing: it was given, and no event of this trace comes from it. A name, for one, asks nothing of the kernel.'
        : 'nothing: this flag was not given.',
      width,
    ),
    ...wrap(
      known.length === 0 ? 'This trace has no flags.' : `Flags of this trace: ${known.map(printable).join(', ')}`,
      width,
    ),
  ];
}

function effectLines(trace: Trace, effects: FlagEffects, width: number): string[] {
  const { fields, pointers, events, calls } = effects;
  return [
    ...listed('request', fields, width),
    ...listed('config.json', pointers, width),
    ...stages.flatMap((stage) => stageLines(stage, events, calls.ofEvent, width)),
    ...(events.some((event) => event.stage === 'kernel')
      ? []
      : wrap('Nothing in the kernel: it is kept and used by the stages above.', width)),
    ...callLines(trace, effects, width),
  ];
}

const label = (text: string): string => paint.out('dim', text.padEnd(labelWidth));

function listed(name: string, items: readonly string[], width: number): string[] {
  const shown = items.slice(0, mostPointers);
  const lines = shown.map((item, i) => label(i === 0 ? name : '') + fitMiddle(printable(item), width - labelWidth));
  return items.length === shown.length ? lines : [...lines, `${label('')}… ${items.length - shown.length} more`];
}

function stageLines(
  stage: string,
  all: readonly TraceEvent[],
  calls: ReadonlyMap<number, number>,
  width: number,
): string[] {
  const events = all.filter((event) => event.stage === stage && levelOf(event) > 0);
  const shown = events.slice(0, mostEvents);
  const rest = events.length - shown.length;
  const lines = shown.flatMap((event, i) => eventLines(event, i === 0 ? stage : '', calls.get(event.seq) ?? 0, width));
  return rest === 0 ? lines : [...lines, `${label('')}… ${rest} more`];
}

function eventLines(event: TraceEvent, name: string, calls: number, width: number): string[] {
  const derived = event.truth === 'derived' ? ' (derived: matched by its arguments)' : '';
  const tail = `${derived}${calls === 0 ? '' : ` [${calls} call${calls === 1 ? '' : 's'}]`}`;
  const said = wordsOf(event);
  const twin = event.twin === undefined || printable(event.twin) === said ? [] : [`$ ${printable(event.twin)}`];
  const beside = (words: string): string[] => wrap(fitMiddle(words, 3 * (width - labelWidth)), width - labelWidth);
  return [
    ...beside(`${event.seq} ${said}${tail}`).map((line, i) => label(i === 0 ? name : '') + line),
    ...twin.map((line) => label('') + paint.out('green', line)), // unbroken, to be copied
  ];
}

/** A call in one line, its errno never cut. */
function callLine(call: TraceEvent, width: number): string {
  const errno = errnoOf(call);
  const tail = errno === '' ? '' : ` ${errno}`;
  return fitMiddle(`${call.seq} ${callWords(call)}`, Math.max(10, width - columns(tail))) + paint.out('red', tail);
}

function callLines(trace: Trace, { calls }: FlagEffects, width: number): string[] {
  if (trace.calls === undefined) return wrap('System calls: this trace holds none.', width);
  const { total, noise, names, first } = calls;
  if (total === 0) return [`${label('calls')}none of its own`];
  const counted = names.map(([name, count]) => `${name} ${count}`).join(', ');
  const summary = `${total}${noise === 0 ? '' : ` (${noise} of them housekeeping)`}: ${counted}`;
  const rest = total - noise - first.length;
  return [
    ...wrap(printable(summary), width - labelWidth).map((line, i) => label(i === 0 ? 'calls' : '') + line),
    ...first.map((call) => label('') + callLine(call, width - labelWidth)),
    ...(rest === 0 ? [] : [`${label('')}… ${rest} more`]),
  ];
}
