import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { parseFilter } from '../../src/viewer/filter.ts';
import { headLines, listEvents } from '../../src/viewer/text.ts';

const base = { pid: 1, tid: 1, span: 'a', truth: 'observed' as const };
const events: TraceEvent[] = [
  {
    ...base,
    seq: 1,
    ts: 1e6,
    stage: 'cli',
    type: 'cli.request-sent',
    cause: 'command:run',
    data: {
      door: 'http',
      peer: 'daemon',
      method: 'POST /containers/create',
      provenance: { '/HostConfig/Memory': 'flag:--memory' },
    },
    twin: 'curl --unix-socket /run/tlab/tlab.sock',
  },
  {
    ...base,
    seq: 2,
    ts: 2e6,
    stage: 'kernel',
    type: 'kernel.cgroup-written',
    cause: 'api:/HostConfig/Memory',
    data: { path: `/sys/fs/cgroup/memory/tlab/${'ab12'.repeat(16)}/memory.limit_in_bytes`, value: '268435456' },
  },
  {
    ...base,
    seq: 3,
    ts: 3e6,
    stage: 'kernel',
    type: 'kernel.file-written',
    data: { path: '/x\u001b[2J', value: '', errno: 'EPERM' },
  },
];
const trace: Trace = {
  header: {
    schema: 'tlab.trace',
    version: 1,
    id: 'f'.repeat(32),
    command: ['tlab', 'trace', 'run', '--memory', '256m', 'nginx'],
    startedAt: '2026-01-01T00:00:00Z',
    clock: { base: 'CLOCK_MONOTONIC', startNs: '0' },
    host: { kernel: '6.1', architecture: 'x64', distribution: 'Debian', processors: 2, cgroup: 'v2' },
    tool: { tlab: '0', node: '26' },
    processes: [],
    seen: 3,
    lost: 0,
    blind: ['system calls: no tracer was attached'],
  },
  events,
  unreadable: 1,
};
const plain = (lines: string[]): string => stripVTControlCharacters(lines.join('\n'));

test('a list has one line an event, no wider than the terminal, cut in the middle of its words', () => {
  const lines = plain([...listEvents(trace, { level: 2, width: 80 })]).split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.match(lines[1] ?? '', /write 268435456 to .*….*limit_in_bytes$/);
});

test('a level hides what is below it, but never an error', () => {
  const lines = plain([...listEvents(trace, { level: 1, width: 80 })]).split('\n');
  assert.deepEqual(
    lines.map((line) => Number(line.slice(0, 5))),
    [1, 3],
  );
});

test('escape sequences in a trace are shown, not obeyed', () => {
  const [line = ''] = listEvents(trace, { level: 2, width: 80, filter: parseFilter('seq=3') });
  assert.match(line, /\\x1b\[2J/);
});

test('the head says what was seen, what was not, and that a trace is partial', () => {
  const text = plain(headLines(trace, 80));
  assert.match(text, /seen 3, lost 0/);
  assert.match(text, /not seen: system calls/);
  assert.match(text, /PARTIAL: 1 line of this trace could not be read/);
});
