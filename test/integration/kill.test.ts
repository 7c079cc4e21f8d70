// kill -9 on the CLI, the daemon and containerd: the container does not notice, and the next start finds everything again. Needs root.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('run', '-d', '-p', '8080:80', '--name', 'web', 'nginx');
  await waitUntil(answers, { what: 'nginx to answer' });
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const answers = async (): Promise<boolean> =>
  (await engine.inside('curl', ['-sS', '--max-time', '5', 'http://localhost:8080/'])).stdout.includes('nginx');

/** The stage process of this engine, told by its bundle's name and its environment. */
function stageProcess(bundle: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const isStage = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(bundle);
        return isStage && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TLAB_RUN_ROOT=${engine.root}/run`);
      } catch {
        return false; // gone meanwhile
      }
    });
}

async function kill(bundle: string): Promise<void> {
  const pid = stageProcess(bundle);
  assert.ok(pid !== undefined, `${bundle} runs`);
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => stageProcess(bundle) !== pid, { what: `${bundle} to be gone` });
}

test('killing the CLI ends the command alone', needsRoot, async () => {
  const follower = start('nsenter', [...engine.enter, tlabProgram, 'logs', '-f', 'web'], { env: engine.env });
  await follower.stop('SIGKILL');
  assert.ok(await answers());
  assert.match(await engine.must('ps'), /web/);
});

test(
  'killing containerd leaves nginx answering; the daemon starts it again and it knows its task',
  needsRoot,
  async () => {
    await kill('tlab-containerd.cjs');
    assert.ok(await answers());
    const seen = await waitUntil(
      async () => ((await engine.tlab(['exec', 'web', 'echo', 'here'])).stdout.includes('here') ? 'yes' : undefined),
      {
        what: 'exec through the new containerd',
      },
    );
    assert.equal(seen, 'yes');
  },
);

test('an exec and a container whose end no daemon was told of end for their clients too', needsRoot, async () => {
  const signs = `${engine.root}/signs`;
  mkdirSync(signs);
  const ends = 'until [ -e /signs/end ]; do sleep 0.05; done; exit 7';
  const detached = ['run', '--detach', '--volume', `${signs}:/signs`];
  await engine.must(...detached, '--name', 'held', 'busybox', 'sleep', '1000');
  await engine.must(...detached, '--name', 'short', 'busybox', 'sh', '-c', ends);
  const exec = engine.tlab(['exec', 'held', 'sh', '-c', `touch /signs/begun; ${ends}`], { timeoutMs: 30_000 });
  const api = async (path: string): Promise<string> =>
    (await engine.inside('curl', ['-sS', '--unix-socket', `${engine.root}/run/tlab.sock`, `http://tlab/${path}`]))
      .stdout;
  // Before the daemon has its pid, what becomes of it is the answer to its start.
  const hasPid = async (): Promise<boolean> => {
    const [id] = (JSON.parse(await api('containers/held/json')) as { ExecIDs: string[] | null }).ExecIDs ?? [];
    return id !== undefined && (JSON.parse(await api(`exec/${id}/json`)) as { Pid: number }).Pid > 0;
  };
  await waitUntil(async () => existsSync(`${signs}/begun`) && (await hasPid()), { what: 'the exec to run' });
  const daemon = Number(readFileSync(`${engine.root}/run/tlabd.pid`, 'utf8'));
  process.kill(daemon, 'SIGSTOP');
  const other = await exchangeContainerd();
  writeFileSync(`${signs}/end`, '');
  const address = ['--address', `${engine.root}/run/containerd/containerd.sock`, '--namespace', 'moby'];
  const stopped = async (): Promise<boolean> =>
    (await engine.inside('ctr', [...address, 'tasks', 'list'])).stdout.includes('STOPPED');
  await waitUntil(stopped, { what: 'the task to be over' });
  process.kill(daemon, 'SIGCONT');
  assert.equal((await exec).status, 7);
  const waited = await engine.tlab(['wait', 'short'], { timeoutMs: 30_000 });
  assert.equal(waited.stdout, '7\n', waited.stderr);
  await engine.must('rm', '--force', 'held', 'short');
  await other.stop('SIGKILL');
});

/** Kills containerd, and starts another one on the same socket; when it returns, that one answers. */
async function exchangeContainerd() {
  const first = Number(readFileSync(`${engine.root}/run/tlab-containerd.pid`, 'utf8'));
  const [program = '', ...args] = readFileSync(`/proc/${first}/cmdline`, 'utf8').split('\0').filter(Boolean);
  process.kill(first, 'SIGKILL');
  const other = start('nsenter', [...engine.enter, program, ...args], { env: engine.env });
  const socket = `${engine.root}/run/containerd/containerd.sock`;
  const version = async (): Promise<boolean> =>
    (await engine.inside('ctr', ['--address', socket, 'version'])).stdout.includes('Server:\n  Version');
  await waitUntil(version, { what: 'the other containerd' });
  return other;
}

test(
  'killing the daemon leaves nginx answering; the next one has ps, logs -f, stop and the exit status right',
  needsRoot,
  async () => {
    await kill('tlabd');
    assert.ok(await answers());
    assert.match(await engine.must('ps'), /Up .*web/);
    const marker = `marker-${process.pid}`;
    assert.ok(await answers());
    await engine.inside('curl', ['-sS', `http://localhost:8080/${marker}`]);
    await waitUntil(
      async () =>
        (await engine.tlab(['logs', 'web'])).stdout.includes(marker) ||
        (await engine.tlab(['logs', 'web'])).stderr.includes(marker),
      {
        what: 'the request in the log',
      },
    );
    await engine.must('stop', 'web');
    assert.equal(await engine.must('inspect', '--format', '{{.State.ExitCode}}', 'web'), '0');
  },
);

test('a daemon whose socket file was removed is named at once, and started anew', needsRoot, async () => {
  rmSync(`${engine.root}/run/tlab.sock`);
  const refused = await engine.tlab(['ps'], { timeoutMs: 30_000 });
  assert.match(refused.stderr, /the daemon runs, but the file of its socket \S+ is gone\ntry: tlab system stop/);
  await engine.must('system', 'stop');
  assert.match(await engine.must('ps', '--all'), /web/);
});

test('an exit while daemon and containerd are both dead is known after their restart', needsRoot, async () => {
  await engine.must(
    'run',
    '-d',
    '--name',
    'brief',
    'busybox',
    'sh',
    '-c',
    'while [ ! -e /go ]; do sleep 0.1; done; exit 7',
  );
  const pid = Number(await engine.must('inspect', '--format', '{{.State.Pid}}', 'brief'));
  await kill('tlabd');
  const containerd = stageProcess('tlab-containerd.cjs');
  if (containerd !== undefined) process.kill(containerd, 'SIGKILL');
  await engine.inside('touch', [`/proc/${pid}/root/go`]);
  await waitUntil(() => !readdirSync('/proc').includes(String(pid)), { what: 'the container to end' });
  await engine.must('system', 'start');
  const status = await waitUntil(
    async () => {
      const text = await engine.must('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'brief');
      return text.startsWith('exited') ? text : undefined;
    },
    { what: 'the exit to be recorded' },
  );
  assert.equal(status, 'exited 7');
});
