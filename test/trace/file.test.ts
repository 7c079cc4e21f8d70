import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { readTraceFile } from '../../src/trace/read.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-file-`);
after(() => rmSync(folder, { recursive: true }));

const header = {
  schema: 'tlab.trace',
  version: 1,
  id: 'f'.repeat(32),
  command: ['tlab'],
  startedAt: '2026-01-01T00:00:00Z',
  clock: { base: 'CLOCK_MONOTONIC', startNs: '0' },
  host: { kernel: '6.1', architecture: 'x64', distribution: 'Debian', processors: 2, cgroup: 'v2' },
  tool: { tlab: '0', node: '26' },
  processes: [],
  seen: 1,
  lost: 0,
  blind: [],
};
const event = {
  seq: 1,
  ts: 5,
  stage: 'cli',
  pid: 1,
  tid: 1,
  type: 'cli.request-sent',
  span: 'a',
  truth: 'observed',
  data: { door: 'http', peer: 'daemon', method: 'GET /_ping' },
};

function fileWith(text: string): string {
  const path = `${folder}/${Math.random()}.jsonl`;
  writeFileSync(path, text);
  return path;
}
const refusal = (kind: string, words: RegExp) => (error: unknown) =>
  error instanceof LabError && error.kind === kind && words.test(error.message);

test('a trace reads back with its events', async () => {
  const trace = await readTraceFile(fileWith(`${JSON.stringify(header)}\n${JSON.stringify(event)}\n`));
  assert.equal(trace.events[0]?.type, 'cli.request-sent');
  assert.equal(trace.unreadable, 0);
});

test('a truncated, foreign or hostile line is counted and the rest is kept', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const lines = [header, event].map((line) => JSON.stringify(line));
  const trace = await readTraceFile(fileWith(`${lines.join('\n')}\n{"seq":2,\n"text"\n${deep}\n${lines[1]}\n`));
  assert.equal(trace.events.length, 2);
  assert.equal(trace.unreadable, 3);
});

test('a file that is not a trace is refused with what was expected', async () => {
  await assert.rejects(
    readTraceFile(fileWith('hello\n')),
    refusal('invalidArgument', /first line is not a trace header/),
  );
  await assert.rejects(readTraceFile(fileWith('')), refusal('invalidArgument', /empty/));
  await assert.rejects(readTraceFile(`${folder}/none`), refusal('notFound', /ENOENT/));
});

test('a trace of a newer schema is refused by its version', async () => {
  const newer = JSON.stringify({ ...header, version: 9, clock: 'changed' });
  await assert.rejects(readTraceFile(fileWith(newer)), refusal('invalidArgument', /version 9.*up to 2/));
});
