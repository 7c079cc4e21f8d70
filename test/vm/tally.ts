// What the tests of a machine came to, said as one line on its console: a reporter of node:test there, a parser here.
// `node --test --test-reporter ./test/vm/tally.ts` prints that line and nothing else.
import type { TestEvent } from 'node:test/reporters';
import * as v from 'valibot';

const schema = v.object({
  passed: v.number(),
  failed: v.number(),
  /** `name: reason` */
  skipped: v.array(v.string()),
});
export type Tally = v.InferOutput<typeof schema>;

const mark = 'vm: tally ';

/** A suite fails by itself when one of its hooks does. */
const isOfItsTests = (error: Error): boolean => 'failureType' in error && error.failureType === 'subtestsFailed';

/** Counts one event of a test run; a suite is not a test. */
export function count(tally: Tally, event: TestEvent): void {
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return;
  const { details, name, skip } = event.data;
  if (details.type === 'suite' && (event.type === 'test:pass' || isOfItsTests(event.data.details.error))) return;
  if (event.type === 'test:fail') tally.failed++;
  else if (skip === undefined || skip === false) tally.passed++;
  else tally.skipped.push(`${name}: ${skip === true ? 'no reason given' : skip}`);
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  for await (const event of source) count(tally, event);
  yield `${mark}${JSON.stringify(tally)}\n`;
}

/** Of several files. */
export const sumOf = (before: Tally | undefined, { passed, failed, skipped }: Tally): Tally => ({
  passed: (before?.passed ?? 0) + passed,
  failed: (before?.failed ?? 0) + failed,
  skipped: [...(before?.skipped ?? []), ...skipped],
});

/** undefined for a line that is something else. */
export const parseTally = (line: string): Tally | undefined =>
  line.startsWith(mark) ? v.parse(schema, JSON.parse(line.slice(mark.length))) : undefined;
