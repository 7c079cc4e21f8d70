import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beats } from '../../src/explain/beats.ts';
import { EngineDeriver } from '../../src/explain/xray/engine.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { orderViolations } from '../../src/trace/order.ts';

let clock = 0;
const line = (pid: number, type: string, data: Record<string, unknown>): TraceEvent => ({
  seq: ++clock,
  ts: clock * 1000,
  stage: 'kernel',
  pid,
  tid: pid,
  type,
  span: '',
  truth: 'observed',
  data,
});
const call = (pid: number, process: string, name: string, args: string[], result: number | string = 0): TraceEvent =>
  line(pid, 'kernel.syscall-made', { name, args, result, process, durationNs: 10 });
const fork = (pid: number, childPid: number, process: string): TraceEvent =>
  line(pid, 'kernel.process-forked', { childPid, childTid: childPid, process });
const end = (pid: number, process: string, status = 0): TraceEvent =>
  line(pid, 'kernel.process-ended', { status, process });

const request: TraceEvent = {
  ...line(1, 'cli.request-sent', {
    door: 'http',
    peer: 'daemon',
    method: 'POST /containers/create',
    parent: 'command',
    provenance: { '': 'command:docker run', '/Image': 'argument:IMAGE' },
  }),
  stage: 'cli',
  span: 'create',
  cause: 'command:docker run',
};

function derive(lines: readonly TraceEvent[]) {
  const deriver = new EngineDeriver([request]);
  for (const one of lines) deriver.see(one);
  return deriver
    .finish()
    .map(({ event }) => event)
    .sort((a, b) => a.ts - b.ts);
}

test('executions of shim and runc are doors, each in the span of the one above, answered by their ends', () => {
  const events = derive([
    fork(20, 30, 'containerd'),
    call(30, 'containerd', 'execve', [
      '"/usr/bin/containerd-shim-runc-v2"',
      '["containerd-shim-runc-v2", "-id", "x", "start"]',
      '0x1 /* 3 vars */',
    ]),
    fork(30, 40, 'shim'),
    call(40, 'shim', 'execve', ['"/usr/sbin/runc"', '["runc", "--root", "/r", "create", "x"]', '0x1 /* 3 vars */']),
    call(40, 'runc', 'execve', ['"/proc/self/exe"', '["runc", "init"]', '0x1 /* 3 vars */']),
    end(40, 'runc', 1),
    end(30, 'shim'),
  ]);
  const doors = events.filter(({ stage }) => stage !== 'kernel');
  assert.deepEqual(
    doors.map(({ type, data }) => [type, data.method, data.status]),
    [
      ['containerd.request-sent', 'start', undefined],
      ['shim.request-sent', 'create', undefined],
      ['shim.response-received', 'create', 1],
      ['containerd.response-received', 'start', 0],
    ],
  );
  const [shim, runc, refused] = doors;
  assert.deepEqual([shim?.data.parent, runc?.data.parent], ['create', shim?.span]);
  assert.equal(refused?.data.error, 'it ends with 1');
  assert.deepEqual(orderViolations(events), []);
});

test('what the container executes, connects to and mounts is not the engine’s doing', () => {
  const events = derive([
    fork(40, 50, 'runc'),
    call(50, 'runc', 'pivot_root', ['"."', '"."']),
    call(50, 'runc', 'execve', ['"/bin/sh"', '["sh"]', '0x1 /* 1 vars */']),
    call(50, 'container', 'execve', ['"/bin/mount"', '["mount"]', '0x1 /* 1 vars */']),
    call(50, 'container', 'connect', ['3', '{sa_family=AF_UNIX, sun_path="/inside.sock"}', '110']),
    call(50, 'container', 'mount', ['"tmpfs"', '"/mnt"', '"tmpfs"', '0', 'NULL']),
    end(50, 'container', 3),
  ]);
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.operation ?? data.status]),
    [
      ['kernel.operation-executed', 'pivot_root'],
      ['kernel.operation-executed', 'exec'],
      ['kernel.process-exited', 3],
    ],
  );
});

test('a call that failed, and arguments of no known form, derive nothing and throw nothing', () => {
  const failed = call(9, 'daemon', 'connect', ['3', '{sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}', '110'], -1);
  failed.data.errno = 'ENOENT';
  const strange = [
    call(9, 'daemon', 'execve', []),
    call(9, 'daemon', 'connect', ['', '']),
    line(9, 'kernel.syscall-made', { name: 'execve', args: 'none', result: 0 }),
    line(9, 'kernel.process-forked', {}),
    line(9, 'kernel.process-ended', {}),
  ];
  assert.deepEqual(
    derive([failed, ...strange]).filter(({ type }) => type !== 'kernel.process-executed'),
    [],
  );
});

test('the engine’s own steps that look like the runtime’s have no line of config.json', () => {
  const [joined] = derive([call(9, 'daemon', 'setns', ['7</run/docker/netns/a>', 'CLONE_NEWNET'])]);
  assert.equal(joined?.data.own, true);
  assert.equal(joined?.cause, 'api:/HostConfig/NetworkMode');
});

test('a network namespace that the runtime has made is kept, one of the caller’s own is made', () => {
  const bind = (source: string, target: string) =>
    call(9, 'daemon', 'mount', [`"${source}"`, `"${target}"`, '"bind"', 'MS_BIND', 'NULL']);
  const [kept, made] = derive([
    bind('/proc/40/ns/net', '/run/docker/netns/a'),
    bind('/proc/9/ns/net', '/run/docker/netns/b'),
  ]);
  assert.deepEqual(kept?.data, { path: '/run/docker/netns/a', of: 40 });
  assert.deepEqual(made?.data, { path: '/run/docker/netns/b' });
  const beat = beats.find(({ id }) => id === 'netns');
  assert.ok(kept !== undefined && made !== undefined && beat !== undefined);
  assert.match(beat.says([kept]), /^dockerd keeps the child's network namespace: .*\/proc\/40\/ns\/net$/);
  assert.match(beat.says([made]), /^makes a network namespace/);
});
