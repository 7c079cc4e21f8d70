// The real runc and crun below our shim, beside our own runtime: the same container with each. Needs root, runc and crun.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine({ withoutUnified: true });
  await engine.must('pull', 'busybox');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const runtimes = ['tlab', 'runc', 'crun'] as const;

for (const runtime of runtimes) {
  const on = ['--runtime', runtime];

  test(`${runtime} runs a program and hands on its output and status`, needsRoot, async () => {
    const ran = await engine.tlab(['run', '--rm', ...on, 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 42']);
    assert.deepEqual([ran.stdout, ran.stderr, ran.status], ['out\n', 'err\n', 42]);
  });

  test(`${runtime} sets limits, user, capabilities and the read-only root`, needsRoot, async () => {
    const script =
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes; id -u; grep -E "^(CapEff|Seccomp):" /proc/self/status; touch /x';
    const flags = ['--memory', '64m', '-u', '7', '--read-only', '--cap-drop', 'ALL'];
    const ran = await engine.tlab(['run', '--rm', ...on, ...flags, 'busybox', 'sh', '-c', script]);
    assert.deepEqual(ran.stdout.split('\n').slice(0, 4), ['67108864', '7', 'CapEff:\t0000000000000000', 'Seccomp:\t2']);
    assert.match(ran.stderr, /Read-only file system/);
  });

  test(`${runtime} takes exec, pause, unpause and stop`, needsRoot, async () => {
    await engine.must(
      'run',
      '-d',
      '--name',
      runtime,
      ...on,
      'busybox',
      'sh',
      '-c',
      'trap "exit 3" TERM; while :; do sleep 0.1; done',
    );
    assert.equal(await engine.must('exec', runtime, 'echo', 'in there'), 'in there');
    await engine.must('pause', runtime);
    assert.match(await engine.must('ps'), /Paused/);
    await engine.must('unpause', runtime);
    await engine.must('stop', runtime);
    assert.equal(await engine.must('inspect', '--format', '{{.State.ExitCode}}', runtime), '3');
    await engine.must('rm', runtime);
  });

  test(`${runtime} answers 127 for a program that is not there`, needsRoot, async () => {
    const ran = await engine.tlab(['run', '--rm', ...on, 'busybox', 'nowhere']);
    assert.equal(ran.status, 127, ran.stderr);
    assert.match(ran.stderr, /nowhere/);
  });
}

test('an unknown runtime is refused by name before anything is made', needsRoot, async () => {
  const ran = await engine.tlab(['run', '--rm', '--runtime', 'kata', 'busybox', 'true']);
  assert.equal(ran.status, 125);
  assert.match(ran.stderr, /kata/);
  assert.equal(await engine.must('ps', '-aq'), '');
});
