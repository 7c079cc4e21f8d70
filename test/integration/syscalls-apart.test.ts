// What a trace must not hold: anything of another trace that ran at the same time through the same daemon, and any secret.
// Needs root, eBPF and the offline images busybox and nginx.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { newestTrace, readRun, type TracedRun } from '../helpers/traced-run.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('run', '--rm', 'busybox', 'true');
  await engine.must('run', '--rm', 'nginx', 'true');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

interface Marked {
  run: TracedRun;
  text: string;
  /** The container's id. */
  id: string;
  name: string;
  /** Processes that are this run's alone. */
  pids: Set<number>;
}

/** Of the newest traces, the one whose command has this name. */
async function marked(name: string): Promise<Marked> {
  const traces = `${engine.root}/data/traces`;
  const found = readdirSync(traces).find((id) =>
    readFileSync(`${traces}/${id}/trace.json`, 'utf8').includes(`"${name}"`),
  );
  assert.ok(found !== undefined, `the trace of ${name}`);
  const run = await readRun(engine, `${traces}/${found}`);
  const executed = run.trace.events.find(({ type }) => type === 'runc.plan-executed');
  const own = run.trace.header.processes.filter(({ stage }) => !['daemon', 'containerd'].includes(stage));
  return {
    run,
    text: readFileSync(`${traces}/${found}/trace.jsonl`, 'utf8'),
    id: String(executed?.data.id),
    name,
    pids: new Set([...own.map(({ pid }) => pid), Number(executed?.data.initPid)]),
  };
}

test('two traces at once: neither has a process, a container, a name or a path of the other', needsRoot, async (t) => {
  const folders = ['one', 'two'].map((name) => `${engine.root}/folder-${name}`);
  for (const folder of folders) mkdirSync(folder);
  const line = (name: string, image: string): string[] => {
    const mount = `${engine.root}/folder-${name}:/data`;
    return [
      'trace',
      'run',
      '--rm',
      '--name',
      `trace-${name}`,
      '-v',
      mount,
      image,
      'sh',
      '-c',
      'ls /data; ls /proc; true',
    ];
  };
  const rans = await Promise.all([engine.tlab(line('one', 'busybox')), engine.tlab(line('two', 'nginx'))]);
  for (const ran of rans) assert.equal(ran.status, 0, ran.stderr);
  const [one, two] = [await marked('trace-one'), await marked('trace-two')];
  for (const [mine, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const { trace, calls } = mine.run;
    t.diagnostic(`${mine.name}: ${calls.length} calls; ${trace.header.blind.join('; ')}`);
    assert.match(other.id, /^[0-9a-f]{64}$/);
    for (const word of [
      other.id,
      other.id.slice(0, 12),
      other.name,
      `folder-${other.name.slice(6)}`,
      other.run.trace.header.id,
    ]) {
      const lines = mine.text.split('\n').filter((text) => text.includes(word));
      assert.deepEqual(lines.slice(0, 6), [], `${lines.length} lines with ${word} in the trace of ${mine.name}`);
    }
    const foreign = calls.filter(({ pid }) => other.pids.has(pid));
    assert.deepEqual(foreign.slice(0, 3), [], `${foreign.length} calls of the other's processes`);
    for (const process of ['cli', 'shim', 'runc', 'container']) {
      assert.ok(
        calls.some(({ data }) => data.process === process),
        `${mine.name} has its own ${process}`,
      );
    }
  }
});

test(
  'a run that nobody traces, in the middle of one that is traced: nothing of it is in the trace',
  needsRoot,
  async () => {
    const [loud, quiet] = ['folder-loud', 'folder-quiet'].map((name) => `${engine.root}/${name}`);
    for (const folder of [loud, quiet]) mkdirSync(folder ?? '');
    const waits = 'touch /data/here; until [ -e /data/go ]; do sleep 0.05; done';
    const traced = engine.tlab(
      ['trace', 'run', '--rm', '--name', 'loud', '-v', `${loud}:/data`, 'busybox', 'sh', '-c', waits],
      { timeoutMs: 60_000 },
    );
    await waitUntil(() => existsSync(`${loud}/here`), { what: 'the traced container' });
    const id = await engine.must('run', '-d', '-v', `${quiet}:/data`, 'busybox', 'sleep', '1000');
    const pid = Number(await engine.must('inspect', '--format', '{{.State.Pid}}', id));
    await engine.must('exec', id, 'ls', '/data');
    await engine.must('rm', '-f', id);
    writeFileSync(`${loud}/go`, '');
    const ran = await traced;
    assert.equal(ran.status, 0, ran.stderr);
    const own = await marked('loud');
    for (const word of [id, id.slice(0, 12), 'folder-quiet']) {
      const lines = own.text.split('\n').filter((text) => text.includes(word));
      assert.deepEqual(lines.slice(0, 6), [], `${lines.length} lines with ${word}`);
    }
    const { calls, trace } = own.run;
    assert.ok(!calls.some((call) => call.pid === pid));
    const containers = new Set(calls.filter(({ data }) => data.process === 'container').map((call) => call.pid));
    assert.ok(containers.has([...own.pids].at(-1) ?? 0), 'its own container is there');
    assert.match(trace.header.blind.join(), /another request was served at the same time/);
  },
);

test('a secret given as a variable or a password is in no file of the trace', needsRoot, async () => {
  const secret = 'S3CRET-7f1c9e';
  const variables = ['-e', `PASSWORD=${secret}`, `--env=TOKEN=${secret}`, `-eKEY=${secret}`, '--label', 'a=b'];
  const ran = await engine.tlab(
    ['trace', 'run', '--rm', ...variables, 'busybox', 'sh', '-c', 'env | wc -l; env | tail -n 1 >/dev/null'],
    {
      env: { TLAB_TEST_SECRET: secret },
    },
  );
  assert.equal(ran.status, 0, ran.stderr);
  const folder = newestTrace(engine);
  const { calls } = await readRun(engine, folder);
  const executed = calls.filter(({ data }) => data.name === 'execve' && /\d+ vars/.test(String(data.args)));
  assert.ok(executed.length > 0, 'the environment of programs was seen');
  const holders = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => readFileSync(path).includes(secret));
  assert.deepEqual(holders, []);
});
