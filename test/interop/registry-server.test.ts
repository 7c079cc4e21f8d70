// `tlab registry serve` and its peers: skopeo, a real dockerd, and Debian's docker-registry behind the cache. Needs root for dockerd.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { hasProgram, startDockerRegistry } from '../helpers/docker-registry.ts';
import { builtLibrary, tlabProgram } from '../helpers/engine.ts';
import { startRealDocker } from '../helpers/real-docker.ts';
import { root as needsRoot } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const hasPeers = (await hasProgram('skopeo')) && (await hasProgram('docker-registry'));
const options = { skip: hasPeers ? false : 'needs skopeo and docker-registry' };
const rootOptions = hasPeers ? needsRoot() : options;

let root = '';
let busybox = '';
before(async () => {
  if (!hasPeers) return;
  root = mkdtempSync(`${tmpdir()}/tlab-serve-`);
  busybox = `oci:${await builtLibrary()}/busybox:docker.io/library/busybox:latest`;
});
after(() => root !== '' && rmSync(root, { recursive: true, force: true }));

/** `tlab registry serve` as a process; what it says is in `said`. */
async function serve(args: readonly string[], enter: readonly string[] = []) {
  const storage = mkdtempSync(`${root}/storage-`);
  const line = [
    ...(enter.length > 0 ? ['nsenter', ...enter] : []),
    tlabProgram,
    'registry',
    'serve',
    '--storage',
    storage,
  ];
  const child = spawn(line[0] ?? '', [...line.slice(1), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const port = await waitUntil(() => /registry: https?:\/\/\S+:(\d+)[\n,]/.exec(said)?.[1] ?? child.exitCode, {
    what: 'the registry to serve',
    deadlineMs: 30_000,
  });
  if (child.exitCode !== null) throw new Error(`tlab registry serve: status ${child.exitCode}: ${said}`);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { host: `127.0.0.1:${port}`, said: () => said, [Symbol.asyncDispose]: stop };
}
const anyPort = ['--listen', '127.0.0.1:0'];
const copy = (...args: string[]) =>
  must('skopeo', [
    'copy',
    '--quiet',
    '--insecure-policy',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    ...args,
  ]);

test('skopeo pushes, lists, reads, copies between repositories and removes', options, async () => {
  await using registry = await serve(anyPort);
  const image = `docker://${registry.host}/team/busybox`;
  await copy(busybox, `${image}:1`);
  await copy('--format', 'v2s2', busybox, `${image}:docker`);
  await copy(`${image}:1`, `docker://${registry.host}/other/busybox:1`);
  const inspect = async (name: string) => JSON.parse(await must('skopeo', ['inspect', '--tls-verify=false', name]));
  assert.deepEqual((await inspect(`${image}:1`)).RepoTags, ['1', 'docker']);
  assert.equal(
    (await inspect(`docker://${registry.host}/other/busybox:1`)).Digest,
    (await inspect(`${image}:1`)).Digest,
  );
  await copy(`${image}:docker`, `dir:${root}/copied`);
  assert.match(readFileSync(`${root}/copied/manifest.json`, 'utf8'), /vnd.docker.distribution.manifest.v2/);
  await must('skopeo', ['delete', '--tls-verify=false', `${image}:docker`]);
  const tags = JSON.parse(await must('skopeo', ['list-tags', '--tls-verify=false', image]));
  assert.deepEqual(tags.Tags, ['1']);
});

test('skopeo logs in with a bcrypt password over TLS, by basic and by token', options, async () => {
  const [cert, key] = [`${root}/cert.pem`, `${root}/key.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await must('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]);
  const crypt = 'import crypt; print(crypt.crypt("right", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=32)))';
  writeFileSync(`${root}/users`, `teacher:${await must('python3', ['-W', 'ignore', '-c', crypt])}\n`);
  for (const kind of ['basic', 'token']) {
    const flags = ['--users', `${root}/users`, '--auth', kind, '--tls-cert', cert, '--tls-key', key];
    await using registry = await serve([...anyPort, ...flags]);
    const image = `docker://${registry.host}/team/busybox:1`;
    const push = (...credentials: string[]) =>
      run('skopeo', [
        'copy',
        '--quiet',
        '--insecure-policy',
        '--dest-tls-verify=false',
        ...credentials,
        busybox,
        image,
      ]);
    assert.notEqual((await push('--dest-no-creds')).status, 0);
    assert.notEqual((await push('--dest-creds', 'teacher:wrong')).status, 0);
    const ran = await push('--dest-creds', 'teacher:right');
    assert.equal(ran.status, 0, ran.stderr);
    const inspect = ['inspect', '--tls-verify=false', '--creds', 'teacher:right', image];
    assert.match(await must('skopeo', inspect), /"Digest"/);
  }
});

test("the cache hands on what Debian's docker-registry has, asked once", options, async () => {
  await using upstream = await startDockerRegistry();
  await copy(busybox, `docker://${upstream.host}/team/busybox:1`);
  await using cache = await serve([...anyPort, '--proxy', `http://${upstream.host}`]);
  const image = `docker://${cache.host}/team/busybox:1`;
  await copy(image, `dir:${root}/cached`);
  await upstream.stop();
  await copy(image, `dir:${root}/cached-again`);
  assert.equal(
    readFileSync(`${root}/cached/manifest.json`, 'utf8'),
    readFileSync(`${root}/cached-again/manifest.json`, 'utf8'),
  );
  const refused = await run('skopeo', ['copy', '--insecure-policy', '--dest-tls-verify=false', busybox, image]);
  assert.notEqual(refused.status, 0);
});

test('a real dockerd logs in, pushes, and pulls again', rootOptions, async () => {
  const docker = await startRealDocker();
  const home = `${root}/docker-home`;
  try {
    writeFileSync(`${root}/users`, `teacher:${await must('openssl', ['passwd', '-6', 'right'])}\n`);
    for (const kind of ['basic', 'token']) {
      const flags = ['--users', `${root}/users`, '--auth', kind, ...(kind === 'token' ? ['--anonymous-pull'] : [])];
      await using registry = await serve([...anyPort, ...flags], docker.enter);
      const client = (...args: string[]) =>
        run('/usr/bin/docker', ['--config', home, ...docker.host, ...args], { input: 'right', timeoutMs: 60_000 });
      const name = `${registry.host}/team/${kind}:1`;
      await docker.docker('tag', 'busybox', name);
      assert.notEqual((await client('push', '-q', name)).status, 0);
      const wrong = await client('login', '-u', 'teacher', '-p', 'wrong', registry.host);
      assert.match(wrong.stderr, /401|unauthorized/i);
      const login = await client('login', '-u', 'teacher', '--password-stdin', registry.host);
      assert.match(login.stdout, /Login Succeeded/, login.stderr);
      const pushed = await client('push', '-q', name);
      assert.equal(pushed.status, 0, pushed.stderr);
      await docker.docker('rmi', name);
      if (kind === 'token') await docker.docker('pull', '-q', name);
      else assert.equal((await client('pull', '-q', name)).status, 0);
      assert.equal(await docker.docker('run', '--rm', '--network', 'none', name, 'echo', 'ran'), 'ran');
    }
  } finally {
    await docker.stop();
  }
});

test('for a class it says where it is and how to use it, and only this machine pushes', options, async () => {
  await using registry = await serve(['--class', '--listen', '0.0.0.0:0']);
  await waitUntil(() => registry.said().includes('only this machine may push'), { what: 'the instructions' });
  assert.match(registry.said(), /insecure-registries/);
  await copy(busybox, `docker://${registry.host}/busybox:1`);
  const address = /registry: http:\/\/(\d+\.\d+\.\d+\.\d+:\d+)/.exec(registry.said())?.[1];
  if (address === undefined) return;
  const pushed = await fetch(`http://${address}/v2/busybox/blobs/uploads/`, { method: 'POST' });
  assert.equal(pushed.status, 403);
  assert.equal((await fetch(`http://${address}/v2/busybox/tags/list`)).status, 200);
});

test('flags that do not go together are refused before anything listens', options, async () => {
  const cases: Array<[string[], RegExp]> = [
    [['--tls-cert', 'x'], /--tls-cert and --tls-key are given together/],
    [['--auth', 'token'], /expected --users FILE/],
    [['--listen', 'name:5'], /expected ADDRESS, ADDRESS:PORT/],
    [['--proxy', 'ftp://x'], /expected docker.io or an address/],
    [['--fault', 'x'], /expected KIND/],
    [['--limit', 'x=1'], /expected requests=N/],
    [['--proxy-keep', '1g'], /--proxy-keep: expected --proxy with it/],
  ];
  for (const [args, message] of cases) {
    const ran = await run(tlabProgram, ['registry', 'serve', '--storage', `${root}/none`, ...args]);
    assert.notEqual(ran.status, 0);
    assert.match(ran.stderr, message);
  }
});
