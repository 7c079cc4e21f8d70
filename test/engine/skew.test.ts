// Whether the daemon is older than the programs that it starts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDaemonOlder } from '../../src/engine/skew.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

const folder = mkdtempSync(join(tmpdir(), 'skew-'));
let engine: TestEngine;
before(async () => {
  if (process.getuid?.() === 0) engine = await startEngine();
});
after(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true });
});

test('a program that was put there later makes the daemon the older one, whatever date the file brought along', () => {
  const pidFile = `${folder}/tlabd.pid` as const;
  const program = join(folder, 'program');
  writeFileSync(program, '');
  assert.equal(isDaemonOlder(pidFile, [program]), false, 'no daemon');
  writeFileSync(pidFile, '1');
  utimesSync(pidFile, new Date(), new Date(Date.now() + 1_000));
  assert.equal(isDaemonOlder(pidFile, [program, join(folder, 'none')]), false);
  utimesSync(pidFile, new Date(), new Date(Date.now() - 60_000));
  utimesSync(program, new Date(0), new Date(0));
  assert.equal(isDaemonOlder(pidFile, [program]), true);
});

test(
  'an error of the engine says when the daemon is older, and so does its status; of one that is not, nothing is said',
  root(),
  async () => {
    const words = /restart it with "tlab system stop"/;
    assert.doesNotMatch((await engine.tlab(['system', 'status'])).stderr, words);
    const pidFile = join(engine.env.TLAB_RUN_ROOT ?? '', 'tlabd.pid');
    utimesSync(pidFile, new Date(0), new Date(0));
    const status = await engine.tlab(['system', 'status']);
    assert.match(status.stderr, words);
    assert.equal(status.status, 0);
    const refused = await engine.tlab(['run', '--rm', '--runtime', 'no-such-runtime', 'busybox', 'true']);
    assert.match(refused.stderr, /^error: /);
    assert.match(refused.stderr, words);
    const inJson = await engine.tlab(['ps', '--json', '--filter', 'nonsense=1']);
    assert.equal(JSON.parse(inJson.stderr).error.kind, 'invalidArgument');
    assert.doesNotMatch((await engine.tlab(['run'])).stderr, words, 'a wrong line is no matter of the daemon');
  },
);
