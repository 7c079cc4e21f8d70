// The file that the first look at a trace makes: made again when more was written, whole or not at all, and honest about its end.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

const folder = mkdtempSync(`${tmpdir()}/tlab-first-look-`);
process.env.TLAB_TRACES = folder; // read once, when base/paths.ts is loaded
const { closeTrace, openTrace, removeTrace } = await import('../../src/engine/traces.ts');
const { loadTrace } = await import('../../src/engine/first-look.ts');
const { writeLines } = await import('../../src/trace/write.ts');
after(() => rmSync(folder, { recursive: true }));

const line = (text: string): string =>
  `${JSON.stringify({
    t: process.hrtime.bigint().toString(),
    stage: 'cli',
    pid: 7,
    tid: 7,
    type: 'cli.command-started',
    span: 's',
    truth: 'observed',
    data: { command: [text] },
  })}\n`;

function recorded(): { id: string; part: string } {
  const id = openTrace(['tlab', 'trace', 'run', 'busybox']);
  const part = `${folder}/${id}/parts/cli-7.jsonl`;
  writeFileSync(part, line('first'));
  return { id, part };
}

test('a trace that was not closed says so, until it is', async () => {
  const { id } = recorded();
  assert.match((await loadTrace(id)).header.blind.join(), /still runs, or was killed; the trace is not complete/);
  closeTrace(id, { status: 0, tracer: { blind: 'system calls: left out' } });
  const { header } = await loadTrace(id);
  assert.deepEqual([header.blind, header.status], [['system calls: left out'], 0]);
});

test('what was written while somebody looked is seen at the next look, however soon after it came', async () => {
  const { id, part } = recorded();
  closeTrace(id, { status: 0, tracer: { blind: 'none' } });
  assert.equal((await loadTrace(id)).events.length, 1);
  const lookedAtMs = Date.now();
  appendFileSync(part, line('second'));
  // As the kernel may have it: the time of the last tick before.
  utimesSync(part, new Date(lookedAtMs - 10), new Date(lookedAtMs - 10));
  assert.equal((await loadTrace(id)).events.length, 2);
});

test('a trace to which nothing was added is not made again', async () => {
  const { id, part } = recorded();
  closeTrace(id, { status: 0, tracer: { blind: 'none' } });
  const long = new Date(Date.now() - 60_000);
  for (const file of [part, `${folder}/${id}/trace.json`]) utimesSync(file, long, long);
  await loadTrace(id);
  const { ino } = statSync(`${folder}/${id}/trace.jsonl`);
  await loadTrace(id);
  assert.equal(statSync(`${folder}/${id}/trace.jsonl`).ino, ino);
});

test('what a killed look left is taken away, what another one is writing is not', async () => {
  const { id } = recorded();
  const [dead, alive] = [`trace.jsonl.${2 ** 22 + 1}`, `trace.jsonl.${process.ppid}`];
  for (const name of [dead, alive]) writeFileSync(`${folder}/${id}/${name}`, '{');
  await loadTrace(id);
  assert.deepEqual(readdirSync(`${folder}/${id}`).sort(), ['parts', 'trace.json', 'trace.jsonl', alive].sort());
});

test('a full disk is an error', { skip: process.platform !== 'linux' && 'needs /dev/full' }, () => {
  const fd = openSync('/dev/full', 'w');
  try {
    assert.throws(() => writeLines(fd, ['one']), { code: 'ENOSPC' });
  } finally {
    closeSync(fd);
  }
});

test('no name stands for every trace', () => {
  rmSync(folder, { recursive: true });
  recorded();
  assert.throws(() => removeTrace(''), /no trace ""/);
});
