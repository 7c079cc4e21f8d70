// Level 3 as it is written: numbers, order, the event that each call is laid on, losses, damage. Recordings are made by hand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import type { Trace } from '../../src/trace/file.ts';
import { openCalls } from '../../src/tracer/merge.ts';
import { begin, command, daemon, event, ours, Story, traceOf } from './traced.ts';

const [getpid, getuid, mount, execve, sendto] = [39, 102, 165, 59, 44];
const folder = mkdtempSync(`${tmpdir()}/tlab-merge-`);
after(() => rmSync(folder, { recursive: true }));

interface Call {
  seq: number;
  ts: number;
  pid: number;
  type: string;
  data: { name?: string; process: string; operation?: number };
}

function merged(story: Story | Uint8Array, trace: Trace) {
  const path = `${folder}/calls.bin`;
  writeFileSync(path, story instanceof Story ? story.bytes.bytes() : story);
  const calls = openCalls(path, trace);
  assert.ok(calls);
  const lines = [...calls.lines()].map((line) => JSON.parse(line) as Call);
  calls.close();
  assert.equal(lines.length, calls.count);
  return { calls, lines };
}

/** `name → type of the event that it carries out`. */
function laidOn({ lines }: { lines: Call[] }, trace: Trace, pid: number): string[] {
  const types = new Map(trace.events.map((one) => [one.seq, one.type]));
  return lines
    .filter((line) => line.pid === pid && line.data.name !== undefined && !/^(write|epoll_pwait)$/.test(line.data.name))
    .map(({ data }) => `${data.name} → ${types.get(data.operation ?? 0)}`);
}

