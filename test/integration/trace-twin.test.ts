// Needs root, iptables, iproute2, util-linux and the offline library. Records a run, takes the engine away, and builds the container again
// from nothing but the commands of `tlab trace twin`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { leavesNothing, namesIn } from '../helpers/nothing-left.ts';
import { root } from '../helpers/root.ts';
import { type Ran, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const cgroupFile = (paths: string[]): string => {
  const found = paths.find((path) => existsSync(path));
  assert.ok(found, `none of ${paths.join(', ')}`);
  return readFileSync(found, 'utf8').trim();
};

/** What can be seen of a container from outside, by its first process. */
function seen(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const lines = (form: RegExp): string[] => status.split('\n').filter((line) => form.test(line));
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [, , , , target = '', options = '', ...rest] = line.split(' ');
      return `${target} ${options} ${rest[rest.indexOf('-') + 1]}`;
    });
  return {
    privileges: lines(/^(Cap|Uid|Gid|Groups|NoNewPrivs)/),
    mounts,
    umask: lines(/^Umask/),
    limits: readFileSync(`/proc/${pid}/limits`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('Max open files')),
    oom: readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'),
    own: ['mnt', 'uts', 'ipc', 'pid', 'net'].filter(
      (name) => readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`),
    ),
    environment: readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').sort(),
    argv: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    folder: readlinkSync(`/proc/${pid}/cwd`),
  };
}

describe('the twin of a run', root(), () => {
  let engine: TestEngine;
  /** What the test's own scripts are called: their folders, links and cgroups. */
  const id = `twin-t${process.pid}`.slice(0, 13);

  before(async () => {
    engine = await startEngine();
  });
  after(() => engine?.stop());

  /** Records a run, exports it, removes the container, stops the engine; the script that its trace gives. */
  async function record(name: string, ...args: string[]) {
    await engine.must('system', 'start');
    await engine.must('trace', 'run', '-d', '--name', name, ...args);
    const pid = Number(await engine.must('inspect', '--format', '{{.State.Pid}}', name));
    const original = seen(pid);
    const file = `${engine.root}/${name}.jsonl`;
    const script = `${engine.root}/${name}.sh`;
    await engine.must('trace', 'export', '--format', 'jsonl', '-o', file);
    await engine.must('trace', 'twin', file, '-o', script);
    await engine.must('rm', '-f', name);
    await engine.must('system', 'stop');
    return { original, script };
  }

  const execute = (script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ran> =>
    engine.inside('sh', [script, ...args], { env: { ID: id, ...env } });

  /** Builds the container, looks at it, takes it away; nothing may be left. */
  const withTwin = (script: string, env: Record<string, string>, body: (pid: number) => Promise<void>): Promise<void> =>
    leavesNothing(engine, async () => {
      try {
        const ran = await execute(script, [], env);
        assert.equal(ran.status, 0, ran.stderr);
        const pid = Number(/runs as process (\d+)/.exec(ran.stdout)?.[1]);
        await waitUntil(() => !/^\/bin\/sh\0-c/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')), {
          what: 'the program',
        });
        await body(pid);
      } finally {
        await remove(script);
      }
    });

  async function remove(script: string): Promise<void> {
    const ran = await execute(script, ['clean']);
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(ran.stderr, '');
    assert.equal(existsSync(`/var/tmp/${id}`), false);
    const cgroups = ['', ...namesIn('/sys/fs/cgroup').map((name) => `${name}/`)].flatMap((folder) =>
      namesIn(`/sys/fs/cgroup/${folder}tlab-twin`).filter((name) => name === id),
    );
    assert.deepEqual(cgroups, []);
    assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(id));
  }

  test('with limits, a read-only root and a user is the same container', async () => {
    const { original, script } = await record(
      'box',
      ...['--memory', '64m', '--pids-limit', '50', '--hostname', 'box', '--read-only', '--cap-drop', 'net_raw'],
      ...['--ulimit', 'nofile=100:200', '--tmpfs', '/tmp', '-v', 'kept:/kept', '-w', '/tmp', '--oom-score-adj', '300'],
      ...['-e', 'SECRET=never written', '--security-opt', 'no-new-privileges', '-p', '9090:90'],
      ...['busybox', 'sleep', 'infinity'],
    );
    assert.doesNotMatch(readFileSync(script, 'utf8'), /never written/);
    await withTwin(script, { ENV_SECRET: 'never written' }, async (pid) => {
      assert.deepEqual(seen(pid), original);
      const inside = (program: string): Promise<Ran> =>
        run('nsenter', ['--target', String(pid), '--all', '--wd=/', 'busybox', 'sh', '-c', program]);
      assert.equal((await inside('hostname')).stdout, 'box\n');
      assert.equal((await inside('cat /etc/hostname; grep box /etc/hosts')).stdout, 'box\n10.213.0.2\tbox\n');
      assert.match((await inside('echo > /here')).stderr, /Read-only file system/);
      assert.equal((await inside('cat /proc/keys /proc/timer_list')).stdout, '');
      assert.match((await inside('echo 1 > /proc/sys/vm/swappiness')).stderr, /Read-only file system/);
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NSpid:\t\d+\t1$/m);
      const own = `tlab-twin/${id}`;
      assert.equal(
        cgroupFile([`/sys/fs/cgroup/memory/${own}/memory.limit_in_bytes`, `/sys/fs/cgroup/${own}/memory.max`]),
        String(64 * 1024 * 1024),
      );
      assert.equal(cgroupFile([`/sys/fs/cgroup/pids/${own}/pids.max`, `/sys/fs/cgroup/${own}/pids.max`]), '50');
      assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`/${own}$`, 'm'));
    });
  });

  test('of nginx answers on its address and on its port, with layers from an OCI layout', async () => {
    const { original, script } = await record('web', '-p', '8080:80', 'nginx');
    await withTwin(script, { LAYERS: `${engine.root}/data/library/nginx` }, async (pid) => {
      // nginx writes over its own arguments and environment: what is left of them is a matter of time.
      const { privileges, mounts } = seen(pid);
      assert.deepEqual({ privileges, mounts }, { privileges: original.privileges, mounts: original.mounts });
      const fetch = (address: string): Promise<Ran> =>
        engine.inside('curl', ['-sS', '--max-time', '5', `http://${address}/`]);
      await waitUntil(async () => (await fetch('10.213.0.2')).status === 0, { what: 'nginx' });
      assert.match((await fetch('10.213.0.2')).stdout, /nginx/);
      assert.match((await fetch('127.0.0.1:18080')).stdout, /nginx/);
    });
  });

  test('hands on the status of a program in the foreground', async () => {
    await engine.must('system', 'start');
    const ran = await engine.tlab([
      'trace',
      'run',
      '--rm',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'echo said; exit 7',
    ]);
    assert.equal(ran.status, 7);
    const script = `${engine.root}/seven.sh`;
    await engine.must('trace', 'twin', '-o', script);
    await engine.must('system', 'stop');
    await leavesNothing(engine, async () => {
      const twin = await execute(script);
      assert.deepEqual([twin.status, twin.stdout], [7, 'said\n'], twin.stderr);
      await remove(script);
    });
  });

  test('that fails half-way takes back what it did', async () => {
    await engine.must('system', 'start');
    await engine.must('trace', 'run', '-d', '--name', 'gone', 'busybox', 'sleep', 'infinity');
    const script = `${engine.root}/gone.sh`;
    await engine.must('trace', 'twin', '-o', script);
    await engine.must('rm', '-f', 'gone');
    await engine.must('system', 'stop');
    writeFileSync(script, readFileSync(script, 'utf8').replace('mount -t proc ', 'mount -t nosuchtype '));
    await leavesNothing(engine, async () => {
      const ran = await execute(script);
      assert.notEqual(ran.status, 0);
      assert.match(ran.stderr, /ended too early/);
      assert.equal(existsSync(`/var/tmp/${id}`), false);
    });
  });

  test('of a run that found its bridge makes it as the run did that made it', async () => {
    const bridgeLines = (name: string): string[] =>
      readFileSync(`${engine.root}/${name}.sh`, 'utf8')
        .split('\n')
        .filter((line) => /^(iptables|ip (link|addr) .*BRIDGE|sysctl)/.test(line))
        .filter((line) => !/ (docker|br-)\+ |CLOSED|ADDRESS|LINK/.test(line))
        .map((line) => line.replace(/ address [0-9a-f:]{17}/, ''))
        .sort();
    assert.doesNotMatch(readFileSync(`${engine.root}/box.sh`, 'utf8'), /Not in this trace/);
    assert.match(readFileSync(`${engine.root}/web.sh`, 'utf8'), /Not in this trace: the bridge/);
    assert.deepEqual(bridgeLines('web'), bridgeLines('box'));
  });
});
