// The recorded traces of traces/: readable anywhere, in order, every event with its causes. They are what people without root look at.
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';
import { beats, mostBeats } from '../../src/explain/beats.ts';
import { Causes } from '../../src/explain/causes.ts';
import { levelOf } from '../../src/explain/words.ts';
import { readCalls } from '../../src/trace/calls.ts';
import { events as rows, stages } from '../../src/trace/events.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import type { Row } from '../../src/trace/row.ts';
import { parseFilter } from '../../src/viewer/filter.ts';
import { beatsOf, storyLines } from '../../src/viewer/story.ts';

const files = globSync('traces/*.jsonl').sort();

/** What each recording is there for, as filters; each matches some event. Engines of traces that start no container have three stages. */
const shows: Record<string, { filters: string[]; stages?: string[] }> = {
  'run-nginx': { filters: ['type=kernel.rule-added', 'type=containerd.layer-unpacked'] },
  'copy-up': { filters: ['type=kernel.mount-attached and lowerdir'] },
  'run-terminal': { filters: ['data.operation=console', 'data.operation=controlling_terminal'] },
  'build-multi-stage': { filters: ['type=daemon.build-planned', 'type=daemon.build-layer-committed'] },
  'build-cached': {
    filters: ['type=daemon.build-cache-looked-up and data.hit=true'],
    stages: ['cli', 'daemon', 'containerd'],
  },
  'build-changed': {
    filters: [
      'type=daemon.build-cache-looked-up and data.hit=true',
      'type=daemon.build-cache-looked-up and data.hit=false',
    ],
  },
  'pull-shared-layers': {
    filters: ['type=containerd.layer-exists', 'type=containerd.layer-fetched'],
    stages: ['cli', 'daemon', 'containerd'],
  },
  push: {
    filters: ['type=containerd.blob-uploaded', 'type=containerd.blob-there', 'type=containerd.blob-mounted'],
    stages: ['cli', 'daemon', 'containerd'],
  },
  'published-port': {
    filters: ['type=kernel.rule-added', 'type=kernel.rule-removed', 'data.error="*port is already allocated*"'],
  },
  'two-containers': { filters: ['type=cli.step-ended and data.number=2 and data.output=*nginx*'] },
  'out-of-memory': { filters: ['type=daemon.out-of-memory-reported', 'type=shim.exit-recorded and data.status=137'] },
  'limits-v2': {
    filters: ['type=kernel.cgroup-written and path=*/system.slice/*/memory.max', 'data.output="0::/system.slice/*"'],
    stages: ['cli', 'runc', 'kernel'],
  },
  'stop-and-kill': {
    filters: ['type=shim.exit-recorded and data.status=0', 'type=shim.exit-recorded and data.status=137'],
  },
  exec: { filters: ['data.operation=exec and errno=ENOENT', 'type=cli.step-ended and data.status=3'] },
  'daemon-killed': { filters: ['type=daemon.container-taken-over'] },
  'containerd-killed': {
    filters: ['type=cli.step-started and data.line=*kill*', 'type=cli.step-ended and data.number=4 and data.status=0'],
  },
  'less-power': { filters: ['type=kernel.operation-executed and data.operation=root_readonly'] },
  'user-namespace': { filters: ['type=cli.step-ended and data.output="*belongs to 100000*"'], stages: ['cli'] },
  refused: { filters: ['data.operation=clone and errno=ENOSPC', 'data.operation=sethostname and not errno=*'] },
  bandwidth: { filters: ['data.output=*@if*', 'data.output="*bytes a second*"', 'data.output="qdisc tbf*4Mbit*"'] },
  'without-daemon': { filters: ['data.output="tlabd*not running*"', 'data.output="process 1 is sleep*"'] },
  watched: { filters: ['type=cli.command-started and data.command=*start*', 'type=daemon.container-taken-over'] },
  runtimes: { filters: ['data.output="* bytes: /usr/sbin/runc*"', 'data.output="* bytes: /usr/bin/crun*"'] },
  review: { filters: ['data.output=*UnpinnedBase*', 'type=daemon.user-resolved and data.uid=1000'] },
  'image-archive': {
    filters: ['type=daemon.images-saved', 'type=daemon.images-loaded', 'type=daemon.image-imported', '"its digest is"'],
    stages: ['cli', 'daemon', 'containerd', 'kernel'],
  },
  'pull-token': {
    filters: ['type=containerd.registry-asked and data.status=401', 'type=containerd.registry-token-received'],
    stages: ['cli', 'daemon', 'containerd'],
  },
};

const rowOf = ({ type }: TraceEvent) => (rows as unknown as Record<string, Row<unknown>>)[type]?.data ?? v.never();
const nameOf = (file: string): string => file.slice('traces/'.length, -'.jsonl'.length);

test('every recording that the course needs is there, is small, and is in the list of traces/README.md', () => {
  assert.deepEqual(files.map(nameOf), Object.keys(shows).sort());
  const readme = readFileSync('traces/README.md', 'utf8');
  const withCalls = ['run-nginx', 'copy-up', 'less-power', 'user-namespace'];
  const sizes = files.filter((file) => !withCalls.includes(nameOf(file))).map((file) => statSync(file).size);
  for (const file of files) assert.ok(readme.includes(`| \`${nameOf(file)}.jsonl\``), file);
  assert.ok(Math.max(...sizes) < 600_000, `${Math.max(...sizes)} bytes`);
  assert.ok(sizes.reduce((sum, size) => sum + size) < 6_000_000);
});

for (const file of files) {
  test(`${file} is whole: every line readable, order rules kept, all its stages, what it is there for`, async () => {
    const trace = await readTraceFile(file);
    assert.equal(trace.unreadable, 0);
    const calls = [...readCalls(trace)];
    assert.equal(calls.length, trace.header.calls ?? 0);
    assert.equal(trace.events.length + calls.length, trace.header.seen);
    assert.equal(trace.header.lost, 0);
    assert.deepEqual(orderViolations(trace.events), []);
    const { filters, stages: some = stages } = shows[nameOf(file)] ?? { filters: [] };
    assert.deepEqual(new Set(trace.events.map((event) => event.stage)), new Set(some));
    for (const filter of filters) {
      const { matches } = parseFilter(filter);
      assert.ok(
        trace.events.some((event) => matches(event)),
        filter,
      );
    }
    for (const event of trace.events) assert.ok(v.is(rowOf(event), event.data), `${event.seq} ${event.type}`);
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
    const told = beatsOf(trace.events);
    assert.ok(told.length >= 7 && told.length <= mostBeats, `${told.length} beats`);
    assert.doesNotMatch(storyLines(trace, 80).join('\n'), /undefined|NaN|\[object/);
    for (const line of storyLines(trace, 80)) assert.ok(line.length <= 130, line); // colour codes included
    const present = new Set<string>(trace.events.map(({ stage }) => stage));
    for (const { beat } of told) assert.ok(present.has(beat.stage), `${beat.id}: ${beat.stage} takes no part`);
  });

  test(`${file} names no path of the machine that recorded it`, () => {
    assert.doesNotMatch(readFileSync(file, 'utf8'), /["' =]\/(home|work|tmp)\/|["' =<]\/var\/tmp\//);
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
