// What waits for containerd in the shim while that is away or does not answer: what is kept once, what goes when there are too many.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { must } from '../helpers/shell.ts';

const folder = mkdtempSync('/tmp/tlab-event-queue-');
const driver = `${folder}/event-queue`;
const most = 1024;

before(async () => {
  const source = (name: string): string => new URL(name, import.meta.url).pathname;
  const sources = ['event-queue.c', '../../native/shim/event-queue.c', '../../native/shim/proto.c'].map(source);
  const flags = ['-std=c17', '-D_GNU_SOURCE', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  await must('gcc', [...flags, '-o', driver, ...sources]);
});
after(() => rmSync(folder, { recursive: true }));

/** Events as `topic container [exec]`, in order; `sent`: the first is under way from there on. */
async function queued(events: readonly string[]): Promise<{ dropped: string[]; left: string[] }> {
  const input = events.map((event) => (event === 'sent' ? 'sent\n' : `put /tasks/${event}\n`)).join('');
  const lines = (await must(driver, [], { input })).split('\n');
  const of = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.replace(`${word} /tasks/`, ''));
  assert.deepEqual(lines.at(-1), `count ${of('left').length}`);
  return { dropped: of('dropped'), left: of('left') };
}

test('of pauses and resumes the last is kept, of out-of-memory the first, for each container; order stays', async () => {
  const events = ['create a', 'paused a', 'oom a', 'resumed a', 'paused b', 'oom a', 'oom b', 'paused a', 'exit a'];
  const { dropped, left } = await queued(events);
  assert.deepEqual(dropped, []);
  assert.deepEqual(left, ['create a', 'oom a', 'paused b', 'oom b', 'paused a', 'exit a']);
});

test('what is under way is never taken out', async () => {
  assert.deepEqual((await queued(['paused a', 'sent', 'resumed a', 'paused a'])).left, ['paused a', 'paused a']);
  const { dropped, left } = await queued(['exec-added a exec', 'sent', ...Array(most).fill('exec-added b exec')]);
  assert.deepEqual([dropped.length, dropped[0], left[0]], [1, 'exec-added b', 'exec-added a exec']);
});

test('execs go first, then pauses and want of memory; creates, starts, exits and deletes of containers stay', async () => {
  const lives = Array.from({ length: 100 }, (_, n) =>
    ['create', 'start', 'exit', 'delete'].map((topic) => `${topic} c${n}`),
  );
  const execs = Array.from({ length: 5000 }, (_, n) => `${n % 2 === 0 ? 'exec-started' : 'exit'} c${n % 100} exec`);
  const { dropped, left } = await queued([...lives.flat(), 'oom c1', ...execs, 'paused c2']);
  assert.equal(left.length, most);
  assert.equal(dropped.length, 400 + 1 + 5000 + 1 - most);
  assert.deepEqual(
    left.filter((event) => !event.endsWith(' exec')),
    [...lives.flat(), 'oom c1', 'paused c2'],
  );
  assert.equal(dropped[0], 'exec-started c0');
});

test('without anything else to drop the oldest goes', async () => {
  const starts = Array.from({ length: most + 2 }, (_, n) => `start c${n}`);
  const { dropped, left } = await queued(['create a', 'oom b', ...starts]);
  assert.deepEqual(dropped, ['oom b', 'create a', 'start c0', 'start c1']);
  assert.equal(left.at(-1), `start c${most + 1}`);
});
