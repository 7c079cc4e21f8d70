// The same Dockerfiles built here and by buildah: the same configuration, the same files; and an image built here runs under podman.
// Needs root, buildah and podman.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { dockerfiles, keys, layoutOf, lines, listing, makeContext, settings } from '../helpers/build-peers.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const needs = root();
let engine: TestEngine;
let folder: string;

before(async () => {
  if (needs.skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-peers-');
  makeContext(`${folder}/context`);
  engine = await startEngine();
  await engine.must('pull', 'busybox');
  await layoutOf(engine, folder, 'busybox');
  await buildah('pull', '-q', 'oci:busybox:latest');
  await buildah('tag', (await buildah('images', '-q', '--no-trunc')).trim(), 'localhost/base:latest');
  await engine.must('tag', 'busybox', 'base');
});
after(async () => {
  if (needs.skip !== false) return;
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Names of images come from paths, and those are lower case: paths are relative to the folder. */
const storage = () => ['--root', `${folder}/storage`, '--runroot', `${folder}/storage-run`, '--storage-driver', 'vfs'];
const buildah = (...args: string[]): Promise<string> =>
  must('buildah', [...storage(), ...args], { cwd: folder, timeoutMs: 120_000 });
const flags = ['--build-arg', 'WHAT=given', '--label', 'last=one'];

async function ours(name: string, dockerfile: string): Promise<Record<string, unknown>> {
  writeFileSync(`${folder}/context/Dockerfile`, dockerfile);
  await engine.must('build', ...flags, '-t', name, `${folder}/context`);
  const [image] = JSON.parse(await engine.must('inspect', '--type', 'image', name)) as [
    { Config: Record<string, unknown> },
  ];
  return image.Config;
}

for (const [name, dockerfile] of Object.entries(dockerfiles)) {
  test(`${name}: buildah gives the same configuration and files`, needs, async () => {
    const own = await ours(name, dockerfile);
    const how = ['--isolation', 'chroot', '--format', 'docker', '--pull-never', '-q'];
    await buildah('bud', ...how, ...flags, '-t', name, `${folder}/context`);
    const { config } = (
      JSON.parse(await buildah('inspect', '--type', 'image', name)) as { Docker: { config: Record<string, unknown> } }
    ).Docker;
    const { 'io.buildah.version': _version, ...Labels } = (config.Labels ?? {}) as Record<string, string>;
    // buildah gives CMD to /bin/sh whatever SHELL says; docker's builder and ours to that of SHELL.
    const wanted = name === 'shell' ? keys.filter((key) => key !== 'Cmd') : keys;
    assert.deepEqual(settings(own, wanted), settings({ ...config, Labels }, wanted));
    // A container of it would run the triggers.
    if (name === 'trigger') return;
    const container = await buildah('from', '--pull-never', '-q', name);
    const listed = await buildah('run', '--isolation', 'chroot', '--user', '0', container, 'sh', '-c', listing);
    await buildah('rm', container);
    assert.deepEqual(
      lines(await engine.must('run', '--rm', '--user', '0', '--entrypoint', 'sh', name, '-c', listing)),
      lines(listed),
    );
  });
}

test('an image built here runs under podman', needs, async () => {
  await ours('files', dockerfiles.files ?? '');
  await layoutOf(engine, folder, 'files');
  const id = await must('podman', [...storage(), 'pull', '-q', 'oci:files:latest'], { cwd: folder });
  // crun refuses hybrid cgroups where it sees them, and podman would raise limits that this host may not let it raise.
  const flags = '--network none --cgroups disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000';
  const command = `podman ${storage().join(' ')} run --rm ${flags} ${id.trim()} cat /c /made/here/one`;
  const ran = await run('unshare', [
    '--mount',
    'sh',
    '-c',
    `umount /sys/fs/cgroup/unified 2>/dev/null; exec ${command}`,
  ]);
  assert.equal(ran.stdout, 'file\n1\n', ran.stderr);
});
