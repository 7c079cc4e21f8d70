// The tracer's life with programs that stand in for it: whatever it does, the trace gets words and nothing waits for ever.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

const folder = mkdtempSync(`${tmpdir()}/tlab-tracing-`);
process.env.TLAB_TRACES = folder; // read once, when base/paths.ts is loaded
process.env.TLAB_RUN_ROOT = folder;
const { startTracing } = await import('../../src/engine/tracing.ts');
const { tracerCheck } = await import('../../src/engine/tracer-host.ts');
after(() => rmSync(folder, { recursive: true }));

let programs = 0;
function program(script: string): string {
  const path = `${folder}/tracer-${programs++}`;
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const counts = '{"enters":5,"exits":5,"forks":1,"execs":0,"ends":0,"dropped":0,"missed":0,"received":11}';
mkdirSync(`${folder}/id/parts`, { recursive: true });

async function outcomeOf(script: string) {
  const tracing = startTracing('id', { program: program(script) });
  await tracing.ready;
  return await tracing.end();
}

test('a tracer that works is ended by the end of its stdin, and its counts are kept', async () => {
  const outcome = await outcomeOf(`echo ready; cat >/dev/null; echo '${counts}'`);
  assert.equal(outcome.blind, undefined);
  assert.equal(outcome.counts?.enters, 5);
  assert.ok(outcome.attachMs !== undefined && outcome.endMs !== undefined);
});

test('it follows this process and writes into the folder of the trace', async () => {
  const { blind } = await outcomeOf('echo "$@" >&2; exit 3');
  assert.ok(blind?.includes(`--output ${folder}/id/parts/calls.bin --follow ${process.pid}`), String(blind));
});

test('one that cannot work gives its reason and what to do', async () => {
  const { blind, counts: none } = await outcomeOf('echo "eBPF cannot be used: no BTF" >&2; exit 3');
  assert.equal(blind, 'system calls: eBPF cannot be used: no BTF; run: tlab doctor');
  assert.equal(none, undefined);
});

test('control characters of its words do not reach the terminal', async () => {
  const { blind } = await outcomeOf("printf 'no\\033[31m' >&2; exit 3");
  assert.ok(!blind?.includes('\x1b'), String(blind));
});

test('one that dies on the way, or says nothing at the end, is told', async () => {
  assert.match((await outcomeOf('echo ready; kill -9 $$')).blind ?? '', /not all of them.*SIGKILL/);
  assert.match((await outcomeOf('echo ready; cat >/dev/null')).blind ?? '', /without its counts/);
  assert.match((await outcomeOf('echo ready; cat >/dev/null; echo "{}"')).blind ?? '', /without its counts/);
});

test('one that is not there or not a program is told', async () => {
  assert.match((await startTracing('id', { program: `${folder}/absent` }).end()).blind ?? '', /not built.*setup\.sh/);
  const path = program('');
  chmodSync(path, 0o644);
  assert.match((await startTracing('id', { program: path }).end()).blind ?? '', /EACCES/);
});

test('doctor tells why it does not work, and what to do', async () => {
  assert.equal((await tracerCheck(program('echo ready; cat >/dev/null'))).verdict, 'OK');
  const refused = await tracerCheck(program('echo "eBPF cannot be used: loading: not permitted" >&2; exit 3'));
  assert.equal(refused.verdict, 'WARN');
  assert.equal(refused.seen, 'eBPF cannot be used: loading: not permitted');
  assert.match(refused.advice ?? '', /levels 0 to 2/);
  assert.match((await tracerCheck(`${folder}/absent`)).advice ?? '', /setup\.sh/);
});
