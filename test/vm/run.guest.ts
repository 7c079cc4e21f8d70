// One run through all six stages on a version 2 host, and a reset: the short one of the whole stack, so that `npm test` has it.
// Runs inside the machine of run.ts, as root, on the engine's own folders.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { must, run } from '../helpers/shell.ts';

const program = new URL('../../bin/tlab', import.meta.url).pathname;
/** Emulated: everything takes some twenty times longer. */
const slow = { timeoutMs: 600_000 };
const log = '/run/tlab/tlabd.log';
/** A shell script in a new container of busybox; its lines. The first one starts the engine and pulls the image. */
async function inBusybox(flags: string[], script: string): Promise<string[]> {
  const { status, stdout, stderr } = await run(program, ['run', '--rm', ...flags, 'busybox', 'sh', '-c', script], slow);
  assert.equal(status, 0, `${stderr}\n${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
  return stdout.trimEnd().split('\n');
}

after(async () => {
  if (existsSync('/run/tlab')) await run(program, ['system', 'reset', '--yes'], slow);
});

const mountLine = "sed -n 's/.* \\(\\/ \\/sys\\/fs\\/cgroup .*cgroup2\\) .*/\\1/p' /proc/self/mountinfo";

test('limits are in the files of the cgroup, which the container sees as its root and cannot change', async () => {
  const flags = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '20', '--cpu-shares', '512', '--cpuset-cpus', '0'];
  const script = `cat /proc/self/cgroup; ${mountLine}; cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max cpu.weight cpuset.cpus; mkdir x 2>&1; true`;
  assert.deepEqual(await inBusybox(flags, script), [
    '0::/',
    '/ /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2',
    '67108864',
    '67108864',
    '50000 100000',
    '20',
    '59',
    '0',
    "mkdir: can't create directory 'x': Read-only file system",
  ]);
});

test('a reset leaves no cgroup, mount or folder', async () => {
  await must(program, ['system', 'reset', '--yes'], slow);
  for (const path of ['/sys/fs/cgroup/tlab', '/run/tlab', '/var/lib/tlab']) assert.ok(!existsSync(path), path);
  assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), /tlab\//);
});
