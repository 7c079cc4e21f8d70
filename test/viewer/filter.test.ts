import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceEvent } from '../../src/trace/file.ts';
import { parseFilter } from '../../src/viewer/filter.ts';

const mount = {
  seq: 3,
  ts: 2_500_000,
  stage: 'kernel',
  pid: 10,
  tid: 10,
  type: 'kernel.mount-attached',
  span: 's',
  truth: 'reported',
  data: { source: 'proc', target: '/proc', fstype: 'proc', options: 'nosuid', durationNs: 1_500_000 },
} as TraceEvent;

const matches = (text: string): boolean => parseFilter(text).matches(mount);

test('fields compare by equality and globs', () => {
  assert.ok(matches('stage=kernel'));
  assert.ok(matches('type=*mount*'));
  assert.ok(!matches('stage=shim'));
  assert.ok(matches('stage!=shim'));
  assert.ok(matches('path=/pro?'));
  assert.ok(matches('data.fstype=proc'));
});

test('durations and times compare in their units', () => {
  assert.ok(matches('dur>1ms'));
  assert.ok(!matches('dur>1.6ms'));
  assert.ok(matches('ts<=2500us'));
});

test('and binds closer than or, not closest, brackets group', () => {
  assert.ok(matches('stage=shim or stage=kernel and type=*mount*'));
  assert.ok(!matches('(stage=shim or stage=kernel) and not type=*mount*'));
});

test('a bare word matches the words of the event', () => {
  assert.ok(matches('nosuid'));
  assert.ok(!matches('tmpfs'));
});

test('an absent field is never equal, always unequal', () => {
  assert.ok(!matches('errno=*'));
  assert.ok(matches('errno!=EPERM'));
});

test('a filter with a mistake is refused with its place', () => {
  for (const [text, words] of [
    ['colour=red', /no field "colour"/],
    ['(stage=cli', /not closed/],
    ['stage=cli or', /ends too early/],
    ['dur>fast', /expected a number/],
    ['stage=cli stage=shim', /unexpected "stage=shim"/],
  ] as const) {
    assert.throws(() => parseFilter(text), words, text);
  }
});
