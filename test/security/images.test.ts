// Images and requests that attack through the engine: their configuration, their accounts, their links, run as `tlab run` runs them.
// Each is refused by name, or does what it says inside; files of the host are neither read nor written.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { readInRoot } from '../../src/daemon/rootfs/layers.ts';
import { binaries } from '../helpers/binaries.ts';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { hostile } from '../helpers/hostile.ts';
import { addImage } from '../helpers/hostile-image.ts';
import { root } from '../helpers/root.ts';
import { type Ran, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync('/var/tmp/tlab-images-test-');
let engine: TestEngine;
let neighbour: ReturnType<typeof start>;

before(async () => {
  if (!isRoot) return;
  writeFileSync(`${folder}/only-on-the-host`, 'secret\n');
  writeFileSync(`${folder}/passwd`, 'hostuser:x:4242:4242::/:/bin/sh\n');
  // A process whose root is the host's and that the container's root may look into.
  neighbour = start('setpriv', ['--bounding-set', '-all', 'sleep', '1000']);
  engine = await startEngine();
  await addImage(engine, {
    name: 'links',
    config: { User: 'hostuser', WorkingDir: `/proc/self/fd/5/${neighbour.pid}/root${folder}` },
    prepare: (rootfs) => {
      symlinkSync(`../../../../../../../..${folder}/passwd`, `${rootfs}/etc/passwd`);
      symlinkSync(`/proc/${neighbour.pid}/root${folder}`, `${rootfs}/host`);
      symlinkSync('/proc/sys/kernel', `${rootfs}/harmless`);
      symlinkSync('/proc', `${rootfs}/linked-proc`);
    },
  });
  await addImage(engine, {
    name: 'config',
    config: {
      User: 'x\u001b]0;evil\u0007\n',
      Env: ['PATH=/bin', 'LD_PRELOAD=/evil.so', 'NODE_OPTIONS=--require /evil.js', 'TLAB_RUNC_SELF=/evil'],
      Volumes: { '/../../../..//up': {}, '/vol/../other': {} },
      Labels: { '../../x': '\u001b[2J', [`${'k'.repeat(5000)}`]: 'v'.repeat(100_000) },
    },
  });
});
after(async () => {
  if (!isRoot) return;
  await engine.stop();
  await neighbour.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Killed when it takes too long: another signal would be the container's, and its first process may ignore it. */
const runs = (...args: string[]): Promise<Ran> =>
  engine.inside('timeout', ['-s', 'KILL', '45', tlabProgram, 'run', '--rm', ...args]);

test('the user of an image is looked up in its own files: a link to the host’s gives nobody', root(), async () => {
  const ran = await runs('-w', '/', 'links', 'id');
  assert.equal(ran.status, 125);
  assert.match(ran.stderr, /unable to find user hostuser: no matching entries in passwd file/);
});

test('accounts that are devices or FIFOs end in an answer, not in a daemon that waits', root(), async () => {
  await addImage(engine, {
    name: 'accounts',
    config: { User: 'somebody' },
    prepare: (rootfs) => {
      symlinkSync('/dev/zero', `${rootfs}/etc/group`);
      execFileSync('mkfifo', [`${rootfs}/etc/passwd`]);
    },
  });
  const ran = await runs('accounts', 'id');
  assert.match(ran.stderr, /unable to find user somebody/);
  assert.equal((await runs('--user', '7', 'accounts', 'stat', '-c', '%u', '/proc/self/task')).stdout, '7\n');
});

test('accounts that are exchanged for the host’s while they are read give the image’s or nothing', root(), async () => {
  const program = await hostile('exchange', folder);
  const layer = `${folder}/layer`;
  for (const name of ['etc', 'other']) mkdirSync(`${layer}/${name}`, { recursive: true });
  writeFileSync(`${layer}/etc/passwd`, 'image');
  symlinkSync(`${folder}/passwd`, `${layer}/link`);
  symlinkSync(folder, `${layer}/folder`);
  for (const [one, other] of [
    ['etc/passwd', 'link'],
    ['etc', 'folder'],
  ] as const) {
    const racer = start(program, [`${layer}/${one}`, `${layer}/${other}`, '2']);
    const seen = new Set<string | undefined>();
    for (const end = Date.now() + 1000; Date.now() < end; ) seen.add(readInRoot([layer], '/etc/passwd'));
    await racer.ended;
    assert.deepEqual(
      [...seen].filter((text) => text !== 'image' && text !== undefined),
      [],
    );
    assert.ok(seen.has('image'), 'the true file was seen');
  }
});

test('working directories, programs and interpreters of an image or a request stay inside', root(), async () => {
  const way = `/proc/self/fd/5/${neighbour.pid}/root${folder}`;
  for (const args of [
    ['--user', '0', 'links', 'ls', 'only-on-the-host'],
    ['--user', '0', '-w', way, 'links', 'ls', 'only-on-the-host'],
    ['--user', '0', '-w', '/host', 'links', 'ls', 'only-on-the-host'],
    ['--user', '0', '-w', '/', 'links', `/proc/self/fd/5/${neighbour.pid}/root/bin/busybox`, 'echo', 'escaped'],
    ['--user', '0', '-w', '/', '--entrypoint', `${way}/only-on-the-host`, 'links'],
  ]) {
    const ran = await runs(...args);
    assert.notEqual(ran.status, 0, args.join(' '));
    assert.doesNotMatch(ran.stdout, /only-on-the-host|escaped/);
  }
  await engine.must('run', '-d', '--user', '0', '-w', '/', '--name', 'target', 'links', 'sleep', '1000');
  for (let fd = 3; fd < 12; fd++) {
    const path = `/proc/self/fd/${fd}/${neighbour.pid}/root${folder}`;
    const ran = await engine.tlab(['exec', '-w', path, 'target', 'ls', 'only-on-the-host']);
    assert.notEqual(ran.status, 0, path);
  }
  await engine.must('rm', '-f', 'target');
});

test('volumes do not lie on procfs, neither by name nor through a link of the image', root(), async () => {
  for (const target of ['/proc', '/proc/self/attr', '/proc/sys', '/harmless', '/linked-proc', '/linked-proc/sys']) {
    const ran = await runs('--user', '0', '-w', '/', '-v', `vol:${target}`, 'links', 'true');
    assert.equal(ran.status, 125, target);
    assert.match(ran.stderr, /expected a path outside \/proc|not a procfs|leads into procfs/, target);
  }
});

test(
  'volumes of an image with “..” lie below its root, and its environment is the program’s alone',
  root(),
  async () => {
    const ran = await runs('--user', '0', 'config', 'sh', '-c', 'grep -c " /up \\| /other " /proc/self/mounts; env');
    assert.match(ran.stdout, /^2\n/, ran.stderr);
    assert.match(ran.stdout, /^LD_PRELOAD=\/evil\.so$/m);
    for (const path of ['/up', '/evil.so', '/vol']) assert.ok(!existsSync(path), path);
  },
);

test('what an image says is printed without its control characters', root(), async () => {
  const ran = await runs('config', 'true');
  assert.match(ran.stderr, /unable to find user x\\x1b/);
  assert.ok(!ran.stderr.includes('\u001b'));
});

test('environments larger than the kernel takes are refused by it, and the daemon goes on', root(), async () => {
  await addImage(engine, { name: 'huge', config: { Env: ['PATH=/bin', `BIG=${'x'.repeat(3 << 20)}`] } });
  assert.match((await runs('huge', 'true')).stderr, /argument list too long/);
  assert.equal((await runs('busybox', 'echo', 'fine')).stdout, 'fine\n');
});

test('an image that makes the runtime or the init its program cannot write to either', root(), async () => {
  const programs = readdirSync(binaries).map((name) => `${binaries}/${name}`);
  const hashes = (): string[] => programs.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  const untouched = hashes();
  assert.match(
    (await runs('--user', '0', '--entrypoint', '/proc/self/exe', 'config', '--version')).stdout,
    /tlab-runc/,
  );
  const write = 'for f in /proc/1/exe /sbin/docker-init; do echo x >$f && echo "wrote $f"; done 2>&1; true';
  const ran = await runs('--user', '0', '--init', 'config', 'sh', '-c', write);
  assert.doesNotMatch(ran.stdout, /wrote/);
  assert.match(ran.stdout, /Read-only file system|Text file busy/);
  assert.deepEqual(hashes(), untouched);
});

test('a daemon that has met all this still runs containers and has kept none of them', root(), async () => {
  assert.equal((await runs('busybox', 'echo', 'fine')).stdout, 'fine\n');
  await waitUntil(async () => (await engine.must('ps', '-aq')) === '', { what: 'containers to go' });
});
