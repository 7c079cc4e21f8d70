// Verbs on images beside a real dockerd: both pull the same images from the same registry, then the docker command line must say the
// same of both, and tlab's own commands the same as docker's. Needs root, Debian's docker.io and docker-registry.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startDockerRegistry } from '../helpers/docker-registry.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const needsRoot = root();
/** The same name in both engines' namespaces. */
const port = 5000;
const registry = `127.0.0.1:${port}`;
let docker: RealDocker;
let engine: TestEngine;
let folder = '';
const registries: Array<{ stop(): Promise<void> }> = [];

const dockerfile = (name: string): string =>
  [
    `FROM busybox`,
    `LABEL kind=test name=${name}`,
    `RUN echo shared > /shared && head -c 70000 /bin/busybox > /big && ln -s /big /link && ln /big /hard`,
    `ENV NAME=${name}`,
    `RUN echo ${name} > /name && rm /shared`,
    `CMD ["sh", "-c", "exec sleep 1000"]`,
  ].join('\n');

before(async () => {
  if (needsRoot.skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-images-');
  docker = await startRealDocker();
  engine = await startEngine();
  for (const { enter } of [docker, engine])
    registries.push(await startDockerRegistry({ enter, port, storage: folder }));
  for (const name of ['one', 'two']) {
    await must(
      '/usr/bin/docker',
      [...docker.host, 'build', '--network', 'none', '-q', '-t', `${registry}/${name}`, '-'],
      {
        input: dockerfile(name),
        env: { DOCKER_BUILDKIT: '0' },
      },
    );
    await docker.docker('push', '-q', `${registry}/${name}`);
  }
  await docker.docker('image', 'prune', '-af');
  await both('pull', '-q', `${registry}/one`);
  await both('pull', '-q', `${registry}/two`);
});

after(async () => {
  for (const server of registries) await server.stop();
  await engine?.stop();
  await docker?.stop();
  if (folder !== '') rmSync(folder, { recursive: true });
});

interface Said {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Ids of containers differ, a second passes between two questions, and docker lists the names of an image in no order. */
function normal({ status, stdout, stderr }: Said): Said {
  const plain = (text: string): string =>
    text
      .replaceAll(/container [0-9a-f]{12}/g, 'container ID')
      .replaceAll(/^[0-9a-f]{64}$/gm, 'ID')
      .replaceAll(/\d+ (second|minute)s?|Less than a second|About a minute/g, 'AGE')
      .replaceAll(/ +/g, ' ');
  // Docker 20.10 writes Invalid, later ones invalid.
  return {
    status,
    stdout: plain(stdout).split('\n').sort().join('\n'),
    stderr: plain(stderr).replace('Invalid', 'invalid'),
  };
}

/** The docker command line with the real daemon and with ours. */
async function both(...args: string[]): Promise<Said> {
  const options = { input: '', timeoutMs: 60_000 };
  const real = await run('/usr/bin/docker', [...docker.host, ...args], options);
  const ours = await engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args], options);
  assert.deepEqual(normal(ours), normal(real), `docker ${args.join(' ')}`);
  return real;
}

/** tlab's own command beside docker's on our daemon. */
async function same(...args: string[]): Promise<string> {
  const theirs = await engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args]);
  const ours = await engine.tlab(args);
  assert.deepEqual({ ...normal(ours), stderr: '' }, { ...normal(theirs), stderr: '' }, `tlab ${args.join(' ')}`);
  return ours.stdout;
}

test('lists, sizes and filters are those of a real Docker', needsRoot, async () => {
  assert.match((await both('images')).stdout, /127\.0\.0\.1:5000\/two/);
  for (const args of [
    ['--digests', '--no-trunc'],
    ['-q'],
    ['-a'],
    ['--filter', 'label=kind'],
    ['--filter', 'label=name=one'],
    ['--filter', 'label=name=none'],
    ['--filter', 'dangling=true'],
    ['--filter', 'dangling=false'],
    ['--filter', 'dangling=perhaps'],
    ['--filter', `before=${registry}/two`],
    ['--filter', `since=${registry}/one`],
    ['--filter', 'since=nobody'],
    ['--filter', 'reference=*/one'],
    ['--filter', 'reference=*/t[a-z]o:lat*'],
    ['--filter', 'reference=one'],
    ['--filter', 'reference=[one'],
    ['--filter', 'what=ever'],
    [`${registry}/one`],
    [
      '--format',
      '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}} {{.Size}} {{.VirtualSize}} {{.SharedSize}} {{.CreatedAt}}',
    ],
    ['--format', 'table {{.ID}}\t{{.Containers}}'],
  ]) {
    await both('images', ...args);
  }
});

