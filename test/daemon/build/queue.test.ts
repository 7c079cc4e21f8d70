// The queue of builds, the order of the classic stream, and what a key says about a miss.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween, keyOf } from '../../../src/daemon/build/cache/key.ts';
import { ClassicText } from '../../../src/daemon/build/classic.ts';
import { BuildQueue, type QueuePlace } from '../../../src/daemon/build/queue.ts';

test('so many builds run, the others wait in order and are told their place', async () => {
  const queue = new BuildQueue(2);
  const never = new AbortController().signal;
  const places: Record<string, QueuePlace[]> = { c: [], d: [] };
  const order: string[] = [];
  const leaveA = await queue.enter(never, () => assert.fail('it does not wait'));
  await queue.enter(never, () => assert.fail('it does not wait'));
  const enter = async (name: string) => {
    const leave = await queue.enter(never, (place) => places[name]?.push(place));
    order.push(name);
    return leave;
  };
  const c = enter('c');
  const d = enter('d');
  assert.deepEqual([queue.running, queue.waiting], [2, 2]);
  leaveA();
  leaveA();
  (await c)();
  await d;
  assert.deepEqual(order, ['c', 'd']);
  assert.deepEqual(places.c, [{ position: 1, running: 2 }]);
  assert.deepEqual(
    places.d?.map(({ position }) => position),
    [2, 1],
  );
});

test('who gives up leaves the queue, and those behind move up', async () => {
  const queue = new BuildQueue(1, 2);
  const never = new AbortController().signal;
  const leave = await queue.enter(never, () => {});
  const gone = new AbortController();
  const first = queue.enter(gone.signal, () => {});
  const moves: number[] = [];
  const second = queue.enter(never, ({ position }) => void moves.push(position));
  await assert.rejects(
    queue.enter(never, () => {}),
    /2 builds are waiting already/,
  );
  gone.abort();
  await assert.rejects(first, /cancelled while it waited/);
  assert.deepEqual(moves, [2, 1]);
  leave();
  (await second)();
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

function classic() {
  const lines: string[] = [];
  const text = new ClassicText(({ stream }) => {
    lines.push(stream ?? '');
    return true;
  });
  return { lines, text };
}

test('steps that run side by side are told in the order of the Dockerfile', () => {
  const { lines, text } = classic();
  const start = (step: number) => text.report({ kind: 'step-started', step, stage: '', text: `S${step}`, line: 1 });
  const say = (step: number, said: string) => text.report({ kind: 'output', step, stream: 'stdout', text: said });
  const end = (step: number) =>
    text.report({ kind: 'step-finished', step, id: `sha256:${step}`, durationMs: 1, sizeBytes: 0 });
  text.report({ kind: 'planned', total: 3, stages: [] });
  start(1);
  start(3);
  say(3, 'three\n');
  end(3);
  say(1, 'one\n');
  end(1);
  start(2);
  assert.ok(!lines.includes('three\n'));
  end(2);
  assert.deepEqual(lines, [
    ...['Step 1/3 : S1\n', 'one\n', ' ---> 1\n'],
    ...['Step 2/3 : S2\n', ' ---> 2\n'],
    ...['Step 3/3 : S3\n', 'three\n', ' ---> 3\n'],
  ]);
});

test('after a failure everything that was kept is told', () => {
  const { lines, text } = classic();
  text.report({ kind: 'output', step: 5, stream: 'stderr', text: 'late' });
  text.flush();
  assert.deepEqual(lines, ['\x1b[91mlate\x1b[0m']);
});

test('a key is the digest of its parts in any order; a miss names the parts that changed, the parent last', () => {
  const before = { parent: 'a', instruction: 'RUN x', environment: '[]' };
  assert.equal(keyOf(before), keyOf({ environment: '[]', instruction: 'RUN x', parent: 'a' }));
  assert.deepEqual(changesBetween(before, { ...before, parent: 'b', environment: '["A=1"]' }), [
    { part: 'environment', before: '[]', now: '["A=1"]' },
    { part: 'parent', before: 'a', now: 'b' },
  ]);
});
