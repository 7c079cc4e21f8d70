// Level 3 of a real run: every call has an event that it carries out and a chain of causes to a root; calls stand on the operations
// that make them. Needs root, eBPF and the offline image busybox.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Causes } from '../../src/explain/causes.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { kindOf, nameOf, type TracedRun, tracedRun } from '../helpers/traced-run.ts';

const needsRoot = root();
let engine: TestEngine;
let first: TracedRun;
let run: TracedRun;
let syscalls: TraceEvent[];

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  first = await tracedRun(engine, 'run', '--rm', 'busybox', 'true');
  const flags = ['--memory', '64m', '-p', '8080:80', '-e', 'COLOUR=red', '--hostname', 'h', '--user', '1000:1000'];
  run = await tracedRun(engine, 'run', '--rm', ...flags, 'busybox', 'sh', '-c', 'ls /proc/1 >/dev/null; true');
  syscalls = run.calls.filter(({ type }) => type === 'kernel.syscall-made');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const madeBy = (process: string): TraceEvent[] => syscalls.filter(({ data }) => data.process === process);

test('a trace has its system calls, all of them, none lost, none unreadable', needsRoot, () => {
  for (const { trace, calls } of [first, run]) {
    assert.equal(trace.unreadable, 0);
    assert.equal(trace.header.lost, 0);
    assert.equal(trace.header.calls, calls.length);
    assert.equal(trace.header.seen, trace.events.length + calls.length);
    assert.ok(calls.length > 2_000, `${calls.length} calls`);
    assert.deepEqual(
      trace.header.blind.filter((words) => !/the tracer ends with the command/.test(words)),
      [],
    );
  }
});

test('events and calls have one numbering, by time', needsRoot, () => {
  const all = [...run.trace.events, ...run.calls].sort((a, b) => a.seq - b.seq);
  assert.deepEqual(
    all.filter(({ seq }, i) => seq !== i + 1),
    [],
  );
  const late = all.filter(({ ts }, i) => ts < (all[i - 1]?.ts ?? 0));
  assert.equal(late.length, 0, `${late.length} of ${all.length} come after a later one`);
});

test('every call of every process has a chain of causes that ends in a root', needsRoot, (t) => {
  for (const { trace, calls, operationOf } of [first, run]) {
    const causes = new Causes(trace);
    const orphans = calls.filter((call) => operationOf(call) === undefined || !causes.chainOf(call).complete);
    t.diagnostic(`${calls.length - orphans.length} of ${calls.length} calls reach a root`);
    const words = orphans.map(
      (call) => `${call.seq} ${call.data.process} ${nameOf(call)} on ${kindOf(operationOf(call))}`,
    );
    assert.deepEqual(words.slice(0, 20), []);
  }
});

test(
  'every call of the runtime, from its start to execve, ends in what somebody asked for or a named default',
  needsRoot,
  () => {
    const causes = new Causes(run.trace);
    const roots = madeBy('runc').map((call) => causes.chainOf(call).links.at(-1) ?? 'nothing');
    assert.ok(roots.length > 800, `${roots.length} calls of runc`);
    assert.deepEqual([...new Set(roots.filter((link) => !/^(flag|argument|command|image|default):/.test(link)))], []);
    assert.ok(roots.includes('flag:--memory') && roots.includes('flag:--hostname'), [...new Set(roots)].join());
  },
);

/** For each operation of a plan that makes calls: one that only it can have made. */
const callsOfOperations: Record<string, RegExp> = {
  clone: /^clone3$/,
  'kernel.cgroup-made': /^mkdir/,
  'kernel.cgroup-written': /^write$/,
  'kernel.mount-attached': /^(mount|move_mount|fsmount)$/,
  oom_score_adj: /^write$/,
  setsid: /^setsid$/,
  setns: /^setns$/,
  session_keyring: /^keyctl$/,
  root_propagation: /^mount$/,
  root_bind: /^(mount|move_mount)$/,
  device_make: /^mknodat$/,
  symlink: /^symlinkat$/,
  pivot_root: /^pivot_root$/,
  umask: /^umask$/,
  sethostname: /^sethostname$/,
  sysctl: /^write$/,
  readonly_path: /^(mount|move_mount|mount_setattr)$/,
  mask_path: /^(mount|move_mount)$/,
  seccomp: /^(seccomp|prctl)$/,
  capability_bounding: /^prctl$/,
  chdir: /^chdir$/,
  setgroups: /^setgroups$/,
  setgid: /^setresgid$/,
  setuid: /^setresuid$/,
  capset: /^capset$/,
  exec: /^execve$/,
};

