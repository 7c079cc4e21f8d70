// Push by our engine and by the docker command line above it, into Debian's docker-registry; then skopeo and a real dockerd read it. Needs root.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { storyLines } from '../../src/viewer/story.ts';
import { type DockerRegistry, hasProgram, startDockerRegistry } from '../helpers/docker-registry.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { startRealDocker } from '../helpers/real-docker.ts';
import { root } from '../helpers/root.ts';
import { tracedRun } from '../helpers/traced-run.ts';

const needsRoot = root();
const hasPeers = (await hasProgram('skopeo')) && (await hasProgram('docker-registry'));
const options = {
  skip: needsRoot.skip !== false ? needsRoot.skip : hasPeers ? false : 'needs skopeo and docker-registry',
};

let engine: TestEngine;
let registry: DockerRegistry;

before(async () => {
  if (options.skip !== false) return;
  engine = await startEngine();
  registry = await startDockerRegistry({ enter: engine.enter });
  await engine.must('pull', 'busybox');
});
after(async () => {
  if (options.skip !== false) return;
  await registry?.stop();
  await engine?.stop();
});

const tag = (name: string) =>
  engine
    .inside('/usr/bin/docker', [...engine.dockerHost, 'tag', 'busybox', name])
    .then((ran) => assert.equal(ran.status, 0));
const inspect = async (name: string) => {
  const ran = await engine.inside('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`]);
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout) as { Digest: string; Layers: string[] };
};

test('an image that we push is at the registry as skopeo sees it; a second push sends nothing', options, async () => {
  const name = `${registry.host}/team/app:1`;
  await tag(name);
  const said = await engine.must('push', name);
  const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(said)?.[1];
  assert.match(said, new RegExp(`^The push refers to repository \\[${registry.host}/team/app\\]`));
  assert.match(said, /^[0-9a-f]{12}: Pushed$/m);
  assert.equal((await inspect(name)).Digest, digest);
  const again = await engine.must('push', name);
  assert.match(again, /Layer already exists/);
  assert.doesNotMatch(again, /: Pushed/);
});

test('of a pull only layers have lines; one that is here with its files is only there', options, async () => {
  const name = `${registry.host}/team/app:1`;
  await engine.must('rmi', name);
  const said = (await engine.must('pull', name)).split('\n').filter((line) => /^[0-9a-f]{12}: /.test(line));
  assert.deepEqual(
    said.map((line) => line.slice(12)),
    (await inspect(name)).Layers.map(() => ': Already exists'),
  );
});

test('layers that the registry has in another repository are lent, not sent', options, async () => {
  const name = `${registry.host}/other/app:1`;
  await tag(name);
  assert.match(await engine.must('push', name), /^[0-9a-f]{12}: Mounted from team\/app$/m);
  assert.equal((await inspect(name)).Layers.length, (await inspect(`${registry.host}/team/app:1`)).Layers.length);
});

test('a traced push tells its story, and by hand is what each step says', options, async () => {
  const name = `${registry.host}/third/app:1`;
  await tag(name);
  const { trace } = await tracedRun(engine, 'push', '--no-syscalls', name);
  const told = storyLines(trace, 200).join('\n');
  assert.match(told, /lends \d+ blobs? of /);
  assert.match(told, /sends the manifest last: 1 is this image from now on/);
  const pushed = trace.events.filter(({ type }) => type === 'containerd.manifest-pushed');
  assert.equal(pushed.length, 1);
  const byHand = pushed[0]?.twin ?? '';
  assert.match(byHand, new RegExp(`^curl .*-X PUT .*http://${registry.host}/v2/third/app/manifests/1'$`));
  const lent = trace.events.find(({ type }) => type === 'containerd.blob-mounted');
  // The twin is done, by hand: the registry lends again.
  const ran = await engine.inside('sh', ['-c', `${lent?.twin} -o /dev/null -w '%{http_code}'`]);
  assert.equal(ran.stdout, '201', lent?.twin ?? 'no blob was lent');
});

test('the docker command line pushes, with all tags too, and reads the digest', options, async () => {
  const docker = (...args: string[]) => engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args]);
  for (const each of ['a', 'b']) await tag(`${registry.host}/cli/app:${each}`);
  const ran = await docker('push', '--all-tags', `${registry.host}/cli/app`);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /a: digest: sha256:[0-9a-f]{64} size: \d+/);
  const { Digest } = await inspect(`${registry.host}/cli/app:b`);
  assert.ok(ran.stdout.includes(`b: digest: ${Digest}`));
  const absent = await docker('push', `${registry.host}/cli/none:1`);
  assert.notEqual(absent.status, 0);
  assert.match(absent.stderr, /An image does not exist locally with the tag: \S+\/cli\/none:1/);
});

test('what the registry says about a name is told without a pull', options, async () => {
  const name = `${registry.host}/team/app:1`;
  const url = `http://localhost/v1.47/distribution/${name}/json`;
  const ran = await engine.inside('curl', ['-s', '--unix-socket', `${engine.root}/run/tlab.sock`, url]);
  const { Descriptor, Platforms } = JSON.parse(ran.stdout);
  assert.equal(Descriptor.digest, (await inspect(name)).Digest);
  assert.equal(Platforms[0].os, 'linux');
});

test('every tag of a repository is pulled with --all-tags', options, async () => {
  for (const each of ['a', 'b']) await engine.must('rmi', `${registry.host}/cli/app:${each}`);
  await engine.must('pull', '--all-tags', `${registry.host}/cli/app`);
  const listed = await engine.must('images', '--format', '{{.Repository}}:{{.Tag}}');
  for (const each of ['a', 'b']) assert.ok(listed.includes(`${registry.host}/cli/app:${each}`), listed);
});

test('a real dockerd pulls and runs what we pushed', options, async () => {
  const docker = await startRealDocker();
  try {
    await using there = await startDockerRegistry({ enter: docker.enter, storage: registry.storage });
    await docker.docker('pull', '-q', `${there.host}/team/app:1`);
    assert.equal(
      await docker.docker('run', '--rm', '--network', 'none', `${there.host}/team/app:1`, 'echo', 'ran'),
      'ran',
    );
  } finally {
    await docker.stop();
  }
});
