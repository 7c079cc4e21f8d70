// Whose a process of tlab is: the engine's that it was started for, by its paths and its environment; of a foreign containerd's it is nobody's.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

/** As on a host with one engine at its own place. */
delete process.env.TLAB_RUN_ROOT;
const { engineProcess, enginesBeside } = await import('../../src/engine/processes.ts');

/** A process that is called so, and waits. */
async function called(words: readonly string[], env: Record<string, string> = {}): Promise<ChildProcess> {
  const [name = '', ...rest] = words;
  const script = 'console.log(); setInterval(() => {}, 1e9)';
  const child = spawn(process.execPath, ['-e', script, '--', ...rest], {
    argv0: name,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout ?? child, 'data');
  return child;
}

const shim = 'containerd-shim-tlab-v2';
const ours = '/run/tlab/containerd/containerd.sock';
const another = { TLAB_RUN_ROOT: '/run/tlab-test-another' };

const cases: { title: string; words: readonly string[]; env?: Record<string, string>; isOurs: boolean }[] = [
  { title: 'a shim of this containerd', words: [shim, '-namespace', 'moby', '-address', ours], isOurs: true },
  { title: 'a shim of a real one', words: [shim, '-address', '/run/containerd/containerd.sock'], isOurs: false },
  {
    title: 'a runtime with the root of this engine',
    words: ['tlab-runc', '--root=/run/tlab/runtime/moby'],
    isOurs: true,
  },
  { title: 'a runtime without a root', words: ['tlab-runc', 'state', 'web'], isOurs: true },
  {
    title: 'a runtime with another root',
    words: ['tlab-runc', '--root', '/run/user/0/x', 'state', 'web'],
    isOurs: false,
  },
  { title: 'the daemon', words: ['tlabd'], isOurs: true },
  { title: 'the daemon of another engine', words: ['tlabd'], env: another, isOurs: false },
];

test('a process is the engine’s by the paths that it was given, and by its environment', async () => {
  const children = await Promise.all(cases.map(({ words, env }) => called(words, env)));
  try {
    const seen = children.map(({ pid = 0 }) => engineProcess(pid) !== undefined);
    assert.deepEqual(
      cases.map(({ title }, index) => `${title}: ${seen[index]}`),
      cases.map(({ title, isOurs }) => `${title}: ${isOurs}`),
    );
    const beside = enginesBeside();
    assert.ok(beside.includes(another.TLAB_RUN_ROOT), beside.join());
    assert.ok(!beside.includes('/run/tlab'));
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});
