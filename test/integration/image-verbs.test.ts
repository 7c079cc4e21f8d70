// Names, disk usage and pruning by tlab's commands and by the docker command line, with containers, volumes and the builder's cache. Needs root.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

const needsRoot = root();
let engine: TestEngine;

const docker = async (...args: string[]): Promise<string> => {
  const ran = await engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args]);
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
};

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('pull', '-q', 'busybox');
  const input = 'FROM busybox\nRUN echo a > /a\nRUN echo b > /b; rm /a\nENV X=1\n';
  assert.equal((await engine.tlab(['build', '-q', '-t', 'mine', '-'], { input })).status, 0);
  await engine.must(
    'run',
    '--name',
    'web',
    '-v',
    'kept:/data',
    'mine',
    'sh',
    '-c',
    'echo hello > /new; echo 123 > /data/f',
  );
});
after(() => engine?.stop());

test(
  'disk usage has what images, containers, volumes and the build cache take, the same in both command lines',
  needsRoot,
  async () => {
    const ours = await engine.must('system', 'df');
    assert.match(ours, /^Containers +1 +0 +6B +6B \(100%\)$/m);
    assert.match(ours, /^Local Volumes +1 +1 +4B +0B \(0%\)$/m);
    assert.match(ours, /^Build Cache +2 /m);
    assert.match(ours, /^Content Store +\d+ +\d+ +[\d.]+MB/m);
    assert.equal(ours.replace(/^Content Store.*$/m, '').trim(), (await docker('system', 'df')).trim());
    assert.match(await engine.must('ps', '-as'), /6B \(virtual 2\.\d+MB\)/);
    assert.equal(await engine.must('inspect', '-s', '-f', '{{.SizeRw}}', 'web'), '6');
  },
);

test('layers of an image that was built here have the words of its Dockerfile', needsRoot, async () => {
  const text = await engine.must('layers', 'mine');
  assert.match(text, /layer 2 {2}RUN echo a > \/a\n/);
  assert.match(text, /no layer {2}ENV X=1/);
  assert.match(text, /2B {2}\/a {2}layer 2, removed by 3/);
});

test("docker's longer names are the same commands", needsRoot, async () => {
  for (const [longer, shorter] of [
    [['image', 'ls'], ['images']],
    [
      ['container', 'ls', '-a'],
      ['ps', '-a'],
    ],
    [
      ['image', 'history', 'mine'],
      ['history', 'mine'],
    ],
    [
      ['image', 'inspect', 'mine'],
      ['inspect', '--type', 'image', 'mine'],
    ],
    [
      ['container', 'inspect', 'web'],
      ['inspect', 'web'],
    ],
  ] as const) {
    const age = (text: string): string =>
      text.replaceAll(/(Less than a|\d+) seconds? ago/g, 'AGE').replaceAll(/ +/g, ' ');
    assert.equal(age(await engine.must(...longer)), age(await engine.must(...shorter)), longer.join(' '));
  }
  assert.equal((await engine.tlab(['image', 'inspect', 'web'])).status, 1);
});

test('prune asks, and takes no for an answer', needsRoot, async () => {
  for (const input of ['n\n', '', 'yes please\n']) {
    const ran = await engine.tlab(['system', 'prune', '-a'], { input });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /WARNING! This will remove:\n {2}- all stopped containers/);
    assert.match(ran.stdout, /Total reclaimed space: 0B\n$/);
  }
  assert.match(await engine.must('ps', '-a'), /web/);
});

test(
  'a name that moves leaves an image without a name, which its id still finds, until it is pruned',
  needsRoot,
  async () => {
    const id = await engine.must('images', '-q', 'mine');
    await engine.must('tag', 'busybox', 'mine');
    assert.match(await engine.must('images', '--filter', 'dangling=true'), new RegExp(`<none> +<none> +${id}`));
    assert.equal((await engine.tlab(['run', '--rm', id, 'cat', '/b'])).stdout, 'b\n');
    // A container was made from it.
    assert.equal(await engine.must('image', 'prune', '-f'), 'Total reclaimed space: 0B');
    const pruned = await engine.tlab(['container', 'prune'], { input: 'y\n' });
    assert.match(pruned.stdout, /Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 6B\n$/);
    const done = await docker('system', 'prune', '-f');
    assert.match(done, /Deleted Images:\ndeleted: sha256:/);
    assert.match(done, /Deleted build cache objects:\n/);
    assert.equal(await engine.must('images', '-q', '--filter', 'dangling=true'), '');
  },
);

test('system prune -a leaves nothing that nobody uses', needsRoot, async () => {
  assert.match(await engine.must('system', 'prune', '-af'), /untagged: busybox:latest/);
  assert.doesNotMatch(await engine.must('system', 'df'), /^(Images|Build Cache|Content Store) +[1-9]/m);
  assert.match(await engine.must('system', 'df'), /^Local Volumes +1 +0 +4B +4B \(100%\)$/m);
});

test('a daemon that is killed has its images without a name again', needsRoot, async () => {
  await engine.must('pull', '-q', 'busybox');
  await engine.must('pull', '-q', 'nginx');
  await engine.must('tag', 'busybox', 'nginx');
  const before = await engine.must('images', '-a');
  assert.match(before, /nginx +<none>|<none> +<none>/);
  const { readFileSync } = await import('node:fs');
  process.kill(Number(readFileSync(`${engine.root}/run/tlabd.pid`, 'utf8')), 'SIGKILL');
  assert.equal(await engine.must('images', '-a'), before);
});
