import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import type { PartEvent } from '../../src/trace/events.ts';
import { mergeParts } from '../../src/trace/merge.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-merge-`);
after(() => rmSync(folder, { recursive: true }));
mkdirSync(`${folder}/parts`);

const event = (t: string, type: string): PartEvent => ({
  t,
  stage: 'daemon',
  pid: 7,
  tid: 7,
  type,
  span: 'a'.repeat(16),
  truth: 'observed',
  data: {},
});

const base = {
  schema: 'tlab.trace' as const,
  version: 1,
  id: 'f'.repeat(32),
  command: ['tlab', 'trace', 'run', 'nginx'],
  startedAt: '2026-01-01T00:00:00Z',
  clock: { base: 'CLOCK_MONOTONIC' as const, startNs: '90' },
  host: { kernel: '6.1', architecture: 'x64', distribution: 'Debian', processors: 2, cgroup: 'v2' },
  tool: { tlab: '0', node: '26' },
  blind: [],
};

test('parts of several processes come out in order of time, numbered, counted from the start', () => {
  writeFileSync(
    `${folder}/parts/daemon-7.jsonl`,
    [event('100', 'daemon.a'), event('1000', 'daemon.c')].map((e) => `${JSON.stringify(e)}\n`).join(''),
  );
  writeFileSync(`${folder}/parts/shim-8.jsonl`, `${JSON.stringify(event('999', 'shim.b'))}\n`);
  const trace = mergeParts(folder, base, () => []);
  assert.deepEqual(
    trace.events.map((e) => [e.seq, e.ts, e.type]),
    [
      [1, 10, 'daemon.a'],
      [2, 909, 'shim.b'],
      [3, 910, 'daemon.c'],
    ],
  );
  assert.deepEqual(
    trace.header.processes.map((p) => [p.stage, p.pid, p.seen]),
    [
      ['daemon', 7, 2],
      ['shim', 8, 1],
    ],
  );
});

test('the half line of a killed process is counted as unreadable and costs nothing else', () => {
  writeFileSync(`${folder}/parts/shim-8.jsonl`, `${JSON.stringify(event('999', 'shim.b'))}\n{"t":"1001","sta`);
  const trace = mergeParts(folder, base, () => []);
  assert.equal(trace.events.length, 3);
  assert.equal(trace.unreadable, 1);
});

test('an event that stands for records is followed by the events in them, at their own times', () => {
  const trace = mergeParts(folder, base, (_, e) => (e.type === 'shim.b' ? [event('500', 'kernel.x')] : []));
  assert.deepEqual(
    trace.events.map((e) => e.type),
    ['daemon.a', 'kernel.x', 'shim.b', 'daemon.c'],
  );
});
