// Fifty clients build at once (DMN-6): so many run, the others wait and are told their place, their contexts still with them; the daemon goes on
// answering and does not grow with what is sent. TLAB_CONTEXT_MB makes the contexts larger (500 is the incident that we teach). Needs root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { daemonClient } from '../../src/daemon/client.ts';
import type { DiskUsage } from '../../src/daemon/image-protocol.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
const builds = 50;
const contextMegabytes = Number(process.env.TLAB_CONTEXT_MB ?? 4);
/** Far below one context of the incident, and far above what a request costs. */
const mostGrowthBytes = 200 * 1024 * 1024;
let engine: TestEngine;
let folder: string;

before(async () => {
  if (needsRoot.skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-queue-');
  writeFileSync(`${folder}/Dockerfile`, 'FROM scratch\nARG N\nCOPY small /small\nLABEL n=$N\n');
  writeFileSync(`${folder}/small`, 'small\n');
  await must('truncate', ['-s', `${contextMegabytes}M`, `${folder}/large`]);
  const builder = { gc: { defaultKeepStorage: '100kB' } };
  engine = await startEngine({ configuration: { 'max-concurrent-builds': 2, builder } });
});
after(async () => {
  if (needsRoot.skip !== false) return;
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the daemon answers to one context, sent while it is made. */
function build(n: number): Promise<string> {
  const query = new URLSearchParams({ buildargs: JSON.stringify({ N: String(n) }), t: `queue:${n}` });
  const curl = `curl -sS -X POST -H 'Content-Type: application/x-tar' -H 'Expect:' -T - --unix-socket ${engine.root}/run/tlab.sock 'http://localhost/build?${query}'`;
  const child = spawn('sh', ['-c', `tar -C ${folder} -c . | ${curl}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', () => resolve(text)));
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

test('fifty builds are queued, and the daemon answers and stays as small as it is', needsRoot, async (t) => {
  const client = daemonClient(`${engine.root}/run/tlab.sock`);
  const pid = Number(readFileSync(`${engine.root}/run/tlabd.pid`, 'utf8'));
  const before = residentBytes(pid);
  const startedMs = performance.now();
  let isOver = false;
  const answers = Promise.all(Array.from({ length: builds }, (_, n) => build(n))).finally(() => {
    isOver = true;
  });
  const times: number[] = [];
  let [most, contexts] = [before, 0];
  while (!isOver) {
    const asked = performance.now();
    await client.json({ method: 'GET', path: '/containers/json?all=1' });
    times.push(performance.now() - asked);
    most = Math.max(most, residentBytes(pid));
    contexts = Math.max(contexts, contextsThere());
    await delay(20);
  }
  const said = await answers;
  for (const text of said) assert.match(text, /Successfully built/);
  // On a busy machine clients start so slowly that many find no queue.
  const waited = said.filter((text) => /Waiting for \d+ builds? to end|Waiting for a build to end/.test(text)).length;
  assert.ok(waited >= builds / 5, `${waited} of ${builds} waited`);
  assert.ok(contexts <= 2, `${contexts} contexts were on disk at once`);
  assert.ok(most - before < mostGrowthBytes, `the daemon grew by ${(most - before) / 1e6} MB`);
  const sorted = times.sort((a, b) => a - b);
  t.diagnostic(
    `${builds} builds of ${contextMegabytes} MB in ${((performance.now() - startedMs) / 1000).toFixed(1)} s; ps: ${times.length} answers, ` +
      `median ${sorted[Math.floor(times.length / 2)]?.toFixed(1)} ms, p99 ${sorted[Math.floor(times.length * 0.99)]?.toFixed(1)} ms, ` +
      `most ${sorted.at(-1)?.toFixed(1)} ms; resident ${(before / 1e6).toFixed(0)} → ${(most / 1e6).toFixed(0)} MB`,
  );
});

test('a build leaves no more in the cache than builder.gc allows', needsRoot, async () => {
  const client = daemonClient(`${engine.root}/run/tlab.sock`);
  writeFileSync(`${folder}/Dockerfile`, 'FROM scratch\nCOPY large /large\n');
  await engine.must('build', '-q', folder);
  await engine.must('image', 'prune', '--force');
  // What it left is collected at the end of the next one.
  writeFileSync(`${folder}/Dockerfile`, 'FROM scratch\nCOPY small /other\n');
  await engine.must('build', '-q', '-t', 'other', folder);
  const unused = async (): Promise<number> => {
    const { BuildCache } = await client.json<DiskUsage>({ method: 'GET', path: '/system/df' });
    return BuildCache.filter(({ Shared }) => !Shared).reduce((sum, { Size }) => sum + Size, 0);
  };
  await waitUntil(async () => (await unused()) <= 100 * 1024, { what: 'the cache to be collected' });
});

const contextsThere = (): number => {
  try {
    return readdirSync(`${engine.root}/data/build/contexts`).length;
  } catch {
    return 0;
  }
};
