// `tlab lint` as a person runs it: through the launcher and the bundle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlabProgram } from '../helpers/engine.ts';
import { run } from '../helpers/shell.ts';

const lint = (input: string, ...args: string[]) =>
  run(tlabProgram, ['lint', ...args], { input, env: { NO_COLOR: '1', COLUMNS: '80' } });

test('findings come with their reason and status 1, and fit 80 columns', async () => {
  const { status, stdout, stderr } = await lint('FROM debian\nCMD nginx\n', '-');
  assert.equal(status, 1, stderr);
  assert.match(stdout, /^ {3}1 UnpinnedBase\n {5}debian may be another image tomorrow\.\n {5}why: /);
  assert.match(stdout, /see: IMG-15 good practice in Dockerfiles, and the reason of each rule\n/);
  assert.match(stdout, /3 findings of 3 rules\.\n$/);
  assert.ok(stdout.split('\n').every((line) => line.length <= 80));
});

test('a file without findings has status 0', async () => {
  const { status, stdout } = await lint('FROM debian:12\nUSER app\nCMD ["nginx"]\n', '-');
  assert.deepEqual([status, stdout], [0, '-: nothing to say.\n']);
});

test('--json is one document with the same', async () => {
  const { stdout } = await lint('FROM debian\n', '-', '--json');
  const { schema, findings } = JSON.parse(stdout);
  assert.equal(schema, 'tlab.lint/1');
  assert.deepEqual(Object.keys(findings[0]).sort(), ['fix', 'line', 'message', 'rule', 'shows', 'source', 'why']);
});

test('what is no Dockerfile is an error with its line and what to do; nothing of it moves the cursor', async () => {
  const { status, stderr } = await lint('FORM x\n', '-');
  assert.equal(status, 1);
  assert.match(stderr, /error: Dockerfile line 1: "FORM": expected an instruction\ntry: did you mean FROM\?/);
  const hostile = await lint('FROM \u001b[2J\n', '-');
  assert.ok(!`${hostile.stdout}${hostile.stderr}`.includes('\u001b'));
});