test('events and calls are numbered together by time, each number once', () => {
  const trace = traceOf([
    event(1000, command, 'cli.command-started'),
    event(1055, command, 'cli.request-sent'),
    event(1095, command, 'cli.command-ended'),
  ]);
  const { lines } = merged(begin().call(command, getpid).call(command, getuid).counts(), trace);
  const all = [...trace.events, ...lines].sort((a, b) => a.ts - b.ts);
  assert.deepEqual(
    all.map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(
    lines.map(({ seq, data }) => [seq, data.name]),
    [
      [2, 'getpid'],
      [4, 'getuid'],
    ],
  );
});

test('a call is laid on the plan operation in whose time it was made; the container on its exec', () => {
  const [runc, init] = [500, 501];
  const operation = (ts: number, pid: number, name: string, durationNs: number) =>
    event(ts, pid, 'kernel.operation-executed', {
      stage: 'kernel',
      truth: 'reported',
      cause: `config:/${name}`,
      data: { operation: name, durationNs },
    });
  const trace = traceOf(
    [
      event(1000, command, 'cli.command-started'),
      event(1045, runc, 'runc.request-received'),
      operation(1061, runc, 'clone', 20),
      operation(1085, init, 'pivot_root', 20),
      operation(1115, init, 'exec', 0),
      event(1190, runc, 'runc.plan-executed', { data: { initPid: init, runtimePid: runc } }),
    ],
    [[runc, 'runc']],
  );
  const story = begin()
    .forks(command, runc) // 1040
    .call(runc, getpid) // 1050
    .forks(runc, init, 1) // 1070
    .executes(runc, '/bin/tlab-runc') // 1080
    .call(init, mount) // 1090
    .call(init, getuid) // 1110: between two operations
    .call(init, execve); // 1130
  story.executes(init, '/bin/sh').call(init, getuid).forks(init, 502).call(502, getpid).counts();
  const done = merged(story, trace);
  assert.deepEqual(laidOn(done, trace, runc), ['getpid → runc.request-received']);
  assert.deepEqual(
    done.lines
      .filter(({ pid }) => pid === init || pid === 502)
      .map(({ data }) => `${data.name ?? 'fork'} ${data.process} ${data.operation}`),
    [
      `mount cli ${trace.events[3]?.seq}`,
      `getuid cli ${trace.events[2]?.seq}`,
      `execve cli ${trace.events[4]?.seq}`,
      `getuid container ${trace.events[4]?.seq}`,
      `fork container ${trace.events[4]?.seq}`,
      `getpid container ${trace.events[4]?.seq}`,
    ],
  );
});

test('in a turn a call is laid on the deed that is reported after it, else on the message before it', () => {
  const trace = traceOf([
    event(1000, command, 'cli.command-started'),
    event(1065, daemon, 'daemon.request-received'),
    event(1105, daemon, 'kernel.netlink-sent', { stage: 'kernel' }),
    event(1145, daemon, 'daemon.request-sent'),
  ]);
  const story = begin()
    .wait(daemon) // 1040, 1050: the turn begins
    .call(daemon, getpid) // 1060: before the request is received
    .call(daemon, sendto) // 1080: what netlink-sent reports
    .emits(daemon, ours) // 1100
    .call(daemon, getuid) // 1120: after it, before another message is sent
    .call(daemon, sendto) // 1140
    .call(daemon, sendto) // 1160: the message that was sent
    .wait(daemon)
    .counts();
  assert.deepEqual(laidOn(merged(story, trace), trace, daemon), [
    'getpid → daemon.request-received',
    'sendto → kernel.netlink-sent',
    'getuid → kernel.netlink-sent',
    'sendto → kernel.netlink-sent',
    'sendto → daemon.request-sent',
  ]);
});

test('a child without events is laid on the event that names it', () => {
  const trace = traceOf([
    event(1000, command, 'cli.command-started'),
    event(1200, daemon, 'kernel.process-executed', { stage: 'kernel', data: { childPid: 600 } }),
    event(1210, daemon, 'kernel.rule-added', { stage: 'kernel' }),
  ]);
  const story = begin().forks(daemon, 600).executes(600, '/usr/sbin/iptables-restore').call(600, getpid).counts();
  const done = merged(story, trace);
  assert.deepEqual(laidOn(done, trace, 600), ['getpid → kernel.process-executed']);
  assert.equal(done.lines.find(({ pid }) => pid === 600)?.data.process, 'iptables-restore');
});

test('the end of a process tells its status, or the signal', () => {
  const trace = traceOf([event(1000, command, 'cli.command-started')]);
  const story = begin()
    .forks(command, 500)
    .ends(500, 3 << 8)
    .forks(command, 501)
    .ends(501, 9)
    .counts();
  const ends = merged(story, trace).lines.filter(({ type }) => type === 'kernel.process-ended');
  assert.deepEqual(
    ends.map(({ data }) => data),
    [
      { process: 'cli', operation: 1, status: 3 },
      { process: 'cli', operation: 1, status: 137, signal: 'SIGKILL' },
    ],
  );
});

test('losses are an event, a number, and words; the trace does not claim to be complete', () => {
  const trace = traceOf([event(1000, command, 'cli.command-started')]);
  const { calls } = merged(begin().call(command, getpid).counts(12), trace);
  assert.equal(calls.lost, 12);
  assert.match(calls.blind.join(), /LOST 12 records .* not complete/);
  const told = trace.events.at(-1);
  assert.deepEqual([told?.type, told?.data.count], ['kernel.events-lost', 12]);
});

test('a recording without its end, or cut, keeps what it has and says so', () => {
  const trace = traceOf([event(1000, command, 'cli.command-started')]);
  const killed = merged(begin().call(command, getpid), trace);
  assert.equal(killed.lines.length, 1);
  assert.match(killed.calls.blind.join(), /not complete/);
  const bytes = begin().call(command, getpid).call(command, getuid).bytes.bytes();
  const cut = merged(bytes.subarray(0, bytes.length - 20), trace);
  assert.equal(cut.lines.length, 2);
  assert.match(cut.calls.blind.join(), /ends within a record/);
});

test('a file that is no recording gives words and no lines', () => {
  const trace = traceOf([event(1000, command, 'cli.command-started')]);
  const { calls } = merged(Buffer.from('nothing of the kind, for a good while'), trace);
  assert.equal(calls.count, 0);
  assert.match(calls.blind.join(), /not a file of the tracer/);
  assert.equal(openCalls(`${folder}/absent.bin`, trace), undefined);
  assert.match(merged(Buffer.alloc(0), trace).calls.blind.join(), /before it wrote any/);
});
