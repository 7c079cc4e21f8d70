// The tracer's life beside a traced command: killed, left alone, too slow, not wanted, outlived by a container. The command's own
// status and levels 0 to 2 never depend on it. Needs root, eBPF and the offline image busybox.
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parentOf } from '../../src/engine/processes.ts';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';
import { newestTrace, readRun, tracedRun } from '../helpers/traced-run.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('run', '--rm', 'busybox', 'true');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

/** Tracers below a process, by pid. */
function tracersOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tlab-tracer\n' && parentOf(pid) === parent;
      } catch {
        return false; // it has just ended
      }
    });
}

interface Traced {
  name: string;
  /** What the container runs, beside its name. */
  argv?: string[];
  env?: Record<string, string>;
}

/** Starts a traced container that runs for a while; the command's process, and its tracer once it is attached. */
async function startTraced({ name, argv = ['sleep', '60'], env = {} }: Traced) {
  const output = `${engine.root}/${name}.log`;
  const log = openSync(output, 'w');
  const line = ['trace', 'run', '--rm', '--name', name, 'busybox', ...argv];
  const command = start('nsenter', [...engine.enter, tlabProgram, ...line], { env: { ...engine.env, ...env }, log });
  closeSync(log);
  await waitUntil(async () => (await engine.must('ps', '-q', '--filter', `name=${name}`)) !== '', {
    what: 'the container to run',
    deadlineMs: 20_000,
  });
  const [tracer] = tracersOf(command.pid);
  assert.ok(tracer !== undefined, 'the command has a tracer');
  return { command, tracer, said: () => readFileSync(output, 'utf8') };
}

const isGone = (pid: number) => (): boolean => {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

test('a tracer that is killed costs the trace its further calls and nothing else', needsRoot, async () => {
  const { command, tracer } = await startTraced({ name: 'killed-tracer' });
  const recording = `${newestTrace(engine)}/parts/calls.bin`;
  await waitUntil(() => statSync(recording).size > 10_000, { what: 'the first calls in the file' });
  process.kill(tracer, 'SIGKILL');
  await engine.must('kill', 'killed-tracer');
  await command.ended;
  const { trace, calls } = await readRun(engine);
  assert.equal(trace.header.status, 137, 'that of the container, which was killed');
  assert.ok(
    trace.events.some(({ type }) => type === 'shim.exit-recorded'),
    'levels 0 to 2 go on',
  );
  assert.match(trace.header.blind.join('\n'), /not all of them.*SIGKILL/s);
  assert.match(trace.header.blind.join('\n'), /not complete/);
  assert.ok(calls.length > 0, 'what it had written is there');
});

test('a command that is killed leaves no tracer behind, and its calls can be read', needsRoot, async () => {
  const { command, tracer } = await startTraced({ name: 'killed-command' });
  await command.stop('SIGKILL');
  await waitUntil(isGone(tracer), { what: 'the tracer to end' });
  await engine.must('rm', '-f', 'killed-command');
  const { trace, calls } = await readRun(engine);
  assert.equal(trace.header.status, undefined);
  assert.equal(trace.header.lost, 0);
  assert.ok(
    calls.some(({ data }) => data.process === 'container'),
    'down to the container',
  );
});

test('with -d the container goes on without being watched, and the trace says so', needsRoot, async () => {
  const ran = await engine.tlab(['trace', 'run', '-d', '--rm', '--name', 'outlives', 'busybox', 'sleep', '60']);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /\d+\s+system\s+calls\s+recorded,\s+0\s+lost/);
  assert.match(ran.stderr, /tlab trace show --level 3/);
  await engine.must('kill', 'outlives');
  const folder = newestTrace(engine);
  await waitUntil(
    async () => (await readRun(engine, folder)).trace.events.some(({ type }) => type === 'shim.exit-recorded'),
    {
      what: 'the end of the container in the trace',
    },
  );
  const { trace } = await readRun(engine, folder);
  assert.match(trace.header.blind.join('\n'), /system calls after \d+ ms: the tracer ends with the command/);
});

test('--no-syscalls leaves the tracer away', needsRoot, async () => {
  const { trace, calls } = await tracedRun(engine, 'run', '--no-syscalls', '--rm', 'busybox', 'true');
  assert.equal(calls.length, 0);
  assert.equal(trace.header.calls, undefined);
  assert.match(trace.header.blind.join('\n'), /system calls: left out by --no-syscalls/);
});

test('the status of the command is handed on with the tracer as without', needsRoot, async () => {
  const ran = await engine.tlab(['trace', 'run', '--rm', 'busybox', 'sh', '-c', 'exit 7']);
  assert.equal(ran.status, 7, ran.stderr);
});

test('a tracer that cannot keep up counts what it lost, and nothing claims to be complete', needsRoot, async () => {
  // 1 MB of buffer, and a tracer that is stopped while the container makes more calls than fit.
  const name = 'too-fast';
  const waitFor = (file: string): string => `while [ ! -e ${file} ]; do sleep 0.05; done`;
  const busy = 'dd if=/dev/zero of=/dev/null bs=1 count=50000 2>/dev/null';
  const argv = ['sh', '-c', `${waitFor('/go')}; ${busy}; touch /done; ${waitFor('/end')}`];
  const { command, tracer, said } = await startTraced({ name, argv, env: { TLAB_TRACER_BUFFER_MB: '1' } });
  process.kill(tracer, 'SIGSTOP');
  await engine.must('exec', name, 'touch', '/go');
  await waitUntil(async () => (await engine.tlab(['exec', name, 'test', '-e', '/done'])).status === 0, {
    what: 'the calls to be made',
  });
  process.kill(tracer, 'SIGCONT');
  await engine.must('exec', name, 'touch', '/end');
  await command.ended;
  const lost = Number(/LOST (\d+) records of\s+system\s+calls/.exec(said())?.[1]);
  assert.ok(lost > 0, said());
  const { trace } = await readRun(engine);
  assert.equal(trace.header.status, 0);
  assert.equal(trace.header.lost, lost);
  assert.match(trace.header.blind.join('\n'), /not complete/);
  const told = trace.events.filter(({ type }) => type === 'kernel.events-lost');
  assert.equal(
    told.reduce((sum, { data }) => sum + Number(data.count), 0),
    lost,
  );
  assert.match(await engine.must('trace', 'show'), new RegExp(`LOST\\s+${lost}|lost\\s+${lost}`));
});

test('trace run --level 3 lists every system call on stderr when the command has ended', needsRoot, async () => {
  const ran = await engine.tlab(['trace', 'run', '--level', '3', '--rm', 'busybox', 'echo', 'hello']);
  assert.equal(ran.status, 0);
  assert.equal(ran.stdout, 'hello\n');
  const calls = ran.stderr.split('\n');
  const line = (text: string): number => calls.findIndex((one) => one.includes(text));
  assert.ok(line('pivot_root(".", ".") = 0') > 0, 'pivot_root is listed');
  assert.ok(line('/bin/echo", ["echo", "hello"]') > line('pivot_root('), 'and the program after it');
  assert.ok(line('you typed') < 0, 'the story is not told as well');
  assert.match(ran.stderr, /system calls recorded, 0 lost/);
});
