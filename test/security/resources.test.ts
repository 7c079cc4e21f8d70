// A container that takes all it can get: processes, memory, shared memory; and a client that takes all of a shim's connections. Each
// meets its limit, and the engine and its other containers go on.
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

let engine: TestEngine;
before(async () => {
  if (process.getuid?.() === 0) engine = await startEngine();
});
after(() => engine?.stop());

const runs = (...args: string[]): Promise<Ran> =>
  engine.inside('timeout', ['-s', 'KILL', '60', tlabProgram, 'run', '--rm', ...args]);
const goesOn = async (): Promise<void> => assert.equal((await runs('busybox', 'echo', 'fine')).stdout, 'fine\n');

test('a fork bomb stays within --pids-limit, and can be removed', root(), async () => {
  const bomb = '(while :; do sleep 1000 & done) 2>/dev/null; sleep 1000';
  const id = await engine.must('run', '-d', '--pids-limit', '20', 'busybox', 'sh', '-c', bomb);
  const file = await waitUntil(() => globSync(`/sys/fs/cgroup/{pids/,unified/,}*/${id}/pids.current`)[0], {
    what: 'the cgroup',
  });
  const events = file.replace('pids.current', 'pids.events');
  await waitUntil(() => !readFileSync(events, 'utf8').startsWith('max 0'), { what: 'the limit to be met' });
  assert.ok(Number(readFileSync(file, 'utf8')) <= 20);
  await goesOn();
  await engine.must('rm', '-f', id);
});

test('/dev/shm and /dev take what they are made for, no more', root(), async () => {
  const fill = 'for d in /dev/shm /dev; do head -c 80m /dev/zero >$d/x 2>/dev/null; stat -c %s $d/x; rm $d/x; done';
  assert.equal((await runs('busybox', 'sh', '-c', fill)).stdout, `${64 << 20}\n${64 << 20}\n`);
});

test('a container beyond its memory is killed, not the engine', root(), async () => {
  const eat = 'x=$(head -c 200m /dev/zero | tr "\\0" x); echo survived';
  const id = await engine.must('run', '-d', '-m', '16m', 'busybox', 'sh', '-c', eat);
  assert.equal(await engine.must('wait', id), '137');
  assert.match(await engine.must('inspect', id), /"OOMKilled": true/);
  await engine.must('rm', id);
  await goesOn();
});

test(
  'a client that opens connections without end leaves the shim its container, and the engine its shim',
  root(),
  async () => {
    const id = await engine.must('run', '-d', 'busybox', 'sleep', '1000');
    const folder = `${engine.root}/run/s`;
    const sockets: Socket[] = [];
    for (const name of readdirSync(folder)) {
      for (let n = 0; n < 300; n++) {
        const socket = connect(`${folder}/${name}`);
        socket.on('error', () => undefined);
        sockets.push(socket);
      }
    }
    await waitUntil(() => sockets.some((socket) => socket.readyState === 'open'), { what: 'connections' });
    assert.equal(await engine.must('exec', id, 'echo', 'still here'), 'still here');
    for (const socket of sockets) socket.destroy();
    assert.equal(await engine.must('exec', id, 'echo', 'and later'), 'and later');
    await engine.must('rm', '-f', id);
  },
);
