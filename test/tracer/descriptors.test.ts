// What descriptors are called, followed through the calls that make, copy, hand on and close them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecording } from '../../src/tracer/calls.ts';
import { bytesSource } from '../../src/tracer/records.ts';
import { type CaptureBytes, RecordingBytes, text } from './recording.ts';

const n = {
  read: 0,
  close: 3,
  pipe2: 293,
  dup2: 33,
  dup3: 292,
  fcntl: 72,
  socket: 41,
  clone: 56,
  chdir: 80,
  openat: 257,
  closeRange: 436,
  fsopen: 430,
  fsmount: 432,
  openTree: 428,
  openat2: 437,
  pidfdOpen: 434,
  connect: 42,
  bpf: 321,
  seccomp: 317,
};
const here = -100;
const closeOnExec = 0o2000000;

class Story extends RecordingBytes {
  call(
    number: number,
    registers: (number | bigint)[],
    result: number,
    captures: CaptureBytes[] = [],
    head: { pid?: number } = {},
  ): this {
    const atExit = captures.filter(({ argument }) => number === n.pipe2 && argument === 0);
    return this.enter(
      number,
      registers,
      captures.filter((one) => !atExit.includes(one)),
      head,
    ).exit(number, result, atExit, head);
  }
  open(path: string, fd: number, flags = 0, dirfd = here, head: { pid?: number } = {}): this {
    return this.call(n.openat, [dirfd, 0x1000, flags], fd, [text(1, path)], head);
  }
  /** A read that shows the name. */
  look(fd: number, head: { pid?: number } = {}): this {
    return this.call(n.read, [fd, 0x1000, 1], 0, [], head);
  }
  names(): string[] {
    const events = openRecording(bytesSource(this.bytes())).events();
    return [...events].flatMap((event) =>
      event.kind === 'call' && event.name === 'read' ? [event.args[0] ?? ''] : [],
    );
  }
}

test('a relative path is named from its folder, or from the working folder', () => {
  const story = new Story().process('bash', { [here]: '/root', 5: '/sys/fs/cgroup' });
  story.open('notes', 3).look(3).open('tlab/../x', 4, 0, 5).look(4).look(5);
  story
    .call(n.chdir, [0x1000], 0, [text(0, 'work')])
    .open('./a', 6)
    .look(6);
  assert.deepEqual(story.names(), ['3</root/notes>', '4</sys/fs/cgroup/x>', '5</sys/fs/cgroup>', '6</root/work/a>']);
});

test('an open that failed names nothing', () => {
  assert.deepEqual(new Story().open('/none', -2).look(-2).names(), ['-2']);
});

test('copies have the same name, and a closed one has none', () => {
  const story = new Story().open('/a', 3).call(n.dup2, [3, 7], 7).call(n.dup3, [3, 8, closeOnExec], 8);
  story.call(n.fcntl, [3, 1030, 10], 10).call(n.close, [3], 0);
  for (const fd of [3, 7, 8, 10]) story.look(fd);
  assert.deepEqual(story.names(), ['3', '7</a>', '8</a>', '10</a>']);
});

test('an execution closes what is marked so', () => {
  const story = new Story().open('/a', 3, closeOnExec).open('/b', 4).open('/c', 5, closeOnExec);
  story.call(n.fcntl, [5, 2, 0], 0).call(n.fcntl, [4, 2, 1], 0).exec(100, '/bin/true').look(3).look(4).look(5);
  assert.deepEqual(story.names(), ['3', '4', '5</c>']);
});

test('close_range closes or marks a range', () => {
  const story = new Story().open('/a', 3).open('/b', 4).open('/c', 5);
  story
    .call(n.closeRange, [5, 0xffffffff, 0], 0)
    .call(n.closeRange, [4, 4, 4], 0)
    .look(4)
    .look(5)
    .exec(100, '/x')
    .look(3)
    .look(4);
  assert.deepEqual(story.names(), ['4</b>', '5', '3</a>', '4']);
});

test('a child has a copy, a thread and a child that shares files have the same table', () => {
  const story = new Story().open('/a', 3);
  story.enter(n.clone, [17]).fork(200).exit(n.clone, 200).call(n.close, [3], 0).look(3).look(3, { pid: 200 });
  story
    .enter(n.clone, [0x400 | 17])
    .fork(300)
    .exit(n.clone, 300)
    .open('/b', 4)
    .look(4, { pid: 300 });
  assert.deepEqual(story.names(), ['3', '3</a>', '4</b>']);
});

test('both ends of a pipe have one number of ours', () => {
  const pair = (first: number, second: number): CaptureBytes => ({
    argument: 0,
    bytes: Buffer.from(Int32Array.of(first, second).buffer),
  });
  const story = new Story()
    .call(n.pipe2, [0x1000, closeOnExec], 0, [pair(3, 4)])
    .call(n.pipe2, [0x1000, 0], 0, [pair(5, 6)]);
  for (const fd of [3, 4, 6]) story.look(fd);
  assert.deepEqual(story.names(), ['3<pipe:[#1]>', '4<pipe:[#1]>', '6<pipe:[#2]>']);
});

test('what is no file has the name of its kind', () => {
  const address = Buffer.from('\x01\x00/run/x.sock\0');
  const story = new Story()
    .call(n.socket, [16, 0x80003, 0], 3)
    .call(n.socket, [1, 1, 0], 4)
    .call(n.connect, [4, 0x1000, address.length], 0, [{ argument: 1, bytes: address }])
    .call(n.fsopen, [0x1000, 1], 5, [text(0, 'proc')])
    .call(n.fsmount, [5, 1, 0], 6)
    .call(n.openTree, [here, 0x1000, 1], 7, [text(1, '/rootfs')])
    .call(n.pidfdOpen, [1234, 0], 8)
    .call(n.bpf, [5, 0x1000, 64], 9)
    .call(n.seccomp, [1, 8, 0x1000], 10);
  for (const fd of [3, 4, 5, 6, 7, 8, 9, 10]) story.look(fd);
  assert.deepEqual(story.names(), [
    '3<socket:[netlink route]>',
    '4<socket:[unix stream /run/x.sock]>',
    '5<fscontext:[proc]>',
    '6<mount:[proc]>',
    '7<mount:[/rootfs]>',
    '8<pid:1234>',
    '9<anon_inode:bpf-prog>',
    '10<anon_inode:seccomp notify>',
  ]);
});

test('a file that claims more processes and descriptors than there are costs no more than its size', () => {
  const story = new Story().process(
    'x',
    Object.fromEntries(Array.from({ length: 3000 }, (_, fd) => [fd, `/file/${fd}`])),
  );
  for (let child = 1000; child < 6000; child++) story.fork(child).call(n.close, [5], 0, [], { pid: child });
  const before = process.memoryUsage().heapUsed;
  story.look(7, { pid: 5999 });
  assert.deepEqual(story.names(), ['7</file/7>']);
  assert.ok(process.memoryUsage().heapUsed - before < 600e6);
});

test('a name that grows call by call is let go when it is longer than a path can be', () => {
  const story = new Story().open(`/${'d'.repeat(4000)}`, 3).look(3);
  for (let depth = 0; depth < 20_000; depth++) story.call(n.openat, [3, 0x1000, 0], 3, [text(1, 'e'.repeat(200))]);
  story.look(3);
  const [first = '', last = ''] = story.names();
  assert.equal(first.length, 4004);
  assert.ok(last.length < 4200, `${last.length}`);
});
