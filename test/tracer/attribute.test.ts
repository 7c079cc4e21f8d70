// Whose calls are whose: the turns of shared processes, their children, and two traces at once. Recordings are made by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trace } from '../../src/trace/file.ts';
import { attribute } from '../../src/tracer/attribute.ts';
import { openRecording } from '../../src/tracer/calls.ts';
import { Processes } from '../../src/tracer/processes.ts';
import { bytesSource } from '../../src/tracer/records.ts';
import { begin, command, containerd, daemon, event, ours, type Story, theirs, traceOf } from './traced.ts';

const [getpid, getuid, getgid, fsync, mkdir] = [39, 102, 104, 74, 83];

/** The calls that the trace keeps, as `pid:name`, without those of the loop itself; and how many it is not sure of. */
function kept(story: Story, trace: Trace = traceOf()): { calls: string[]; unsure: number; lines: number } {
  const recording = openRecording(bytesSource(story.counts().bytes.bytes()));
  const attribution = attribute(recording, trace);
  const processes = new Processes(attribution.claims);
  const calls: string[] = [];
  const wants = ({ pid, tid, startNs }: { pid: number; tid: number; startNs: bigint }): boolean => {
    const ts = Number(startNs);
    return attribution.isOurs(processes.of(pid, ts), tid, ts);
  };
  for (const one of recording.events(wants)) {
    const ts = Number(one.timeNs);
    if (one.kind === 'call' && !/^(write|epoll_pwait)$/.test(one.name)) calls.push(`${one.pid}:${one.name}`);
    else if (one.kind === 'process') processes.existing(one, ts);
    else if (one.kind === 'fork') processes.forked(one, ts);
    else if (one.kind === 'exec') processes.executed(one, ts);
    else if (one.kind === 'end') processes.ended(one, ts);
  }
  return { calls, unsure: attribution.unsure, lines: attribution.times.length };
}

test('the command and all that it starts belong to the trace, at any depth', () => {
  const story = begin().call(command, getpid).forks(command, 500).executes(500, '/bin/a').forks(500, 501);
  assert.deepEqual(kept(story.call(500, getuid).call(501, getgid)).calls, ['100:getpid', '500:getuid', '501:getgid']);
});

test('what the command does after its end, to tell the story, does not', () => {
  const story = begin().call(command, getpid).call(command, getuid);
  assert.deepEqual(kept(story, traceOf([event(1055, command, 'cli.command-ended')])).calls, ['100:getpid']);
});

test('of a shared process, the turns in which it wrote the part of this trace', () => {
  const story = begin()
    .call(daemon, getpid)
    .wait(daemon)
    .call(daemon, fsync)
    .emits(daemon, ours)
    .call(daemon, mkdir)
    .wait(daemon)
    .call(daemon, getuid)
    .emits(daemon, theirs)
    .wait(daemon)
    .call(daemon, getgid);
  assert.deepEqual(kept(story).calls, ['200:fsync', '200:mkdir']);
});

test('turns without an event between two of this trace are its too; those before and after are not', () => {
  const story = begin()
    .call(daemon, getpid)
    .wait(daemon)
    .emits(daemon, ours)
    .wait(daemon)
    .call(daemon, fsync)
    .wait(daemon)
    .emits(daemon, ours)
    .wait(daemon)
    .call(daemon, getuid);
  assert.deepEqual(kept(story).calls, ['200:fsync']);
});

test('a turn that could be another trace’s is left out and counted', () => {
  const between = begin()
    .wait(daemon)
    .emits(daemon, ours)
    .wait(daemon)
    .emits(daemon, theirs)
    .wait(daemon)
    .call(daemon, fsync)
    .wait(daemon)
    .emits(daemon, theirs)
    .wait(daemon)
    .emits(daemon, ours);
  assert.deepEqual(kept(between), { ...kept(between), calls: [] });
  assert.ok(kept(between).unsure > 0);
  const both = begin().wait(daemon).emits(daemon, ours).call(daemon, fsync).emits(daemon, theirs).wait(daemon);
  assert.deepEqual(kept(both).calls, []);
  assert.ok(kept(both).unsure > 0);
});

test('the thread pool of a shared process follows the turn of its loop', () => {
  const story = begin()
    .wait(containerd)
    .emits(containerd, ours)
    .call(containerd, fsync, { tid: 301 })
    .wait(containerd)
    .call(containerd, mkdir, { tid: 301 })
    .wait(containerd);
  assert.deepEqual(kept(story).calls, ['300:fsync']);
});