for (const [operation, call] of Object.entries(callsOfOperations)) {
  test(`the operation ${operation} has the call ${call.source} on it`, needsRoot, () => {
    const own = madeBy('runc').filter((one) => kindOf(run.operationOf(one)) === operation);
    assert.ok(
      own.some((one) => call.test(nameOf(one))),
      `${own.length} calls: ${[...new Set(own.map(nameOf))].join(', ')}`,
    );
  });
}

/** Calls that only few operations make: they stand nowhere else. */
const operationsOfCalls: Record<string, readonly string[]> = {
  mount: ['kernel.mount-attached', 'root_propagation', 'root_bind', 'pivot_root', 'mask_path', 'readonly_path'],
  move_mount: ['kernel.mount-attached', 'root_bind', 'mask_path', 'readonly_path'],
  pivot_root: ['pivot_root'],
  sethostname: ['sethostname'],
  capset: ['capset', 'setuid', 'capability_ambient'],
  mknodat: ['device_make', 'runc.request-received'],
  clone3: ['clone'],
  setsid: ['setsid'],
  keyctl: ['session_keyring'],
  setresuid: ['setuid'],
  execve: ['exec'],
};

for (const [name, operations] of Object.entries(operationsOfCalls)) {
  test(`the runtime's ${name} stands on ${operations.join(' or ')}`, needsRoot, () => {
    const kinds = madeBy('runc')
      .filter((one) => nameOf(one) === name)
      .map((one) => kindOf(run.operationOf(one)));
    assert.ok(kinds.length > 0, 'it is made');
    assert.deepEqual([...new Set(kinds.filter((kind) => !operations.includes(kind)))], []);
  });
}

test('the container’s own calls are told apart, and stand on its exec', needsRoot, () => {
  const own = madeBy('container');
  assert.ok(own.some((call) => nameOf(call) === 'execve') || own.length > 20, `${own.length} calls`);
  assert.deepEqual([...new Set(own.map((call) => kindOf(run.operationOf(call))))], ['exec']);
});

test('what daemon and containerd do stands on what they report', needsRoot, () => {
  const on = (process: string, name: string): string[] => [
    ...new Set(
      madeBy(process)
        .filter((call) => nameOf(call) === name)
        .map((call) => kindOf(run.operationOf(call))),
    ),
  ];
  const netlink = madeBy('daemon').filter(
    (call) => nameOf(call) === 'sendto' && /RTM_NEW(LINK|ADDR|ROUTE)/.test(String(call.data.args)),
  );
  assert.ok(netlink.length >= 4, `${netlink.length} netlink messages`);
  const elsewhere = netlink.filter((call) => kindOf(run.operationOf(call)) !== 'kernel.netlink-sent');
  assert.deepEqual(
    elsewhere.map((call) => `${String(call.data.args).slice(0, 60)} on ${kindOf(run.operationOf(call))}`),
    [],
  );
  assert.deepEqual(on('daemon', 'unshare'), ['kernel.network-namespace-created']);
  assert.deepEqual(on('shim', 'umount2'), ['kernel.mount-detached']);
  const restore = madeBy('iptables-restore').map((call) => kindOf(run.operationOf(call)));
  assert.deepEqual([...new Set(restore)], ['kernel.process-executed']);
});

test(
  'a call that the filter of the container answered says so, one that the kernel answered does not',
  needsRoot,
  async () => {
    const script = 'unshare -U true; mkdir /proc/none; true';
    const { calls } = await tracedRun(engine, 'run', '--rm', 'busybox', 'sh', '-c', script);
    const failed = (name: string): TraceEvent | undefined =>
      calls.find(({ data }) => data.process === 'container' && data.name === name && data.errno !== undefined);
    const [refused, missed] = [failed('unshare'), failed('mkdir')];
    assert.deepEqual([refused?.data.errno, refused?.data.answeredBy], ['EPERM', 'seccomp']);
    assert.deepEqual([missed?.data.errno, missed?.data.answeredBy], ['ENOENT', undefined]);
    assert.match(await engine.must('why', `${refused?.seq}`), /EPERM.*\n.*answered by a seccomp filter/);
  },
);
