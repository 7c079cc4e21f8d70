// The whole stack on a version 2 host, with the cgroupfs driver, also where systemd runs: twin, out of memory, statistics, pause,
// privileges, the main job, and a reset that leaves nothing. Runs inside the machine of run.ts, as root, on the engine's own folders.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Causes } from '../../src/explain/causes.ts';
import { levelOf } from '../../src/explain/words.ts';
import { stages } from '../../src/trace/events.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { must, type Ran, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = new URL('../../bin/tlab', import.meta.url).pathname;
const parent = '/sys/fs/cgroup/tlab';
/** Emulated: everything takes some twenty times longer. */
const slow = { timeoutMs: 600_000 };

const tlab = (...args: string[]): Promise<Ran> => run(program, args, slow);
const checked = (...args: string[]): Promise<string> => must(program, args, slow);
/** The real docker command line on our daemon. */
const docker = (...args: string[]): Promise<string> =>
  must('docker', ['-H', 'unix:///run/tlab/tlab.sock', ...args], slow);
/** A shell script in a new container of busybox; its lines. */
const inBusybox = async (flags: string[], script: string): Promise<string[]> =>
  (await checked('run', '--rm', ...flags, 'busybox', 'sh', '-c', script)).split('\n');

before(async () => {
  mkdirSync('/etc/tlab', { recursive: true });
  writeFileSync('/etc/tlab/daemon.json', JSON.stringify({ 'exec-opts': ['native.cgroupdriver=cgroupfs'] }));
  await checked('system', 'start');
  await checked('pull', '--quiet', 'busybox');
});
after(async () => {
  if (existsSync('/run/tlab')) await tlab('system', 'reset', '--yes');
});

const mountLine = "sed -n 's/.* \\(\\/ \\/sys\\/fs\\/cgroup .*cgroup2\\) .*/\\1/p' /proc/self/mountinfo";

test('the twin of a run builds the same container by hand, in a cgroup and a cgroup namespace of its own', async () => {
  const flags = ['--memory', '64m', '--pids-limit', '50', '--read-only', '--cap-drop', 'net_raw'];
  await checked('trace', 'run', '--no-syscalls', '-d', '--name', 'original', ...flags, 'busybox', 'sleep', 'infinity');
  const capabilities = (pid: string): string[] =>
    readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('Cap'));
  const original = capabilities(await checked('inspect', '--format', '{{.State.Pid}}', 'original'));
  const script = '/tmp/twin.sh';
  await checked('trace', 'twin', '--output', script);
  await checked('rm', '-f', 'original');
  const own = { ...slow, env: { ID: 'twin-vm' } };
  const said = await must('sh', [script], own);
  const pid = /runs as process (\d+)/.exec(said)?.[1] ?? '';
  const cgroup = '/sys/fs/cgroup/tlab-twin/twin-vm';
  const limits = ['memory.max', 'pids.max'].map((file) => readFileSync(`${cgroup}/${file}`, 'utf8').trim());
  assert.deepEqual(limits, ['67108864', '50']);
  assert.equal(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), '0::/tlab-twin/twin-vm\n');
  assert.deepEqual(capabilities(pid), original);
  const inside = ['--target', pid, '--all', '--wd=/', 'busybox', 'sh', '-c', 'cat /proc/1/cgroup; echo $$ > /here'];
  assert.deepEqual(await run('nsenter', inside, slow), {
    status: 1,
    stdout: '0::/\n',
    stderr: "sh: can't create /here: Read-only file system\n",
  });
  await must('sh', [script, 'clean'], own);
  assert.deepEqual([existsSync('/sys/fs/cgroup/tlab-twin'), existsSync('/var/tmp/twin-vm')], [false, false]);
});

test('a program without memory left ends with 137 and is marked so', async () => {
  const script = 'x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo $x | wc -c';
  const ran = await tlab('run', '--name', 'greedy', '--memory', '16m', 'busybox', 'sh', '-c', script);
  assert.equal(ran.status, 137, ran.stderr);
  assert.equal(await checked('inspect', '--format', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'greedy'), 'true 137');
  await checked('rm', 'greedy');
});

