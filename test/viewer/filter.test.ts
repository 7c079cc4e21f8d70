import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callLine, Glance } from '../../src/trace/call-line.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { parseFilter } from '../../src/viewer/filter.ts';
import { globMatcher } from '../../src/viewer/glob.ts';
import { builtInFilters } from '../../src/viewer/named-filters.ts';
import { call, operation } from '../helpers/trace-file.ts';

const trace = await readTraceFile('traces/run-nginx.jsonl');
const exec = await readTraceFile('traces/exec.jsonl');

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

test('a range holds both its ends, takes units, and is a text where the value is one', () => {
  assert.ok(matches('seq=1..3') && matches('seq=3..9') && !matches('seq=4..9') && matches('seq!=4..9'));
  assert.ok(matches('dur=1ms..1.5ms') && !matches('ts=0..2ms'));
  assert.ok(parseFilter('name=1..2').matches({ ...mount, data: { name: '1..2' } }));
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
    ['dur=1..9x', /expected a number/],
    ['stage=', /"stage=": expected a value after =/],
    ['stage=cli stage=shim', /unexpected "stage=shim"/],
  ] as const) {
    assert.throws(() => parseFilter(text), words, text);
  }
});

const openat = call(7, {
  result: -1,
  errno: 'ENOENT',
  args: ['AT_FDCWD</>', '"/etc/ld.so.cache"', 'O_RDONLY|O_CLOEXEC'],
});
const futex = call(8, {
  name: 'futex',
  process: 'daemon',
  noise: true,
  durationNs: 2_000_000,
  args: ['0x7f00', 'FUTEX_WAIT'],
});
const operationOf = (): TraceEvent => operation(1);

/** Each with what it says of openat and futex. */
const ofCalls: Array<[string, boolean, boolean]> = [
  ['name=openat', true, false],
  ['process=daemon', false, true],
  ['errno=ENO*', true, false],
  ['errno!=EPERM', true, true],
  ['result<0', true, false],
  ['result=-1', true, false],
  ['dur>1ms', false, true],
  ['noise=true', false, true],
  ['not noise=true', true, false],
  ['arg=/etc/*', true, false],
  ['path=/etc/ld.so.cache', true, false],
  ['arg=*LD.SO*', false, false],
  ['LD.SO', true, false],
  ['"openat(at_fdcwd"', true, false],
  ['operation=1', true, true],
  ['cause=config:/mounts*', true, true],
  ['span=a and level=3 and stage=kernel', true, true],
  ['seq=8 or (pid=7 and tid=7 and name=open*)', true, true],
  ['data.name=futex', false, true],
  ['data.nothing=1', false, false],
  ['data.nothing!=1', true, true],
  ['type=*syscall* and ts>=8us', false, true],
  ['truth=observed', true, true],
];

test('fields of system calls', () => {
  for (const [text, first, second] of ofCalls) {
    const filter = parseFilter(text);
    assert.deepEqual([filter.matches(openat), filter.matches(futex)], [first, second], text);
  }
});

test('what a glance at the line says is what the event says', () => {
  for (const [text, ...answers] of ofCalls) {
    const filter = parseFilter(text);
    for (const [i, event] of [openat, futex].entries()) {
      const seen = Glance.at(callLine(event, operation(1)), operationOf);
      assert.ok(seen);
      const answer = filter.mayMatch(seen);
      assert.ok(answer === undefined || answer === answers[i], `${text}: ${answer}`);
      assert.ok(filter.mayHold(seen.line) || !answers[i], text);
    }
  }
});

test('most filters are decided without parsing a line that does not match', () => {
  const line = callLine(openat, operation(1));
  const seen = Glance.at(line, operationOf);
  assert.ok(seen);
  for (const text of ['name=mount', 'dur>1s', 'not errno=*', 'data.foo=1', 'cause=flag*', 'name=mount and arg=*']) {
    assert.equal(parseFilter(text).mayMatch(seen), false, text);
  }
  for (const text of [
    'arg=*libc*',
    'mountinfo',
    'path=/x',
    'name=mount',
    'libc or name=mount',
    'a*b=2',
    'arg="*a, b*"',
  ]) {
    assert.equal(parseFilter(text).mayHold(line), false, text);
  }
});

test('a line is never passed over for a text that it writes in another way', () => {
  const line = callLine(openat, operation(1));
  for (const [text, other] of [
    ['ld.so.cache', line.replace('cache', 'c\\u0061che')],
    ['path=/etc/*', line.replace('/etc/', '\\/etc\\/')],
    ['makes', callLine({ ...openat, type: 'kernel.process-forked' }, operation(1))],
    ['not mountinfo', line],
  ] as const) {
    assert.ok(parseFilter(text).mayHold(other), text);
  }
});

test('a bare word that spans fields of the line is found', () => {
  const line = callLine(openat, operation(1));
  const words = `${openat.data.name}(${(openat.data.args as string[]).join(', ')}) = ${openat.data.result}`;
  for (let from = 0; from < words.length; from += 3) {
    for (const length of [1, 4, 9, words.length]) {
      const word = words.slice(from, from + length);
      const filter = parseFilter(`"${word.replace(/["\\]/g, '\\$&')}"`);
      assert.ok(filter.matches(openat), word);
      assert.ok(filter.mayHold(line), word);
    }
  }
});

test('globs match like a shell, in time that grows with both lengths only', () => {
  for (const [pattern, text, matches] of [
    ['*', '', true],
    ['a*c', 'abc', true],
    ['a*c', 'abcd', false],
    ['?b?', 'abc', true],
    ['*b*b', 'abab', true],
    ['**a', 'ba', true],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
  ] as const) {
    assert.equal(globMatcher(pattern)(text), matches, `${pattern} ${text}`);
  }
});

test('a name stands for its expression, within others too; names within names add up to no more than one may write', () => {
  const own = { late: 'ts>300ms', 'late-mounts': '@late and (@mounts)', mounts: 'type=kernel.mount-attached' };
  const count = (text: string): number => trace.events.filter(parseFilter(text, own).matches).length;
  assert.equal(count('@late-mounts'), count('ts>300ms and type=kernel.mount-attached'));
  assert.ok(count('@late-mounts') > 10);
  assert.equal(count('not @late'), trace.events.length - count('@late'));
  assert.throws(() => parseFilter('@none', own), /no filter "@none", there are .*@late, @late-mounts/);
  assert.throws(() => parseFilter('@a', { a: '@b', b: 'not @a' }), /filter "@a" stands in itself/);
  const names = 'abcdefghijklmnop'.split('');
  const wild = Object.fromEntries(
    names.map((name, i) => [name, i === 0 ? 'x' : `@${names[i - 1]} or @${names[i - 1]}`]),
  );
  assert.throws(() => parseFilter('@p', wild), /expected at most 4000/);
});

test('every filter that is built in finds something in the recordings, and leaves something out', () => {
  for (const name of Object.keys(builtInFilters)) {
    const { matches } = parseFilter(`@${name}`);
    const found = [trace, exec].map(({ events }) => events.filter(matches).length);
    assert.ok(
      found.some((one) => one > 0),
      name,
    );
    assert.ok((found[0] ?? 0) < trace.events.length / 2, name);
  }
});