test('while another trace is about, neither a thread of the pool nor a foreign id is taken for ours', () => {
  const about = (story: Story): Story =>
    story.wait(daemon).emits(daemon, theirs).wait(daemon).emits(daemon, ours).call(daemon, fsync);
  const after = (story: Story): Story => story.wait(daemon).emits(daemon, theirs).wait(daemon);
  const worker = about(begin()).call(daemon, mkdir, { tid: 201 });
  assert.deepEqual(kept(after(worker)).calls, ['200:fsync']);
  const foreign = about(begin()).opensPart(daemon, theirs);
  assert.deepEqual(kept(after(foreign)).calls, ['200:fsync']);
  const own = about(begin()).opensPart(daemon, ours);
  assert.deepEqual(kept(after(own)).calls, ['200:fsync', '200:openat']);
});

test('a request that nobody traces, between two turns of this trace: nothing of it is ours, and what could be is counted', () => {
  const folder = `/run/tlab/moby/${'e'.repeat(64)}`;
  const chdir = 80;
  const around = (work: (story: Story) => Story): Story =>
    work(begin().wait(daemon).emits(daemon, ours).wait(daemon)).wait(daemon).emits(daemon, ours).wait(daemon);
  const child = (story: Story): Story => story.forks(daemon, 600).executes(600, '/bin/x').call(600, getpid);
  assert.deepEqual(kept(around(child)).calls, ['600:getpid']);

  const beside = kept(around((story) => child(story.onPath(daemon, mkdir, folder).call(daemon, fsync))));
  assert.deepEqual(beside.calls, []);
  assert.ok(beside.unsure > 0);

  const shim = (story: Story): Story =>
    story.forks(daemon, 600).onPath(600, chdir, folder).executes(600, '/bin/shim').forks(600, 601).call(601, getpid);
  assert.deepEqual(kept(around(shim)).calls, []);
  const told = event(1500, daemon, 'containerd.bundle-made', { data: { path: folder } });
  const own = traceOf([told]);
  assert.deepEqual(kept(around(shim), own).calls, ['600:chdir', '601:getpid']);
});

test('a look at another container takes nothing away from a trace: a daemon reads of all when it starts', () => {
  const [stat, folder] = [4, `/var/lib/tlab/containers/${'e'.repeat(64)}`];
  const story = begin().wait(daemon).emits(daemon, ours).wait(daemon).onPath(daemon, stat, folder);
  assert.deepEqual(kept(story.call(daemon, fsync).wait(daemon).emits(daemon, ours).wait(daemon)), {
    calls: ['200:fsync'],
    unsure: 0,
    lines: 6,
  });
});

test('children of a shared process: those that the trace names and those made in its turns', () => {
  const story = begin()
    .wait(daemon)
    .emits(daemon, ours)
    .forks(daemon, 600)
    .wait(daemon)
    .emits(daemon, theirs)
    .forks(daemon, 601)
    .wait(daemon)
    .forks(daemon, 602)
    .wait(daemon);
  for (const pid of [600, 601, 602]) story.executes(pid, '/bin/x').call(pid, getpid);
  assert.deepEqual(kept(story).calls, ['600:getpid']);
  const named = event(1500, daemon, 'kernel.process-executed', { data: { childPid: 602 } });
  assert.deepEqual(kept(story, traceOf([named])).calls, ['600:getpid', '602:getpid']);
  assert.deepEqual(kept(story, traceOf([], [[601, 'shim']])).calls, ['600:getpid', '601:getpid']);
});

test('a daemon that the command started is the trace’s from its first moment', () => {
  const story = begin()
    .forks(command, 700)
    .executes(700, '/usr/bin/node')
    .call(700, getpid)
    .wait(700)
    .opensPart(700, ours)
    .emits(700, ours)
    .wait(700)
    .call(700, getuid);
  assert.deepEqual(kept(story, traceOf([], [[700, 'daemon']])).calls, ['700:getpid', '700:openat']);
});

test('a process that nobody introduced is not of the trace, unless the trace names it', () => {
  assert.deepEqual(kept(begin().call(900, getpid)).calls, []);
  assert.deepEqual(kept(begin().call(900, getpid), traceOf([], [[900, 'shim']])).calls, ['900:getpid']);
});

test('lines are counted before they are made: calls, forks, and the ends of processes', () => {
  const story = begin().call(command, getpid).forks(command, 500).executes(500, '/bin/a').call(500, getuid).ends(500);
  assert.equal(kept(story).lines, 4);
});
