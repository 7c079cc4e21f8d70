// Records → calls: pairing per thread, and what is counted when something does not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecording, type RecordedEvent } from '../../src/tracer/calls.ts';
import { bytesSource, recordFlags } from '../../src/tracer/records.ts';
import { RecordingBytes, text } from './recording.ts';

const [read, write, nanosleep, clone, execve, exitGroup, getpid, openat, futex] = [0, 1, 35, 56, 59, 231, 39, 257, 202];
const here = -100n;

const open = (bytes: RecordingBytes) => openRecording(bytesSource(bytes.bytes()));
const lines = (events: Iterable<RecordedEvent>): string[] =>
  [...events].flatMap((event) =>
    event.kind === 'call'
      ? [
          `${event.tid} ${event.name}(${event.args.join(', ')}) = ${event.result ?? '?'}${event.errno === undefined ? '' : ` ${event.errno}`}`,
        ]
      : [],
  );

test('calls of several threads are paired each with its own end, in the order of their beginnings', () => {
  const [first, second] = [
    { pid: 100, tid: 100 },
    { pid: 100, tid: 101 },
  ];
  const recording = open(
    new RecordingBytes()
      .enter(futex, [0x1000, 128, 1, 0], [], first)
      .enter(getpid, [], [], second)
      .exit(getpid, 100, [], second)
      .enter(read, [9, 0x2000, 4], [], second)
      .exit(futex, 0, [], first)
      .exit(read, 4, [], second),
  );
  const calls = [...recording.events()].flatMap((event) => (event.kind === 'call' ? [event] : []));
  assert.deepEqual(
    calls.map(({ tid, name, timeNs, endNs, noise }) => [tid, name, timeNs, endNs, noise]),
    [
      [100, 'futex', 1010n, 1050n, true],
      [101, 'getpid', 1020n, 1030n, true],
      [101, 'read', 1040n, 1060n, false],
    ],
  );
});

test("the end that a new process sees of its parent's clone belongs to no call", () => {
  const child = { pid: 200 };
  const recording = open(
    new RecordingBytes()
      .enter(clone, [17])
      .fork(200)
      .exit(clone, 0, [], child)
      .exit(clone, 200)
      .enter(exitGroup, [3], [], child)
      .end(3 << 8, 0, child),
  );
  assert.deepEqual(
    lines(recording.events()).map((line) => line.replace(/\(.*\)/, '')),
    ['100 clone = 200', '200 exit_group = ?'],
  );
  assert.deepEqual([recording.orphanExits, recording.unfinished], [0, 1]);
  const kinds = [...recording.events()].map(({ kind }) => kind);
  assert.deepEqual(kinds, ['call', 'fork', 'call', 'end']);
});

test('an execution by another thread than the first keeps its call, though its number changes', () => {
  const recording = open(
    new RecordingBytes()
      .enter(futex, [0x1000, 128, 1, 0])
      .enter(execve, [0x1, 0x2, 0x3], [text(0, '/bin/true'), text(1, 'true'), text(2, 'PATH')], { pid: 100, tid: 105 })
      .exec(105, '/usr/bin/true', { pid: 100, tid: 100 })
      .exit(execve, 0, [], { pid: 100, tid: 100 })
      .enter(getpid, []),
  );
  assert.deepEqual(lines(recording.events()), [
    '100 futex(0x1000, FUTEX_WAIT_PRIVATE, 1, NULL) = ?',
    '105 execve("/bin/true", ["true"], 0x3 /* 1 var */) = 0',
    '100 getpid() = ?',
  ]);
});

test('what could not be read at entry is taken from the end, or from the new program', () => {
  const unread = { argument: 1, bytes: new Uint8Array(0), whole: -14 };
  const recording = open(
    new RecordingBytes()
      .enter(openat, [here, 0x1000, 0], [unread])
      .exit(openat, -2, [text(1, '/late')])
      .enter(execve, [0x10, 0x20, 0x30], [{ ...unread, argument: 0 }])
      .exec(100, '/bin/sh')
      .exit(execve, 0)
      .enter(openat, [here, 0x1000, 0], [unread])
      .exit(openat, -14),
  );
  assert.deepEqual(lines(recording.events()), [
    '100 openat(AT_FDCWD, "/late", O_RDONLY) = -1 ENOENT',
    '100 execve("/bin/sh", 0x20, 0x30 /* 0 vars */) = 0',
    '100 openat(AT_FDCWD, 0x1000, O_RDONLY) = -1 EFAULT',
  ]);
});

test('a call that will be restarted has no result of its own', () => {
  const recording = open(new RecordingBytes().enter(nanosleep, [0x1000, 0]).exit(nanosleep, -516));
  assert.deepEqual(lines(recording.events()), ['100 nanosleep(0x1000, NULL) = ? ERESTART_RESTARTBLOCK']);
});

test('a call of another table keeps its number and gets no false name', () => {
  const recording = open(
    new RecordingBytes()
      .enter(20, [1, 2], [], { flags: recordFlags.compat })
      .exit(20, 100)
      .enter(16, [1], [], { flags: recordFlags.x32 })
      .exit(16, 0)
      .enter(999, [1])
      .exit(999, -38),
  );
  assert.deepEqual(lines(recording.events()), [
    '100 i386_syscall_20(0x1, 0x2, 0, 0, 0, 0) = 100',
    '100 x32_syscall_16(0x1, 0, 0, 0, 0, 0) = 0',
    '100 syscall_999(0x1, 0, 0, 0, 0, 0) = -1 ENOSYS',
  ]);
});

test('a call that a filter answered is marked', () => {
  const recording = open(new RecordingBytes().enter(getpid, [], [], { flags: recordFlags.refused }).exit(getpid, -1));
  const [call] = recording.events();
  assert.ok(call?.kind === 'call' && call.isRefused && call.errno === 'EPERM');
});

test('ends without a beginning, and beginnings without an end, are counted', () => {
  const recording = open(
    new RecordingBytes()
      .exit(read, 1)
      .enter(write, [1, 0x1000, 1])
      .enter(read, [0, 0x1000, 1])
      .exit(write, 1)
      .counts(7),
  );
  assert.deepEqual([recording.calls, recording.unfinished, recording.orphanExits], [2, 2, 2]);
  assert.equal(recording.counts?.dropped, 7);
});

test('calls that are not wanted are left out, and descriptors are followed nevertheless', () => {
  const recording = open(
    new RecordingBytes()
      .enter(openat, [here, 0x1000, 0], [text(1, '/etc/hosts')])
      .exit(openat, 3)
      .enter(read, [3, 0x1000, 1])
      .exit(read, 0),
  );
  assert.deepEqual(lines(recording.events(({ name }) => name === 'read')), ['100 read(3</etc/hosts>, "", 1) = 0']);
});
