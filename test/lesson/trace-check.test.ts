// Trace assertions on the recorded run of nginx: each form passes where it should, fails with what was seen, and tells when it cannot.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { checkTrace } from '../../src/lesson/check/trace.ts';
import type { TraceAssertion } from '../../src/lesson/format/schema.ts';
import type { Trace } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';

let trace: Trace;
before(async () => {
  trace = await readTraceFile(new URL('../../traces/run-nginx.jsonl', import.meta.url).pathname);
});

const pivot = 'process=runc and name=pivot_root';
const rows: Array<[what: string, assertion: TraceAssertion, state: 'passed' | 'failed', saw: RegExp]> = [
  ['a system call is there', { exists: pivot }, 'passed', /^event \d+ \(kernel\): .*pivot_root/],
  ['one that is not', { exists: 'name=reboot' }, 'failed', /^no event name=reboot$/],
  ['before another', { exists: pivot, before: 'process=runc and name=sethostname' }, 'passed', /pivot_root/],
  [
    'before one that is earlier',
    { exists: 'process=runc and name=sethostname', before: pivot },
    'failed',
    /but .* is earlier/,
  ],
  [
    'after another',
    { exists: 'process=runc and name=sethostname', after: pivot, within: '1s' },
    'passed',
    /sethostname/,
  ],
  [
    'too far behind',
    { exists: 'process=runc and name=sethostname', after: pivot, within: '1us' },
    'failed',
    /ms lie between/,
  ],
  ['by a process', { exists: 'name=pivot_root', by: 'runc' }, 'passed', /./],
  ['by another one', { exists: 'name=pivot_root', by: 'shim' }, 'failed', /but by kernel, runc/],
  ['with a field', { exists: pivot, with: { result: 0 } }, 'passed', /./],
  ['with another value', { exists: pivot, with: { result: { min: 1 } } }, 'failed', /but result is 0/],
  ['none of what is not there', { none: 'name=reboot' }, 'passed', /^none$/],
  ['none of what is there', { none: pivot }, 'failed', /^1: event/],
  ['so many', { count: pivot, is: 1 }, 'passed', /^1: event/],
  ['another count', { count: pivot, is: { min: 2 } }, 'failed', /^1: event/],
];

for (const [what, assertion, state, saw] of rows) {
  test(`${what}: ${state}`, () => {
    const verdict = checkTrace(trace, assertion);
    assert.equal(verdict.state, state, verdict.saw);
    assert.match(verdict.saw, saw);
  });
}

test('with losses, what rests on absence cannot be told, what is there can', () => {
  const holed: Trace = { ...trace, header: { ...trace.header, lost: 7 } };
  const stateOf = (assertion: TraceAssertion) => checkTrace(holed, assertion).state;
  assert.equal(stateOf({ exists: pivot }), 'passed');
  assert.equal(stateOf({ exists: 'name=reboot' }), 'unknown');
  assert.equal(stateOf({ none: 'name=reboot' }), 'unknown');
  assert.equal(stateOf({ none: pivot }), 'failed');
  assert.equal(stateOf({ count: pivot, is: 1 }), 'unknown');
});
