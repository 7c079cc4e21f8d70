// A step taken on a recording, without engine, root or Linux. Predictions are graded as ever; an assertion on a trace is judged on the recording;
// a check on state says what it would look at. Rule: nothing is called failed for what the recording is not of: it cannot be told here.
import type { Trace } from '../../trace/file.ts';
import { valueWords } from '../check/match.ts';
import { wishWords } from '../check/probes.ts';
import { checkTrace } from '../check/trace.ts';
import type { Step } from '../format/load.ts';
import { type Check, kindOfCheck } from '../format/schema.ts';
import type { CheckResult } from './check-step.ts';

/** How a lesson is taken: on the real engine, on a recording, on a simulated kernel. */
export const ways = ['engine', 'replay', 'simulated'] as const;
export type Way = (typeof ways)[number];

export function replayStep({ checks }: Step, recording: Trace | undefined): CheckResult[] {
  return checks.map((check): CheckResult => {
    const { trace: assertion } = check;
    if (assertion === undefined)
      return { check, state: 'unknown', saw: 'nothing: no engine runs here', wanted: wouldLookAt(check) };
    const wanted = 'an event in a trace of yours';
    if (recording === undefined) return { check, state: 'unknown', saw: 'cannot tell here: no recording', wanted };
    const verdict = checkTrace(recording, assertion);
    if (verdict.state === 'passed') return { check, ...verdict };
    return {
      check,
      ...verdict,
      state: 'unknown',
      saw: `cannot tell here: the recording is of another run; ${verdict.saw}`,
    };
  });
}

function wouldLookAt(check: Check): string {
  const kind = kindOfCheck(check);
  const selector = check[kind];
  const what =
    typeof selector === 'string'
      ? selector
      : Object.entries(selector ?? {})
          .map(([key, value]) => (key === kind ? valueWords(value) : `${key} ${valueWords(value)}`))
          .join(', ');
  const want = Object.entries(check.want ?? {}).map(([path, matcher]) => `${path} ${wishWords(matcher)}`);
  return `on an engine: ${kind} ${what}${want.length > 0 ? `, with ${want.join(', ')}` : ''}`;
}
