import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { Output } from '../../src/daemon/stdio/output.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-output-`);
after(() => rmSync(folder, { recursive: true }));

test('a program that never stops writing gets one chunk a turn of the event loop, so that others get theirs', async () => {
  const fifo = `${folder}/stdout`;
  execFileSync('mkfifo', [fifo]);
  const output = new Output('stdout', fifo);
  const chatty = spawn('sh', ['-c', `exec yes > ${fifo}`]);
  let turn = 0;
  const turns: number[] = [];
  const next = (): void => {
    turn++;
    if (turns.length < 50) setImmediate(next);
  };
  next();
  const { promise, resolve } = Promise.withResolvers<void>();
  output.watch({
    write: () => {
      turns.push(turn);
      if (turns.length === 50) resolve();
      return true;
    },
    end: () => {},
  });
  await promise;
  chatty.kill();
  output.close();
  await output.ended;
  assert.equal(new Set(turns.slice(0, 50)).size, 50);
});
