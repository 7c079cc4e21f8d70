// A process of lock.test.ts: takes one lock after the other, each at the moment that all have been told, and says what it met.
import { closeSync, openSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../../src/containerd/lock.ts';

process.once('message', async ({ paths, beginMs, stepMs }: { paths: string[]; beginMs: number; stepMs: number }) => {
  const met: string[] = [];
  for (const [round, path] of paths.entries()) {
    const atMs = beginMs + round * stepMs;
    await delay(Math.max(0, atMs - Date.now() - 5));
    while (Date.now() < atMs);
    const lock = await takeLock(path);
    try {
      closeSync(openSync(`${path}.held`, 'wx'));
      await delay(10);
      rmSync(`${path}.held`);
      met.push('alone');
    } catch {
      met.push('another');
    }
    lock.release();
  }
  process.send?.(met);
  process.disconnect?.();
});
process.send?.('ready');
