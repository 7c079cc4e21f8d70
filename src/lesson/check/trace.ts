// Trace assertions: exists, none, count, before, after, by, with, within. A filter finds events; the verdict quotes them.
// Rule: what depends on an event's absence is "cannot tell" when the trace has gaps; an event that is there is there.
import { printable } from '../../base/text.ts';
import { beats } from '../../explain/beats.ts';
import { shortened, wordsOf } from '../../explain/words.ts';
import { gapsOf, type Trace, type TraceEvent } from '../../trace/file.ts';
import { parseFilter } from '../../viewer/filter.ts';
import { selectEvents } from '../../viewer/text.ts';
import type { TraceAssertion } from '../format/schema.ts';
import { factOf, matcherWords, matches, valueWords } from './match.ts';
import type { Facts, Verdict } from './verdict.ts';

/** So many are quoted. */
const quoted = 3;
/** A filter that finds more does not tell one thing from another. */
const mostFound = 10_000;

export function checkTrace(trace: Trace, assertion: TraceAssertion): Verdict {
  const verdict = judge(trace, assertion);
  const gaps = gapsOf(trace);
  if (gaps.length === 0 || !restsOnAbsence(assertion, verdict)) return verdict;
  return { ...verdict, state: 'unknown', saw: `${verdict.saw}; the trace is not complete: ${gaps.join('; ')}` };
}

/** "none" and "count" when they pass or fail by what was not seen; "exists" only when it fails. */
function restsOnAbsence(assertion: TraceAssertion, { state }: Verdict): boolean {
  if ('none' in assertion) return state === 'passed';
  return 'count' in assertion || state === 'failed';
}

function judge(trace: Trace, assertion: TraceAssertion): Verdict {
  if ('none' in assertion) {
    const found = find(trace, assertion.none);
    return verdictOf(found.length === 0, found, `no event ${assertion.none}`);
  }
  if ('count' in assertion) {
    const found = find(trace, assertion.count);
    return verdictOf(
      matches(assertion.is, found.length),
      found,
      `${matcherWords(assertion.is)} events ${assertion.count}`,
    );
  }
  return judgeExists(trace, assertion);
}

type Exists = Extract<TraceAssertion, { exists: string }>;
/** One condition on an event: whether it holds, and what was seen instead. */
type Condition = (event: TraceEvent) => string | undefined;

function judgeExists(trace: Trace, assertion: Exists): Verdict {
  const found = find(trace, assertion.exists);
  const wanted = wantedWords(assertion);
  if (found.length === 0) return { state: 'failed', saw: `no event ${assertion.exists}`, wanted };
  const conditions = conditionsOf(trace, assertion);
  const reasons = new Set<string>();
  for (const event of found) {
    const broken = conditions.flatMap((condition) => condition(event) ?? []);
    if (broken.length === 0) return { state: 'passed', saw: quote(event), wanted, events: [event.seq] };
    reasons.add(`${quote(event)}, but ${broken.join(', ')}`);
  }
  return { state: 'failed', saw: [...reasons].slice(0, quoted).join('; '), wanted, events: numbers(found) };
}

function conditionsOf(trace: Trace, { by, with: fields = {}, before, after, within }: Exists): Condition[] {
  const conditions: Condition[] = [];
  if (by !== undefined) {
    conditions.push((event) => {
      const doers = [event.stage, String(event.data.process ?? '')].filter((one) => one !== '');
      return doers.includes(by) ? undefined : `by ${doers.join(', ')}`;
    });
  }
  for (const [path, wanted] of Object.entries(fields)) {
    conditions.push((event) => {
      const seen = factOf(event.data as Facts, path);
      return matches(wanted, seen) ? undefined : `${path} is ${valueWords(seen)}`;
    });
  }
  const limitNs = within === undefined ? Number.POSITIVE_INFINITY : nanoseconds(within);
  if (before !== undefined) conditions.push(nextTo(find(trace, before), before, 1, limitNs));
  if (after !== undefined) conditions.push(nextTo(find(trace, after), after, -1, limitNs));
  return conditions;
}

/** Another event on the right side of this one, and near enough. */
function nextTo(others: readonly TraceEvent[], filter: string, side: 1 | -1, limitNs: number): Condition {
  return (event) => {
    if (others.length === 0) return `there is no event ${filter}`;
    const there = others.filter(({ ts }) => (ts - event.ts) * side > 0);
    if (there.length === 0) return `${filter} is ${side === 1 ? 'earlier' : 'later'}`;
    const nearest = Math.min(...there.map(({ ts }) => Math.abs(ts - event.ts)));
    return nearest <= limitNs ? undefined : `${(nearest / 1e6).toFixed(2)} ms lie between`;
  };
}

export function find(trace: Trace, filter: string): TraceEvent[] {
  const selection = { level: 3 as const, filter: parseFilter(filter), limit: mostFound };
  return [...selectEvents(trace, selection)];
}

const verdictOf = (isPassed: boolean, found: readonly TraceEvent[], wanted: string): Verdict => ({
  state: isPassed ? 'passed' : 'failed',
  saw: found.length === 0 ? 'none' : `${found.length}: ${found.slice(0, quoted).map(quote).join('; ')}`,
  wanted,
  events: numbers(found),
});

const numbers = (events: readonly TraceEvent[]): number[] => events.slice(0, quoted).map(({ seq }) => seq);

export const quote = (event: TraceEvent): string => `event ${event.seq} (${event.stage}): ${wordsOf(event)}`;

/** The same; what a line of a script came to is told with the line. */
export function quoteOf(trace: Trace, event: TraceEvent): string {
  const told = event.type === 'cli.step-ended' && beats.find(({ matches }) => matches(event));
  const started = trace.events.find(
    ({ type, data }) => type === 'cli.step-started' && data.number === event.data.number,
  );
  if (!told || started === undefined) return quote(event);
  return `event ${event.seq} (${event.stage}): ${shortened(printable(told.says([started, event])))}`;
}

function wantedWords({ exists, before, after, within, by, with: fields = {} }: Exists): string {
  const near = within === undefined ? '' : ` within ${within}`;
  const parts = [
    `an event ${exists}`,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...Object.entries(fields).map(([path, wanted]) => `with ${path} ${matcherWords(wanted)}`),
    ...(before === undefined ? [] : [`before ${before}${near}`]),
    ...(after === undefined ? [] : [`after ${after}${near}`]),
  ];
  return parts.join(', ');
}

/** `500us`, `10ms`, `2s`; the schema has checked the form. */
function nanoseconds(text: string): number {
  const unit = { us: 1e3, ms: 1e6, s: 1e9 }[text.replace(/[\d.]/g, '')] ?? Number.NaN;
  return Number.parseFloat(text) * unit;
}
