// The probe of the engine's own processes: there or not, older or younger than a container's process, its parent or not.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { waitUntil } from '../helpers/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'engine-check-'));
process.env.TLAB_RUN_ROOT = folder;
const { engineFacts } = await import('../../src/lesson/check/engine.ts');
const { engineProcesses } = await import('../../src/engine/processes.ts');
const started: ChildProcess[] = [];
after(() => {
  for (const { pid } of started) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A program under another name, which is how the engine's are known. */
const begin = (name: string, script: string): ChildProcess => {
  const child = spawn('sh', ['-c', script], { argv0: name, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  return child;
};

test('a part that is not there is a fact, and so is its door', async () => {
  assert.deepEqual(await engineFacts('tlabd', undefined), { state: 'not running', answers: false });
  const server = createServer().listen(join(folder, 'tlab.sock'));
  await waitUntil(() => server.listening, { what: 'a socket' });
  assert.equal((await engineFacts('tlabd', undefined)).answers, true);
  server.close();
});

test('a shim is the parent of its container and older than it; a daemon that was started later is younger', async () => {
  const shim = begin('containerd-shim-tlab-v2', 'sleep 60 & echo $!; wait');
  let container = 0;
  shim.stdout?.on('data', (text: Buffer) => {
    container = Number(text);
  });
  await waitUntil(() => container > 0, { what: 'a child' });
  begin('containerd-shim-tlab-v2', 'sleep 60 & wait');
  await waitUntil(() => engineProcesses().length === 2, { what: 'two shims' });
  const facts = await engineFacts('shim', container);
  assert.equal(facts.Pid, `${shim.pid}`);
  assert.deepEqual([facts.state, facts.isParent, facts.isYounger], ['running', true, false]);
  assert.equal((await engineFacts('shim', process.pid)).state, 'not running', 'no shim is our parent');
  // Start times count hundredths of a second.
  await setTimeout(20);
  begin('tlabd', 'sleep 60 & wait');
  await waitUntil(() => engineProcesses().some(({ kind }) => kind === 'tlabd'), { what: 'a daemon' });
  const daemon = await engineFacts('tlabd', container);
  assert.deepEqual([daemon.isYounger, daemon.isParent], [true, false]);
});
