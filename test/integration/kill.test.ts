// kill -9 on the CLI, the daemon and containerd: the container does not notice, and the next start finds everything again. Needs root.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
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
