// What is said while a build context is sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendingReport } from '../../src/cli/build/sending.ts';

test('a context that is there at once is not told; a large one once a second, with the file that is sent', () => {
  const said: string[] = [];
  let nowMs = 0;
  const report = sendingReport(
    (line) => said.push(line),
    () => nowMs,
  );
  for (nowMs = 0; nowMs < 1_000; nowMs += 100) report({ bytes: nowMs, at: 'a' });
  assert.equal(said.length, 0);
  for (; nowMs <= 3_000; nowMs += 250) report({ bytes: nowMs * 1e5, at: 'backup/dump\x1b.sql' });
  assert.deepEqual(
    said.map((line) => line.replace(/[\d.]+MB/, 'N')),
    Array(3).fill(said[0]?.replace(/[\d.]+MB/, 'N')),
  );
  assert.match(said[0] ?? '', /^sending the context: 100MB so far, now backup\/dump/);
  assert.ok(!said.join('').includes('\x1b'));
});
