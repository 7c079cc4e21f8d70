// Who is who at a moment: stages, containers, other programs, children before their exec, pids that are used again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trace } from '../../src/trace/file.ts';
import { openRecording } from '../../src/tracer/calls.ts';
import { claimsOf, Processes } from '../../src/tracer/processes.ts';
import { bytesSource } from '../../src/tracer/records.ts';
import { begin, command, daemon, event, type Story, traceOf } from './traced.ts';

const getpid = 39;

/** What the maker of each call is called, in order. */
function names(story: Story, trace: Trace): string[] {
  const processes = new Processes(claimsOf(trace));
  const found: string[] = [];
  for (const one of openRecording(bytesSource(story.bytes.bytes())).events()) {
    const ts = Number(one.timeNs);
    if (one.kind === 'call') found.push(processes.of(one.pid, ts).name);
    else if (one.kind === 'process') processes.existing(one, ts);
    else if (one.kind === 'fork') processes.forked(one, ts);
    else if (one.kind === 'exec') processes.executed(one, ts);
    else processes.ended(one, ts);
  }
  return found;
}

test('a stage is named by its part, another program by its file, a child before exec by its parent', () => {
  const story = begin()
    .call(daemon, getpid)
    .forks(daemon, 500)
    .call(500, getpid)
    .executes(500, '/usr/sbin/iptables-save');
  story.call(500, getpid).forks(daemon, 501).executes(501, '/dist/tlab-runc').call(501, getpid);
  assert.deepEqual(names(story, traceOf([], [[501, 'runc']])), ['daemon', 'daemon', 'iptables-save', 'runc']);
});

test('a container is what a plan’s process executes, or one in a pid namespace of its own, and all below', () => {
  const executed = event(2000, 501, 'runc.plan-executed', { data: { initPid: 510 } });
  const story = begin().forks(command, 510).call(510, getpid).executes(510, '/bin/sh').call(510, getpid);
  story.forks(510, 511).call(511, getpid).executes(511, '/bin/ls').call(511, getpid);
  story.forks(command, 520, 7).call(520, getpid).executes(520, '/bin/top').call(520, getpid);
  const container = 'container';
  const expected = ['cli', container, container, container, 'cli', container];
  assert.deepEqual(names(story, traceOf([executed])), expected);
});

test('a pid that is used again is another process', () => {
  const story = begin().forks(command, 500).executes(500, '/bin/a').call(500, getpid).ends(500).call(500, getpid);
  story.forks(command, 500).executes(500, '/bin/b').call(500, getpid);
  assert.deepEqual(names(story, traceOf()), ['a', 'pid 500', 'b']);
});

test('a thread is no process of its own', () => {
  const story = begin();
  story.bytes.fork(daemon, 201, { pid: daemon });
  assert.deepEqual(names(story.call(daemon, getpid, { tid: 201 }), traceOf()), ['daemon']);
});
