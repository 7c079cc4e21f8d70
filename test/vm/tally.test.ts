// What a machine tells of its tests reaches the closing line of `npm test`: passes, failures and skips with their reasons.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../helpers/shell.ts';
import { parseTally } from './tally.ts';

const reporter = new URL('tally.ts', import.meta.url).pathname;

test('passes, failures and skips of a run are told in one line', async () => {
  const folder = mkdtempSync('/tmp/tlab-tally-');
  const file = `${folder}/example.test.mjs`;
  writeFileSync(
    file,
    `import { after, describe, test } from 'node:test';
     describe('a suite', () => { test('passes', () => {}); });
     describe('one whose hook fails', () => { after(() => { throw new Error('late'); }); test('passes', () => {}); });
     test('fails', () => { throw new Error('so'); });
     test('skips', { skip: 'needs a moon' }, () => {});`,
  );
  // With that variable, node:test runs nothing inside of another run.
  const alone = ['-u', 'NODE_TEST_CONTEXT', process.execPath];
  const { stdout } = await run('env', [...alone, '--test', `--test-reporter=${reporter}`, file]);
  rmSync(folder, { recursive: true });
  const tallies = stdout.split('\n').map(parseTally).filter(Boolean);
  assert.deepEqual(tallies, [{ passed: 2, failed: 2, skipped: ['skips: needs a moon'] }]);
});

test('another line of the console is none', () => assert.equal(parseTally('vm: status 0'), undefined));
