// What is no regular file, or one of a size that no trace has, is refused without reading it, waiting for it or keeping it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { noFaults, readCalls } from '../../src/trace/calls.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { call, traceFile } from '../helpers/trace-file.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-foreign-`);
after(() => rmSync(folder, { recursive: true }));

const refused = (kind: string, words: RegExp) => (error: unknown) =>
  error instanceof LabError && error.kind === kind && words.test(error.message);

test('a FIFO is refused without waiting for its writer', async () => {
  assert.equal(spawnSync('mkfifo', [`${folder}/fifo`]).status, 0);
  await assert.rejects(readTraceFile(`${folder}/fifo`), refused('invalidArgument', /it is a FIFO/));
});

test('a directory and a device are refused by what they are', async () => {
  mkdirSync(`${folder}/directory`);
  await assert.rejects(readTraceFile(`${folder}/directory`), refused('invalidArgument', /a directory/));
  await assert.rejects(readTraceFile('/dev/zero'), refused('invalidArgument', /a device/));
});

test('links in a circle are refused', async () => {
  symlinkSync('b', `${folder}/a`);
  symlinkSync('a', `${folder}/b`);
  await assert.rejects(readTraceFile(`${folder}/a`), refused('invalidArgument', /ELOOP/));
});

const gibibyte = 2 ** 30;

test('a hole of 8 GiB after the header, and one after the calls, are not read to their end', async () => {
  const lines = traceFile([call(2), call(3)]);
  const residentBefore = process.memoryUsage().rss;
  for (const count of [1, 3]) {
    const path = `${folder}/hole-${count}`;
    writeFileSync(path, `${lines.slice(0, count).join('\n')}\n`);
    truncateSync(path, 8 * gibibyte);
    const trace = await readTraceFile(path);
    const faults = noFaults();
    for (const _ of readCalls(trace, { faults }));
    assert.match(`${trace.flaws} ${faults.gaveUp}`, /a line of more than 256 MiB|its last line is cut/);
  }
  assert.ok(process.memoryUsage().rss - residentBefore < 200e6);
});

test('a line of 40 MB among the calls is passed over', async () => {
  const [head = '', event = '', first = '', second = ''] = traceFile([call(2), call(3)]);
  const path = `${folder}/long`;
  const long = first.replace('/file-2', 'x'.repeat(40e6));
  writeFileSync(path, `${[head, event, first, long, second].join('\n')}\n`);
  const faults = noFaults();
  const calls = [...readCalls(await readTraceFile(path), { faults })];
  assert.deepEqual(
    calls.map(({ seq }) => seq),
    [2, 3],
  );
  assert.equal(faults.unreadable, 1);
});
