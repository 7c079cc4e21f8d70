// The main job on the real kernel: `tlab trace run nginx` through six stages. Needs root and the offline images busybox and nginx.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Causes } from '../../src/explain/causes.ts';
import { levelOf } from '../../src/explain/words.ts';
import { stages } from '../../src/trace/events.ts';
import type { Trace } from '../../src/trace/file.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;
let trace: Trace;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const fetchPage = async (address: string): Promise<string> =>
  (await engine.inside('curl', ['-sS', '--max-time', '5', address])).stdout;

test('tlab trace run starts nginx, prints its id on stdout and the story on stderr', needsRoot, async () => {
  const ran = await engine.tlab(
    ['trace', 'run', '-d', '-p', '8080:80', '--name', 'nginx', '--memory', '256m', 'nginx'],
    { timeoutMs: 120_000 },
  );
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /^[0-9a-f]{64}\n$/);
  assert.match(ran.stderr, /execve/);
  assert.match(await waitUntil(() => fetchPage('http://localhost:8080/'), { what: 'nginx to answer' }), /nginx/i);
});

test('the trace has events of all six stages, in order, none unreadable', needsRoot, async () => {
  await engine.must('trace', 'export', '--format', 'jsonl', '-o', `${engine.root}/trace.jsonl`);
  trace = await readTraceFile(`${engine.root}/trace.jsonl`);
  assert.equal(trace.unreadable, 0);
  assert.deepEqual([...new Set(trace.events.map((event) => event.stage))].sort(), [...stages].sort());
  assert.deepEqual(orderViolations(trace.events), []);
});

test('tlab trace show --level 3 shows its system calls, from the command line to nginx', needsRoot, async () => {
  const shown = await engine.must('trace', 'show', '--level', '3');
  assert.match(shown, /\brunc +pivot_root\("\.", "\."\) = 0/);
  assert.match(shown, /\brunc +execve\("[^"]*nginx", \["nginx"/);
  assert.match(shown, /\bdaemon +sendto\(.*RTM_NEWLINK/);
  assert.ok((trace.header.calls ?? 0) > 5_000, `${trace.header.calls} calls`);
  assert.equal(trace.header.lost, 0);
});

test(
  'every event of levels 1 and 2 has a cause chain that ends in a flag, an image field or a named default',
  needsRoot,
  () => {
    const causes = new Causes(trace);
    const orphans = trace.events
      .filter((event) => [1, 2].includes(levelOf(event)))
      .map((event) => ({ event, chain: causes.chainOf(event) }))
      .filter(({ chain }) => !chain.complete || chain.links.at(-1)?.startsWith('request:'))
      .map(({ event, chain }) => `${event.seq} ${event.type} ${chain.links.join(' → ')}`);
    assert.deepEqual(orphans, []);
  },
);

test('the memory limit leads from the cgroup file to the flag', needsRoot, () => {
  const causes = new Causes(trace);
  const written = trace.events.filter(
    (event) => JSON.stringify(event.data).includes('268435456') && event.stage === 'kernel',
  );
  assert.ok(written.length > 0);
  for (const event of written) assert.equal(causes.chainOf(event).links.at(-1), 'flag:--memory', `event ${event.seq}`);
});

test('the container is what it was asked to be', needsRoot, async () => {
  const inspected = JSON.parse(await engine.must('inspect', 'nginx'))[0];
  const { Pid } = inspected.State;
  const status = readFileSync(`/proc/${Pid}/status`, 'utf8');
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^CapEff:\t00000000a80425fb$/m);
  assert.match(readFileSync(`/proc/${Pid}/cgroup`, 'utf8'), new RegExp(`/tlab-[0-9a-f]{8}/${inspected.Id}$`, 'm'));
  assert.match(await engine.must('exec', 'nginx', 'cat', '/proc/1/comm'), /nginx/);
});

test('trace show tells at most 40 beats', needsRoot, async () => {
  const shown = await engine.must('trace', 'show');
  const beats = shown.split('\n').filter((line) => /^ +\d+\.\d ms/.test(line));
  assert.ok(beats.length >= 20 && beats.length <= 40, `${beats.length} beats`);
});

test('stop ends nginx by its own stop signal, and rm leaves nothing of it', needsRoot, async () => {
  await engine.must('stop', 'nginx');
  const state = JSON.parse(await engine.must('inspect', 'nginx'))[0];
  assert.equal(state.State.Status, 'exited');
  assert.equal(state.State.ExitCode, 0);
  await engine.must('rm', 'nginx');
  assert.equal((await engine.inside('iptables-save', [])).stdout.includes('8080'), false);
  assert.equal(readFileSync('/proc/self/mounts', 'utf8').includes(state.Id), false);
  assert.deepEqual(globSync(`/sys/fs/cgroup/memory/tlab*/${state.Id}`), []);
});
