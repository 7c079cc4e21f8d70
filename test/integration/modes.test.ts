// Who may look into what tlab keeps: a walk over both roots after a run, as a user who is neither root nor of a group sees them.
// Needs root and the offline library.
import assert from 'node:assert/strict';
import { lstatSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';

let engine: TestEngine;

before(async () => {
  engine = await startEngine();
  await engine.must(
    'trace',
    'run',
    '-d',
    '--name',
    'web',
    '-v',
    'store:/store',
    '-p',
    '8080:80',
    'busybox',
    'sleep',
    '1000',
  );
});

after(async () => {
  await engine.must('rm', '-f', 'web');
  await engine.stop();
});

/** What says nothing that others may not know: pids, a random id, the public images of the library. */
const harmless = /\/(tlabd\.pid|tlab-containerd\.pid|engine-id)$|\/data\/library(\/|$)/;

/** Everything that others may open, below folders that they may pass. */
function open(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    const { mode } = lstatSync(path);
    if (entry.isSymbolicLink() || harmless.test(path)) return [];
    const shown = mode & (entry.isSocket() ? 0o002 : 0o006) ? [`${path} ${(mode & 0o777).toString(8)}`] : [];
    return entry.isDirectory() && mode & 0o001 ? [...shown, ...open(path)] : shown;
  });
}

test('others can open nothing below the run and data roots', () => {
  assert.deepEqual([...open(`${engine.root}/run`), ...open(`${engine.root}/data`)], []);
});
