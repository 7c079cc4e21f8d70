// The native programs with address and undefined-behaviour sanitizers: tests of lifecycle, shim and faults once more over that build, and
// the short verbs with a search for leaks. (A child of the clone allocates nothing, so the sanitizers do not disturb it.) Needs root.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const checkout = new URL('../..', import.meta.url).pathname;
const program = `${checkout}/dist/sanitize/tlab-runc`;

before(async () => {
  if (process.getuid?.() !== 0) return;
  await must('make', ['-C', `${checkout}/native`, '--silent', 'SANITIZE=1'], { timeoutMs: 300_000 });
});

/** A runner of its own: this one's context must not reach it. */
const alone = ['-u', 'NODE_TEST_CONTEXT', 'TLAB_SANITIZE=1', process.execPath, '--test', '--test-reporter=tap'];

for (const file of ['native/runc-lifecycle', 'native/shim-task', 'faults/verbs']) {
  test(`${file}.test.ts passes under sanitizers`, root(), async () => {
    const { status, stdout } = await run('env', [...alone, `test/${file}.test.ts`], {
      cwd: checkout,
      timeoutMs: 200_000,
    });
    assert.doesNotMatch(stdout, /AddressSanitizer|LeakSanitizer|runtime error:/);
    assert.equal(status, 0, stdout.slice(-4000));
    assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) > 5, 'its tests have run');
  });
}

test('verbs that end without a container leak nothing', root(), async () => {
  const folder = await must('mktemp', ['-d', '/var/tmp/tlab-sanitized-XXXXXX']);
  after(() => run('rm', ['-rf', folder]));
  const env = { ASAN_OPTIONS: 'detect_leaks=1' };
  for (const args of [
    ['--version'],
    ['state', 'web'],
    ['start', 'web'],
    ['kill', 'web', 'KILL'],
    ['pause', 'web'],
    ['delete', '--force', 'web'],
  ]) {
    const { status, stderr } = await run(program, ['--root', folder, ...args], { env });
    assert.doesNotMatch(stderr, /Sanitizer|runtime error/, args.join(' '));
    assert.ok(status === 0 || /does not exist/.test(stderr), `${args.join(' ')}: ${status} ${stderr}`);
  }
});
