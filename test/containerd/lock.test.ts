import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';

test('of servers that start at once where another was killed, one at a time has the lock', async () => {
  const folder = mkdtempSync(`${tmpdir()}/tlab-locks-`);
  try {
    const paths = Array.from({ length: 8 }, (_, round) => `${folder}/${round}.pid`);
    // Of a process that is gone.
    for (const path of paths) writeFileSync(path, '999999999 1\n');
    const takers = [1, 2, 3].map(() => fork(`${import.meta.dirname}/take-locks.ts`));
    await Promise.all(takers.map((taker) => once(taker, 'message')));
    const ends = takers.map((taker) => once(taker, 'message'));
    const told = { paths, beginMs: Date.now() + 100, stepMs: 100 };
    for (const taker of takers) taker.send(told);
    for (const [met] of await Promise.all(ends))
      assert.deepEqual(
        met,
        paths.map(() => 'alone'),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
