import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { lockByPidFile } from '../../src/daemon/lock.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-lock-`);
after(() => rmSync(folder, { recursive: true }));
const path = `${folder}/tlabd.pid`;

test('a lock holds this process until it is released', () => {
  const release = lockByPidFile(path, '/data');
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
  release();
  assert.equal(existsSync(path), false);
});

test('a pid file of a process that is gone or is another program is replaced', () => {
  for (const pid of ['999999999', '1', 'garbage']) {
    writeFileSync(path, pid);
    lockByPidFile(path, '/data')();
  }
});

test('a folder that another daemon uses is refused, with its pid', async () => {
  const other = spawn('sh', ['-c', 'read line # tlabd.cjs'], { stdio: 'pipe' });
  writeFileSync(path, String(other.pid));
  assert.throws(() => lockByPidFile(path, '/data'), {
    kind: 'alreadyExists',
    message: `tlabd: /data is in use by another daemon (pid ${other.pid})`,
  });
  other.kill();
});
