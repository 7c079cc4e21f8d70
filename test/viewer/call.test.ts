import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { parseFilter } from '../../src/viewer/filter.ts';
import { findEvent, type ListOptions, listEvents } from '../../src/viewer/text.ts';
import { call, traceFile } from '../helpers/trace-file.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-call-`);
after(() => rmSync(folder, { recursive: true }));

async function listed(calls: TraceEvent[], options: Partial<ListOptions> = {}): Promise<string[]> {
  writeFileSync(`${folder}/trace.jsonl`, `${traceFile(calls).join('\n')}\n`);
  const trace = await readTraceFile(`${folder}/trace.jsonl`);
  return [...listEvents(trace, { level: 3, width: 80, ...options })].map((line) => stripVTControlCharacters(line));
}
const noise = (seq: number, name: string): TraceEvent => call(seq, { name, noise: true, process: 'daemon' });

test('a call reads as strace prints it, after its process', async () => {
  const [, line = ''] = await listed([call(2, { result: -1, errno: 'ENOENT' })], { width: 100 });
  assert.equal(line, '    2      0.00 ms  runc         openat(AT_FDCWD, "/file-2", O_RDONLY) = -1 ENOENT');
});

test('a long call is cut in its middle, its errno stays', async () => {
  const [, line = ''] = await listed([call(2, { args: ['x'.repeat(300)], result: -1, errno: 'ENAMETOOLONG' })]);
  assert.equal(line.length, 80);
  assert.match(line, /openat\(x+….*\) = -1 ENAMETOOLONG$/);
});

test('a list leaves out where AT_FDCWD is and cuts around the first path', async () => {
  const path = '/sys/fs/cgroup/system.slice/memory.max';
  const args = ['AT_FDCWD</root>', `"${path}"`, 'O_RDONLY|O_CLOEXEC'];
  const [, line = ''] = await listed([call(2, { args, result: `3<${path}>` })], { width: 100 });
  assert.equal(line.length, 100);
  assert.ok(line.includes(`openat(AT_FDCWD, "${path}"`), line);
  const long = `"/${'d'.repeat(60)}/memory.max"`;
  const [, cut = ''] = await listed([call(2, { args: ['AT_FDCWD</root>', long, 'O_RDONLY'], result: 3 })]);
  assert.equal(cut.length, 80);
  assert.match(cut, /openat\(AT_FDCWD, "\/d+….*max".*= 3$/);
  const refused = call(3, { args: ['AT_FDCWD</root>', long, 'O_RDONLY|O_CLOEXEC'], result: -1, errno: 'ENOENT' });
  assert.match((await listed([call(2), refused]))[2] ?? '', /"\/d+….*".*= -1 ENOENT$/);
});

test('noise that stands together becomes one line, one alone stays', async () => {
  const calls = [noise(2, 'futex'), noise(3, 'mmap'), noise(4, 'futex'), call(5), noise(6, 'futex')];
  const lines = (await listed(calls)).slice(1).map((line) => line.slice(20));
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^daemon +… 3 calls of the runtime: futex 2, mmap 1$/);
  assert.match(lines[2] ?? '', /^daemon +futex\(/);
  assert.equal((await listed(calls, { unfolded: true })).length, 6);
  assert.equal((await listed(calls, { around: 4 })).length, 6);
  assert.equal((await listed(calls, { filter: parseFilter('name=futex') })).length, 3);
});

test('a refused call is no error of level 1', async () => {
  assert.equal((await listed([call(2, { result: -1, errno: 'ENOENT' })], { level: 2 })).length, 1);
});

test('--around and --limit count events of all levels', async () => {
  const calls = Array.from({ length: 60 }, (_, i) => call(i + 2));
  const near = await listed(calls, { around: 30 });
  assert.deepEqual([near.length, Number(near[0]?.slice(0, 5)), Number(near.at(-1)?.slice(0, 5))], [21, 20, 40]);
  assert.equal((await listed(calls, { limit: 5 })).length, 5);
});

test('a call is found by its number, also where lines changed places', async () => {
  const calls = Array.from({ length: 3000 }, (_, i) => call(i + 2));
  for (const order of [calls, calls.toReversed()]) {
    writeFileSync(`${folder}/many.jsonl`, `${traceFile(order).join('\n')}\n`);
    const trace = await readTraceFile(`${folder}/many.jsonl`);
    for (const seq of [1, 2, 1500, 3001]) assert.equal(findEvent(trace, seq)?.seq, seq);
    assert.equal(findEvent(trace, 3002), undefined);
  }
});
