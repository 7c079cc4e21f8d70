// Logging in by tlab and by the docker command line above our daemon, at `tlab registry serve` with users: push and pull with the login, none
// without it, and no password in a trace. Needs root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const options = root();
let engine: TestEngine;
let host = '';
let home: Record<string, string> = {};
let stopRegistry = async (): Promise<void> => undefined;

before(async () => {
  if (options.skip !== false) return;
  engine = await startEngine();
  home = { DOCKER_CONFIG: `${engine.root}/docker` };
  writeFileSync(`${engine.root}/users`, `teacher:${await must('openssl', ['passwd', '-6', 'p4ssw0rd'])}\n`);
  const flags = [
    '--listen',
    '127.0.0.1:0',
    '--storage',
    `${engine.root}/registry`,
    '--users',
    `${engine.root}/users`,
    '--auth',
    'token',
  ];
  const child = spawn('nsenter', [...engine.enter, tlabProgram, 'registry', 'serve', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (data) => (said += String(data)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  stopRegistry = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  host = await waitUntil(() => /registry: http:\/\/(\S+:\d+)\n/.exec(said)?.[1], {
    what: 'the registry',
    deadlineMs: 30_000,
  });
  await engine.must('pull', 'busybox');
});
after(async () => {
  if (options.skip !== false) return;
  await stopRegistry();
  await engine.stop();
});

const tlab = (args: string[], input = '') => engine.tlab(args, { env: home, input });
const docker = (args: string[], input = '') =>
  engine.inside('/usr/bin/docker', ['--config', home.DOCKER_CONFIG ?? '', ...engine.dockerHost, ...args], { input });

test('a wrong password is refused, a right one is kept and used, and forgotten again', options, async () => {
  const name = `${host}/team/app:1`;
  assert.equal((await docker(['tag', 'busybox', name])).status, 0);
  const early = await tlab(['push', name]);
  assert.notEqual(early.status, 0);
  assert.match(early.stderr, /docker login/);
  const wrong = await tlab(['login', '-u', 'teacher', '--password-stdin', host], 'wrong');
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, /user "teacher" is refused/);
  const right = await tlab(['login', '-u', 'teacher', '--password-stdin', host], 'p4ssw0rd\n');
  assert.equal(right.stdout.trim(), 'Login Succeeded', right.stderr);
  const pushed = await tlab(['push', name]);
  assert.equal(pushed.status, 0, pushed.stderr);
  await tlab(['rmi', name]);
  assert.equal((await tlab(['pull', name])).status, 0);
  assert.match((await tlab(['logout', host])).stdout, /Removing login credentials/);
  assert.match((await tlab(['logout', host])).stdout, /Not logged in/);
  await tlab(['rmi', name]);
  assert.notEqual((await tlab(['pull', name])).status, 0);
});

test(
  'the docker command line logs in through our daemon, and tells a wrong password by its status',
  options,
  async () => {
    const wrong = await docker(['login', '-u', 'teacher', '--password-stdin', host], 'wrong');
    assert.notEqual(wrong.status, 0);
    const right = await docker(['login', '-u', 'teacher', '--password-stdin', host], 'p4ssw0rd');
    assert.match(right.stdout, /Login Succeeded/, right.stderr);
    const name = `${host}/team/docker:1`;
    await docker(['tag', 'busybox', name]);
    const pushed = await docker(['push', '-q', name]);
    assert.equal(pushed.status, 0, pushed.stderr);
    // What docker logged in, tlab uses.
    await tlab(['rmi', name]);
    assert.equal((await tlab(['pull', name])).status, 0);
  },
);

test('a trace of a run that pulls with a login has the requests and no password', options, async () => {
  const ran = await tlab(['trace', 'run', '--rm', '--pull', 'always', `${host}/team/docker:1`, 'true']);
  assert.equal(ran.status, 0, ran.stderr);
  const file = `${engine.root}/trace.jsonl`;
  await engine.must('trace', 'export', '--format', 'jsonl', '-o', file);
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.ok(
    lines.some((line) => line.includes('containerd.registry-asked') && line.includes('/v2/team/docker/manifests/1')),
  );
  assert.ok(lines.some((line) => line.includes('containerd.registry-token-received')));
  const auth = Buffer.from('teacher:p4ssw0rd').toString('base64');
  const secret = `p4ssw0rd|${auth}|${Buffer.from(JSON.stringify({ username: 'teacher' }))
    .toString('base64')
    .slice(0, 20)}`;
  // In the folder of the trace too, before it was exported.
  const found = await run('grep', ['-rlE', secret, `${engine.root}/data/traces`, file]);
  assert.equal(found.stdout, '');
});

test('search is refused by name', options, async () => {
  const ours = await tlab(['search', 'nginx']);
  assert.notEqual(ours.status, 0);
  assert.match(ours.stderr, /registries have no search/);
  assert.match((await docker(['search', 'nginx'])).stderr, /searching a registry: tlab does not support it/);
});