test('history is that of a real Docker', needsRoot, async () => {
  const name = `${registry}/one`;
  assert.match((await both('history', name)).stdout, / 70kB/);
  await both('history', '--no-trunc', name);
  await both('history', '-H=false', name);
  await both('history', '-q', name);
  await both('history', '--format', '{{.ID}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}', name);
  await both('history', 'nobody');
});

test('what inspect says of an image is what a real Docker says', needsRoot, async () => {
  const fields = ['Id', 'RepoTags', 'RepoDigests', 'Created', 'Architecture', 'Os', 'Size', 'VirtualSize', 'RootFS'];
  for (const field of fields) await both('image', 'inspect', '--format', `{{json .${field}}}`, `${registry}/one`);
  const config = ['Env', 'Cmd', 'Labels', 'Entrypoint', 'WorkingDir', 'User'];
  for (const field of config) await both('inspect', '--format', `{{json .Config.${field}}}`, `${registry}/two`);
  assert.equal((await both('image', 'inspect', 'nobody')).status, 1);
});

test('tlab prints what docker prints', needsRoot, async () => {
  for (const args of [
    ['images'],
    ['images', '--digests', '--no-trunc'],
    ['images', '--format', 'table {{.Repository}}\t{{.CreatedAt}}\t{{.Size}}'],
    ['image', 'ls', '-q'],
    ['history', `${registry}/one`],
    ['history', '--no-trunc', '-H=false', `${registry}/one`],
    ['system', 'df', '-v'],
    ['image', 'inspect', '-f', '{{.Id}}', `${registry}/one`],
  ]) {
    await same(...args);
  }
});

test('disk usage counts shared layers once, as a real Docker does', needsRoot, async () => {
  await both('system', 'df');
  const images = /Images space usage:\n\n([\s\S]*?)\n\n/.exec((await both('system', 'df', '-v')).stdout)?.[1] ?? '';
  assert.match(images, /SHARED SIZE/);
});

test('a name is given, moved and taken away as in a real Docker', needsRoot, async () => {
  const one = `${registry}/one`;
  await both('tag', one, 'mine');
  await both('tag', one, 'mine:2');
  await both('tag', 'nobody', 'x');
  await both('tag', one, 'Wrong');
  await both('images');
  await both('rmi', 'mine:2');
  await both('tag', `${registry}/two`, 'mine');
  await both('images', '--digests');
  await both('rmi', 'mine');
});

test('rmi refuses, unties and deletes as a real Docker does', needsRoot, async () => {
  const [one, two] = [`${registry}/one`, `${registry}/two`];
  const id = (await both('images', '-q', '--no-trunc', one)).stdout.trim();
  await both('tag', one, 'again:1');
  assert.match((await both('rmi', id.slice(7, 19))).stderr, /must be forced.*multiple repositories/);
  await both('create', '--name', 'idle', '--network', 'none', 'again:1');
  await both('rmi', 'again:1');
  assert.match((await both('rmi', one)).stderr, /must force/);
  assert.match((await both('rmi', id.slice(7, 19))).stderr, /must be forced/);
  await both('rmi', '-f', one);
  await both('images', '-a');
  await both('pull', '-q', one);
  await both('run', '-d', '--name', 'busy', '--network', 'none', two);
  assert.match((await both('rmi', '-f', (await both('images', '-q', two)).stdout.trim())).stderr, /cannot be forced/);
  await both('rmi', '-f', two);
  await both('images', '-a');
  await both('images', '--filter', 'dangling=true');
  await both('image', 'prune', '-f');
  await both('rm', '-f', 'busy');
  assert.match((await both('image', 'prune', '-f')).stdout, /deleted: sha256/);
  await both('rm', 'idle');
  await both('rmi', id.slice(7, 19));
  await both('images', '-a');
});

test('prune takes what its filters let through, as a real Docker does', needsRoot, async () => {
  const [one, two] = [`${registry}/one`, `${registry}/two`];
  await both('pull', '-q', one);
  await both('pull', '-q', two);
  await both('create', '--name', 'keeper', '--network', 'none', two);
  await both('image', 'prune', '-af', '--filter', 'label=name=three');
  await both('image', 'prune', '-af', '--filter', 'label!=name=one');
  await both('image', 'prune', '-af', '--filter', 'until=100h');
  await both('image', 'prune', '-f');
  assert.match((await both('image', 'prune', '-af')).stdout, /untagged: 127\.0\.0\.1:5000\/one/);
  await both('images');
  await both('container', 'prune', '-f', '--filter', 'label=nothing');
  await both('rm', 'keeper');
  await both('image', 'prune', '-af');
});
