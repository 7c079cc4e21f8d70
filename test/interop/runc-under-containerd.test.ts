// tlab-runc under Debian's own containerd and containerd-shim-runc-v2, driven by ctr: it takes runc's place by --runc-binary.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeBundle } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { type Ran, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const folder = mkdtempSync('/var/tmp/tlab-ctr-test-');
const socket = `${folder}/c.sock`;
const runtime = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
const rootfs = `${folder}/bundle/rootfs`;
let containerd: ReturnType<typeof start> | undefined;

const ctr = (...args: string[]): Promise<Ran> => run('ctr', ['-a', socket, ...args]);
const ctrRun = (options: string[], id: string, ...command: string[]): Promise<Ran> =>
  ctr('run', ...options, '--rootfs', '--runc-binary', runtime, rootfs, id, ...command);

before(async () => {
  if (root().skip) return;
  mkdirSync(`${folder}/bundle`);
  await makeBundle(`${folder}/bundle`);
  const configuration = `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`;
  writeFileSync(`${folder}/config.toml`, configuration);
  containerd = start('containerd', ['-c', `${folder}/config.toml`]);
  await waitUntil(() => existsSync(socket), { what: 'containerd to listen' });
});

after(async () => {
  await containerd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a container runs, and ctr has its output and its exit status', root(), async () => {
  const ran = await ctrRun(['--rm'], 'status', '/bin/sh', '-c', 'echo $$; exit 3');
  assert.deepEqual({ status: ran.status, stdout: ran.stdout }, { status: 3, stdout: '1\n' });
});

test('exec, pause, resume and kill work on a detached container', root(), async () => {
  assert.equal((await ctrRun(['-d'], 'long', '/bin/sleep', '1000')).status, 0);
  const state = async (): Promise<string> => /^long\s+\d+\s+(\w+)/m.exec((await ctr('task', 'ls')).stdout)?.[1] ?? '';
  assert.equal(await state(), 'RUNNING');
  const inside = await ctr('task', 'exec', '--exec-id', 'e1', 'long', '/bin/cat', '/proc/1/cmdline');
  assert.equal(inside.stdout, '/bin/sleep\u00001000\u0000');
  const missing = await ctr('task', 'exec', '--exec-id', 'e2', 'long', 'nope');
  assert.match(missing.stderr, /exec: "nope": executable file not found in \$PATH/);
  await ctr('task', 'pause', 'long');
  assert.equal(await state(), 'PAUSED');
  await ctr('task', 'resume', 'long');
  assert.equal(await state(), 'RUNNING');
  await ctr('task', 'kill', '-s', 'KILL', 'long');
  await waitUntil(async () => (await state()) === 'STOPPED', { what: 'the task to stop' });
  await ctr('task', 'rm', 'long');
  assert.equal((await ctr('container', 'rm', 'long')).status, 0);
});

test('a missing program is refused with the words that containerd passes on', root(), async () => {
  const ran = await ctrRun(['--rm'], 'missing', 'nope');
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /OCI runtime create failed: .*exec: "nope": executable file not found in \$PATH/);
});
