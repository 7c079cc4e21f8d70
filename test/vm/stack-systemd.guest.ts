// The whole stack with the systemd cgroup driver, which is the default here: each container is a unit of systemd, in its limits,
// statistics and reset.
// Runs inside the machine of machine.ts that has systemd, as root, on the engine's own folders.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { must, run } from '../helpers/shell.ts';

const program = new URL('../../bin/tlab', import.meta.url).pathname;
/** Emulated: everything takes some twenty times longer. */
const slow = { timeoutMs: 600_000 };
const checked = (...args: string[]): Promise<string> => must(program, args, slow);
const docker = (...args: string[]): Promise<string> =>
  must('docker', ['-H', 'unix:///run/tlab/tlab.sock', ...args], slow);
const shown = (unit: string, names: string): Promise<string> =>
  must('systemctl', ['show', '--property', names, '--value', unit]);

before(async () => {
  await checked('system', 'start');
  await checked('pull', '--quiet', 'busybox');
});
after(async () => {
  if (existsSync('/run/tlab')) await run(program, ['system', 'reset', '--yes'], slow);
});

test('info says which driver it is', async () => {
  assert.equal(await docker('info', '--format', '{{.CgroupDriver}} {{.CgroupVersion}}'), 'systemd 2');
});

test('a container is a unit, from run to rm', async () => {
  const id = await checked(
    'run',
    '-d',
    '--name',
    'unit',
    '--memory',
    '64m',
    '--pids-limit',
    '20',
    'busybox',
    'sleep',
    '99',
  );
  const unit = `tlab-${id}.scope`;
  const folder = `/sys/fs/cgroup/system.slice/${unit}`;
  assert.equal(await shown(unit, 'MemoryMax'), '67108864');
  assert.equal(readFileSync(`${folder}/pids.max`, 'utf8').trim(), '20');
  assert.match(await docker('stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', 'unit'), /\/ 64MiB 1$/);
  assert.equal(await checked('exec', 'unit', 'cat', '/proc/self/cgroup'), '0::/');
  await docker('update', '--memory', '128m', '--memory-swap', '200m', 'unit');
  assert.equal(await shown(unit, 'MemoryMax'), '134217728');
  await checked('rm', '-f', 'unit');
  assert.equal(await shown(unit, 'LoadState'), 'not-found');
  assert.ok(!existsSync(folder));
});

test('--cgroup-parent is a slice, and nothing else', async () => {
  const flags = ['-d', '--name', 'sliced', '--cgroup-parent'];
  const refused = await run(program, ['run', ...flags, '/path', 'busybox', 'true'], slow);
  assert.match(refused.stderr, /cgroup-parent for systemd cgroup should be a valid slice named as "xxx\.slice"/);
  const id = await checked('run', ...flags, 'lab-own.slice', 'busybox', 'sleep', '99');
  assert.ok(existsSync(`/sys/fs/cgroup/lab.slice/lab-own.slice/tlab-${id}.scope/cgroup.procs`));
  assert.match(await docker('stats', '--no-stream', '--format', '{{.PIDs}}', 'sliced'), /^1$/);
  await checked('rm', '-f', 'sliced');
  assert.equal(await shown(`tlab-${id}.scope`, 'LoadState'), 'not-found');
});

test('a reset leaves no unit of a container that ran', async () => {
  const id = await checked('run', '-d', 'busybox', 'sleep', '99');
  await checked('system', 'reset', '--yes');
  assert.ok(!existsSync(`/sys/fs/cgroup/system.slice/tlab-${id}.scope`));
});
