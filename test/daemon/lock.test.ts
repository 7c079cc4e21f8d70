import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { lockByPidFile } from '../../src/daemon/lock.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-lock-`);
after(() => rmSync(folder, { recursive: true }));
const path = `${folder}/tlabd.pid`;

test('a lock holds this process until it is released', async () => {
  const release = await lockByPidFile(path, '/data');
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
  release();
  assert.equal(existsSync(path), false);
});

test('a pid file of a process that is gone or is another program is replaced', async () => {
  for (const pid of ['999999999', '1', 'garbage', '']) {
    writeFileSync(path, pid);
    (await lockByPidFile(path, '/data'))();
  }
});

test('a folder that another daemon uses is refused, with its pid', async () => {
  const other = spawn('sh', ['-c', 'read line # tlabd.cjs'], { stdio: 'pipe' });
  after(() => other.kill());
  writeFileSync(path, String(other.pid));
  await assert.rejects(lockByPidFile(path, '/data'), {
    kind: 'alreadyExists',
    message: `tlabd: /data is in use by another daemon (pid ${other.pid})`,
  });
  rmSync(path);
});

test('a lock that is another one’s by now is not given back', async () => {
  const release = await lockByPidFile(path, '/data');
  writeFileSync(path, '1\n');
  release();
  assert.equal(readFileSync(path, 'utf8'), '1\n');
});

test('of daemons that start at once where another was killed, one has the lock', async () => {
  const paths = Array.from({ length: 8 }, (_, round) => `${folder}/${round}.pid`);
  for (const each of paths) writeFileSync(each, '999999999\n');
  // By this word in its command line one is known for a daemon.
  const takers = [1, 2, 3].map(() => fork(`${import.meta.dirname}/take-locks.ts`, ['tlabd']));
  after(() => takers.map((taker) => taker.kill()));
  await Promise.all(takers.map((taker) => once(taker, 'message')));
  const ends = takers.map((taker) => once(taker, 'message'));
  const told = { paths, beginMs: Date.now() + 100, stepMs: 100 };
  for (const taker of takers) taker.send(told);
  const met = (await Promise.all(ends)).map(([one]) => one as string[]);
  const pids = takers.map(({ pid }) => `${pid}\n`);
  for (const [round, each] of paths.entries()) {
    const had = met.map((one) => one[round]);
    assert.deepEqual(had.toSorted(), ['has it', 'refused', 'refused'], `round ${round}`);
    assert.equal(readFileSync(each, 'utf8'), pids[had.indexOf('has it')]);
  }
});
