// The recorded traces of traces/: readable anywhere, in order, every event with its causes. They are what people without root look at.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { beats, mostBeats } from '../../src/explain/beats.ts';
import { Causes } from '../../src/explain/causes.ts';
import { levelOf } from '../../src/explain/words.ts';
import { readCalls } from '../../src/trace/calls.ts';
import { stages } from '../../src/trace/events.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { gatherBeats, storyLines, type ToldBeat } from '../../src/viewer/story.ts';

const files = globSync('traces/*.jsonl');

test('there is a recorded trace of the main job', () => {
  assert.ok(files.includes('traces/run-nginx.jsonl'));
});

for (const file of files) {
  test(`${file} is whole: every line readable, order rules kept, all six stages`, async () => {
    const trace = await readTraceFile(file);
    assert.equal(trace.unreadable, 0);
    const calls = [...readCalls(trace)];
    assert.equal(calls.length, trace.header.calls);
    assert.equal(trace.events.length + calls.length, trace.header.seen);
    assert.equal(trace.header.lost, 0);
    assert.deepEqual(orderViolations(trace.events), []);
    assert.deepEqual(new Set(trace.events.map((event) => event.stage)), new Set(stages));
  });

  test(`${file} has a cause chain to a root for every event of levels 1 and 2`, async () => {
    const trace = await readTraceFile(file);
    const causes = new Causes(trace);
    const orphans = trace.events.filter((event) => [1, 2].includes(levelOf(event)) && !causes.chainOf(event).complete);
    assert.deepEqual(
      orphans.map((event) => `${event.seq} ${event.type}`),
      [],
    );
  });

  test(`${file} has a cause chain to a root for every system call`, async () => {
    const trace = await readTraceFile(file);
    const causes = new Causes(trace);
    let orphans = 0;
    for (const call of readCalls(trace)) {
      if (call.data.operation === undefined || !causes.chainOf(call).complete) orphans++;
    }
    assert.equal(orphans, 0);
  });

  test(`${file} tells a story of at most ${mostBeats} beats, none of them empty`, async () => {
    const trace = await readTraceFile(file);
    const told = new Map<string, ToldBeat>();
    gatherBeats(told, trace.events);
    assert.ok(told.size >= 20 && told.size <= mostBeats, `${told.size} beats`);
    assert.doesNotMatch(storyLines(trace, 80).join('\n'), /undefined|NaN|\[object/);
    for (const line of storyLines(trace, 80)) assert.ok(line.length <= 130, line); // colour codes included
  });

  test(`${file} names no path of the machine that recorded it`, () => {
    assert.doesNotMatch(readFileSync(file, 'utf8'), /["' =]\/(home|work|tmp)\//);
  });
}

test('no two beats of the table have the same id', () => {
  assert.equal(new Set(beats.map((beat) => beat.id)).size, beats.length);
});

test('the story fits into any terminal', async () => {
  const trace = await readTraceFile('traces/run-nginx.jsonl');
  for (const width of [40, 59, 60, 80, 120]) {
    for (const line of storyLines(trace, width)) {
      const bare = stripVTControlCharacters(line);
      assert.ok(bare.length <= width || !bare.trim().includes(' '), bare);
    }
  }
});

test('an answer that says no is told once, by who gives it', async () => {
  const trace = await readTraceFile('traces/run-nginx.jsonl');
  const [first] = trace.events;
  assert.ok(first);
  const data = { door: 'grpc', method: 'Tasks/Create', status: 13, error: 'it failed' };
  const sent = { ...first, span: 'f'.repeat(16), type: 'containerd.response-sent', data };
  const received = { ...sent, type: 'daemon.response-received' };
  const told = (events: TraceEvent[]): string[] =>
    storyLines({ ...trace, events }, 200).filter((line) => line.includes('it failed'));
  assert.equal(told([sent, received]).length, 1);
  assert.equal(told([received]).length, 1, 'of a stage that reports nothing the answer alone is there');
});

test('a search in vain is told only when the command failed', async () => {
  const trace = await readTraceFile('traces/run-nginx.jsonl');
  const [first] = trace.events;
  assert.ok(first);
  const vain = { ...first, type: 'daemon.response-sent', data: { status: 404, error: 'No such image: nginx:latest' } };
  const story = (status: number): string => {
    const ended = { ...first, type: 'cli.command-ended', data: { status } };
    const others = trace.events.filter(({ type }) => type !== ended.type);
    return storyLines({ ...trace, events: [...others, vain, ended] }, 80).join('\n');
  };
  assert.doesNotMatch(story(0), /No such image/);
  assert.match(story(125), /No such image/);
});
