// A process of lock.test.ts: takes one lock after the other, each at the moment that all have been told, keeps them, and says what it met.
import { setTimeout as delay } from 'node:timers/promises';
import { lockByPidFile } from '../../src/daemon/lock.ts';

process.on('message', async ({ paths, beginMs, stepMs }: { paths: string[]; beginMs: number; stepMs: number }) => {
  const met = paths.map(async (path, round) => {
    const atMs = beginMs + round * stepMs;
    await delay(Math.max(0, atMs - Date.now() - 5));
    while (Date.now() < atMs);
    try {
      await lockByPidFile(path, path);
      return 'has it';
    } catch {
      return 'refused';
    }
  });
  process.send?.(await Promise.all(met));
});
process.send?.('ready');
