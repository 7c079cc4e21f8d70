// tlab-init, as process 1 of a pid namespace of its own and, where that needs no root, as a plain subreaper.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';

const init = `${binaries}/tlab-init`;
const isRoot = process.getuid?.() === 0;

const run = (...argv: string[]) => spawnSync(init, ['--', ...argv], { encoding: 'utf8', timeout: 5000 });

describe('tlab-init', { skip: !existsSync(init) && `needs ${init}` }, () => {
  test('exits as its program does', () => {
    assert.equal(run('sh', '-c', 'exit 9').status, 9);
    assert.equal(run('sh', '-c', 'kill -TERM $$').status, 143);
  });

  test('exits with 127 for a program that is not there and 126 for one that cannot be executed', () => {
    const absent = run('no-such-program');
    assert.equal(absent.status, 127);
    assert.match(absent.stderr, /no-such-program: No such file/);
    assert.equal(run('/dev/null').status, 126);
  });

  test('says how it is used when there is no program', () => {
    const { status, stderr } = spawnSync(init, [], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /usage/);
  });

  test('hands signals on to its program', async () => {
    const child = spawn(init, [
      'sh',
      '-c',
      'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.01; done',
    ]);
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output === 'ready\n') child.kill('SIGTERM');
    }
    const status = child.exitCode ?? (await once(child, 'exit'))[0];
    assert.deepEqual({ status, output }, { status: 3, output: 'ready\ncaught\n' });
  });

  test('passes on its signal mask unblocked', () => {
    const { stdout } = run('sh', '-c', 'grep SigBlk /proc/self/status');
    assert.match(stdout, /SigBlk:\s+0+\n/);
  });

  test('reaps the orphans of a pid namespace', { skip: !isRoot && 'needs root' }, () => {
    const script =
      'for i in 1 2 3 4 5; do (true & true); done; sleep 0.2; cat /proc/[0-9]*/stat | grep -c " Z " ; exit 4';
    const argv = ['--pid', '--fork', '--mount-proc', init, '--', 'sh', '-c', script];
    const { status, stdout } = spawnSync('unshare', argv, { encoding: 'utf8', timeout: 5000 });
    assert.deepEqual({ status, stdout }, { status: 4, stdout: '0\n' });
  });
});