test('statistics, update and pause reach the cgroup of a running container', async () => {
  const id = await checked('run', '-d', '--name', 'calm', '--memory', '64m', 'busybox', 'sleep', '1000');
  const file = (name: string): string => readFileSync(`${parent}/${id}/${name}`, 'utf8').trim();
  assert.match(
    await docker('stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', 'calm'),
    /^[\d.]+[KM]iB \/ 64MiB 1$/,
  );
  await docker('update', '--memory', '128m', '--memory-swap', '200m', '--cpus', '0.3', '--pids-limit', '33', 'calm');
  assert.deepEqual(['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'].map(file), [
    '134217728',
    '75497472',
    '30000 100000',
    '33',
  ]);
  assert.match(await checked('top', 'calm'), /sleep 1000/);
  await checked('pause', 'calm');
  assert.match(file('cgroup.events'), /frozen 1/);
  assert.equal(await checked('inspect', '--format', '{{.State.Status}}', 'calm'), 'paused');
  await checked('unpause', 'calm');
  assert.equal(await checked('exec', 'calm', 'cat', '/proc/self/cgroup'), '0::/');
  await checked('rm', '-f', 'calm');
  assert.ok(!existsSync(`${parent}/${id}`));
});

test('a device is refused without --device, allowed with it, and everything is allowed to a privileged container', async () => {
  const read = 'mknod /tmp/node b 7 0 && dd if=/tmp/node of=/dev/null count=0 2>&1 | grep -c permitted; true';
  assert.deepEqual(await inBusybox([], read), ['1']);
  assert.deepEqual(await inBusybox(['--device', '/dev/loop0'], read), ['0']);
  assert.deepEqual(await inBusybox(['--privileged'], `${read}; cat /proc/self/cgroup; ${mountLine}`), [
    '0',
    '0::/',
    '/ /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2',
  ]);
});

test("with the host's cgroup namespace the container sees its own path", async () => {
  assert.match((await inBusybox(['--cgroupns', 'host'], 'cat /proc/self/cgroup')).join(), /^0::\/tlab\/[0-9a-f]{64}$/);
});

for (const runtime of ['runc', 'crun']) {
  test(`${runtime} below our shim gives the same limits`, async () => {
    const flags = ['--runtime', runtime, '--memory', '64m', '--pids-limit', '20'];
    assert.deepEqual(
      await inBusybox(flags, 'cat /proc/self/cgroup; cd /sys/fs/cgroup; cat memory.max memory.swap.max pids.max'),
      ['0::/', '67108864', '67108864', '20'],
    );
  });
}

test('the main job: nginx answers, and every event has its cause', async () => {
  const ran = await tlab('trace', 'run', '-d', '-p', '8080:80', '--name', 'nginx', '--memory', '256m', 'nginx');
  assert.equal(ran.status, 0, ran.stderr);
  const page = async () => (await run('curl', ['-sS', '--max-time', '5', 'http://localhost:8080/'])).stdout;
  assert.match(await waitUntil(page, { what: 'nginx to answer', deadlineMs: 60_000 }), /nginx/i);
  await checked('trace', 'export', '--format', 'jsonl', '-o', '/tmp/trace.jsonl');
  const trace = await readTraceFile('/tmp/trace.jsonl');
  assert.deepEqual([trace.unreadable, orderViolations(trace.events)], [0, []]);
  assert.deepEqual([...new Set(trace.events.map(({ stage }) => stage))].sort(), [...stages].sort());
  const causes = new Causes(trace);
  const chains = trace.events.filter((event) => [1, 2].includes(levelOf(event))).map((event) => causes.chainOf(event));
  assert.deepEqual(
    chains.filter(({ complete }) => !complete),
    [],
  );
  assert.ok(trace.events.some(({ data }) => JSON.stringify(data).includes('memory.max')));
});

test('a reset leaves no cgroup, mount, link or folder', async () => {
  await checked('system', 'reset', '--yes');
  for (const path of [parent, '/run/tlab', '/var/lib/tlab']) assert.ok(!existsSync(path), path);
  assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), /tlab\//);
  assert.deepEqual(
    readdirSync('/sys/class/net').filter((name) => name.startsWith('tlab')),
    [],
  );
});
