// The same Dockerfiles built here and by Docker's classic builder in a dockerd of its own: the same configuration, the same files. And an image built
// here runs there, one built there runs here. Needs root, docker and skopeo.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ctr, dockerfiles, layoutOf, lines, listing, makeContext, settings } from '../helpers/build-peers.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';

const needs = root();
let engine: TestEngine;
let docker: RealDocker;
let folder: string;

before(async () => {
  if (needs.skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-peers-');
  makeContext(`${folder}/context`);
  engine = await startEngine();
  docker = await startRealDocker();
  await engine.must('pull', 'busybox');
  await layoutOf(engine, folder, 'busybox');
  await skopeo(`oci:${folder}/busybox:latest`, 'docker-daemon:base:latest', '--dest-daemon-host', docker.host[1] ?? '');
  await engine.must('tag', 'busybox', 'base');
});
after(async () => {
  if (needs.skip !== false) return;
  await engine.stop();
  await docker.stop();
  rmSync(folder, { recursive: true, force: true });
});

const skopeo = (from: string, to: string, ...flags: string[]): Promise<string> =>
  must('skopeo', ['--insecure-policy', 'copy', '-q', ...flags, from, to]);
const ours = async (...args: string[]): Promise<string> => {
  const ran = await engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args], {
    env: { DOCKER_BUILDKIT: '0' },
  });
  assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout.trimEnd();
};
const theirs = (...args: string[]): Promise<string> =>
  must('/usr/bin/docker', [...docker.host, ...args], { env: { DOCKER_BUILDKIT: '0' } });

for (const [name, dockerfile] of Object.entries(dockerfiles)) {
  test(`${name}: docker's builder gives the same configuration and files`, needs, async () => {
    writeFileSync(`${folder}/context/Dockerfile`, dockerfile);
    const flags = ['--build-arg', 'WHAT=given', '--label', 'last=one', '-t', name];
    await ours('build', ...flags, `${folder}/context`);
    await theirs('build', ...flags, `${folder}/context`);
    const config = async (docker: typeof ours) =>
      settings(JSON.parse(await docker('inspect', '-f', '{{json .Config}}', name)) as Record<string, unknown>);
    assert.deepEqual(await config(ours), await config(theirs));
    const files = async (docker: typeof ours) =>
      lines(await docker('run', '--rm', '--user', '0', '--entrypoint', 'sh', name, '-c', listing));
    assert.deepEqual(await files(ours), await files(theirs));
  });
}

test('an image built here runs under docker', needs, async () => {
  writeFileSync(`${folder}/context/Dockerfile`, dockerfiles.files ?? '');
  await ours('build', '-t', 'files', `${folder}/context`);
  await layoutOf(engine, folder, 'files');
  await skopeo(
    `oci:${folder}/files:latest`,
    'docker-daemon:from-tlab:latest',
    '--dest-daemon-host',
    docker.host[1] ?? '',
  );
  const expected = await ours('run', '--rm', 'files', 'sh', '-c', listing);
  assert.deepEqual(lines(await theirs('run', '--rm', 'from-tlab', 'sh', '-c', listing)), lines(expected));
});

test("an image of docker's builder runs here", needs, async () => {
  writeFileSync(`${folder}/context/Dockerfile`, dockerfiles.trigger ?? '');
  await theirs('build', '-t', 'theirs', `${folder}/context`);
  await skopeo(
    `docker-daemon:theirs:latest`,
    `oci-archive:${folder}/theirs.tar:docker.io/library/theirs:latest`,
    '--src-daemon-host',
    docker.host[1] ?? '',
  );
  const imported = await ctr(engine, 'images', 'import', `${folder}/theirs.tar`);
  assert.equal(imported.status, 0, imported.stderr);
  assert.equal(await ours('run', '--rm', 'theirs', 'echo', 'here'), 'here');
});
