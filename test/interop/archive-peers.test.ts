// Archives between us and the peers, both ways: what we save runs under a real dockerd and podman and is imported by a real containerd, and what
// they save runs here. A commit has in its layer what docker's has. Needs root, docker.io, containerd, podman.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { makeArchive } from '../helpers/oci-archive.ts';
import { Containerd, missing } from '../helpers/real-containerd.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const options = { skip: missing('dockerd', 'podman') };
let engine: TestEngine;
let docker: RealDocker;
let containerd: Containerd;
let ours = '';
let theirs = '';

before(async () => {
  if (options.skip !== false) return;
  containerd = new Containerd({});
  [engine, docker] = await Promise.all([startEngine(), startRealDocker(), containerd.start()]);
  ours = `${engine.root}/ours.tar`;
  theirs = `${engine.root}/theirs.tar`;
  await must('sh', ['-c', `docker ${docker.host.join(' ')} save busybox | docker ${engine.dockerHost.join(' ')} load`]);
  await engine.must('run', '--name', 'made', 'busybox', 'sh', '-c', changes);
  await engine.must('commit', '-c', 'CMD ["cat", "/new"]', 'made', 'made:1');
  await engine.must('save', '-o', ours, 'made:1');
  await docker.docker('run', '--network', 'none', '--name', 'made', 'busybox', 'sh', '-c', changes);
  await docker.docker('commit', '-c', 'CMD ["cat", "/new"]', 'made', 'theirs:1');
  await docker.docker('save', '-o', theirs, 'theirs:1');
});
after(async () => {
  if (options.skip !== false) return;
  await containerd?.dispose();
  await docker?.stop();
  await engine?.stop();
});

const changes = 'echo hi > /new; mkdir -p /var/empty /etc/own; touch /etc/own/file; rm /bin/yes; chmod 700 /var';

/** Type, mode, owner and name of each entry of the topmost layer. */
async function topLayer(archive: string): Promise<string[]> {
  const manifest = JSON.parse(await must('tar', ['-xOf', archive, 'manifest.json'])) as [{ Layers: string[] }];
  const path = manifest[0].Layers.at(-1) ?? '';
  const listed = await must('sh', ['-c', `tar -xOf ${archive} ${path} | gzip -dcf | tar --numeric-owner -tvf -`]);
  // A whiteout has no attributes that mean anything.
  const entry = (line: string): string =>
    line.replace(/ +\d+ [\d-]+ [\d:]+ /, ' ').replace(/^.*(\s\S*\.wh\.\S+)$/, '$1');
  return listed.split('\n').map(entry).sort();
}

test("a commit's layer has the entries of docker's, and no mount points of the engine", options, async () => {
  const entries = await topLayer(ours);
  assert.deepEqual(entries, await topLayer(theirs));
  assert.ok(entries.some((entry) => entry.endsWith('etc/own/file')));
});

test('what we save is loaded and run by a real dockerd, and the reverse', options, async () => {
  assert.equal(await docker.docker('load', '-i', ours), 'Loaded image: made:1');
  assert.equal(await docker.docker('run', '--rm', '--network', 'none', 'made:1'), 'hi');
  const id = await engine.must('inspect', '--type', 'image', '--format', '{{.Id}}', 'made:1');
  assert.equal(await docker.docker('inspect', '--format', '{{.Id}}', 'made:1'), id);
  assert.equal(await engine.must('load', '-i', theirs), 'Loaded image: theirs:1');
  assert.equal(await engine.must('run', '--rm', 'theirs:1'), 'hi');
});

test(
  'what we save is imported by a real containerd under its name and digest, and what ctr exports runs here',
  options,
  async () => {
    const name = 'docker.io/library/made:1';
    const ctr = (...args: string[]) => {
      const ran = containerd.ctr(...args);
      assert.equal(ran.status, 0, ran.stderr);
      return ran.stdout;
    };
    ctr('images', 'import', ours);
    const index = JSON.parse(await must('tar', ['-xOf', ours, 'index.json'])) as { manifests: [{ digest: string }] };
    const [digest = ''] = index.manifests.map((one) => one.digest);
    assert.match(ctr('images', 'ls', `name==${name}`), new RegExp(digest));
    const place = `${engine.root}/mounted`;
    mkdirSync(place);
    ctr('images', 'mount', name, place);
    try {
      assert.equal(readFileSync(`${place}/new`, 'utf8'), 'hi\n');
    } finally {
      ctr('images', 'unmount', '--rm', place);
    }
    ctr('images', 'tag', name, 'docker.io/library/from-ctr:1');
    ctr('images', 'export', `${engine.root}/ctr.tar`, 'docker.io/library/from-ctr:1');
    assert.equal(await engine.must('load', '-i', `${engine.root}/ctr.tar`), 'Loaded image: from-ctr:1');
    assert.equal(await engine.must('run', '--rm', 'from-ctr:1'), 'hi');
  },
);

test('what we save is loaded and run by podman, and what podman saves in both forms runs here', options, async () => {
  const place = `${engine.root}/podman`;
  const storage = ['--root', `${place}/root`, '--runroot', `${place}/run`, '--storage-driver', 'vfs'];
  const podman = (...args: string[]) => must('podman', [...storage, ...args]);
  assert.match(await podman('load', '-q', '-i', ours), /docker\.io\/library\/made:1/);
  // crun refuses hybrid cgroups where it sees them, and podman would raise limits that this host may not let it raise.
  const flags = '--network none --cgroups disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000';
  const command = `podman ${storage.join(' ')} run --rm ${flags} made:1`;
  const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec';
  const ran = await run('unshare', ['--mount', 'sh', '-c', `${hide} ${command}`]);
  assert.equal(ran.stdout, 'hi\n', ran.stderr);
  for (const form of ['docker-archive', 'oci-archive']) {
    await podman('tag', 'made:1', `localhost/podman:${form}`);
    const file = `${engine.root}/${form}.tar`;
    await podman('save', '-q', '--format', form, '-o', file, `localhost/podman:${form}`);
    assert.equal(await engine.must('load', '-i', file), `Loaded image: localhost/podman:${form}`);
    assert.equal(await engine.must('run', '--rm', `localhost/podman:${form}`), 'hi');
  }
});

/** An archive whose index names the image for this machine and the same for another, with one more layer's worth of configuration. */
async function severalPlatforms(folder: string): Promise<string> {
  mkdirSync(folder);
  await makeArchive(folder);
  const layout = `${folder}/layout`;
  const read = (digest: string) => JSON.parse(readFileSync(`${layout}/blobs/sha256/${digest.slice(7)}`, 'utf8'));
  const put = (mediaType: string, value: unknown) => {
    const bytes = JSON.stringify(value);
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(`${layout}/blobs/sha256/${hex}`, bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const top = JSON.parse(readFileSync(`${layout}/index.json`, 'utf8')) as {
    manifests: [{ mediaType: string; digest: string; size: number }];
  };
  const { mediaType, digest, size } = top.manifests[0];
  const manifest = read(digest);
  const { architecture } = read(manifest.config.digest);
  const config = put(manifest.config.mediaType, { ...read(manifest.config.digest), architecture: 's390x' });
  const other = put(mediaType, { ...manifest, config });
  const index = put('application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { mediaType, digest, size, platform: { os: 'linux', architecture } },
      { ...other, platform: { os: 'linux', architecture: 's390x' } },
    ],
  });
  const annotations = { 'io.containerd.image.name': 'docker.io/library/several:1' };
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] }));
  await must('tar', ['-C', layout, '-cf', `${folder}/several.tar`, '.']);
  return `${folder}/several.tar`;
}

test('of an archive for several platforms all are kept, or the one that is asked for', options, async () => {
  const archive = await severalPlatforms(`${engine.root}/several`);
  const ctr = (...args: string[]) =>
    engine.inside('ctr', ['-a', `${engine.root}/run/containerd/containerd.sock`, '-n', 'moby', ...args]);
  const platforms = async () => (await ctr('images', 'ls', 'name==docker.io/library/several:1')).stdout;
  assert.equal(await engine.must('load', '-i', archive), 'Loaded image: several:1');
  assert.match(await platforms(), /linux\/\w+,linux\/s390x|linux\/s390x,linux\/\w+/);
  assert.equal(await engine.must('run', '--rm', 'several:1', 'cat', '/etc/hello'), 'hi');
  // Saved with both, and loaded again with both.
  await engine.must('save', '-o', `${engine.root}/again.tar`, 'several:1');
  await engine.must('rmi', 'several:1');
  await engine.must('load', '-i', `${engine.root}/again.tar`);
  assert.match(await platforms(), /s390x/);
  // Or one of them, which is then a manifest and no index.
  await engine.must('save', '-o', `${engine.root}/one.tar`, '--platform', 'linux/s390x', 'several:1');
  const index = await must('tar', ['-xOf', `${engine.root}/one.tar`, 'index.json']);
  assert.deepEqual(
    JSON.parse(index).manifests.map((one: { platform: object }) => one.platform),
    [{ architecture: 's390x', os: 'linux' }],
  );
  const none = await engine.tlab(['save', '-o', `${engine.root}/none.tar`, '--platform', 'linux/ppc64le', 'several:1']);
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /several:1 was found but does not provide the specified platform \(linux\/ppc64le\)\n.*linux\/s390x/,
  );
  await engine.must('rmi', 'several:1');
  await engine.must('load', '-i', archive, '--platform', 'linux/s390x');
  assert.equal(await engine.must('inspect', '--type', 'image', '--format', '{{.Architecture}}', 'several:1'), 's390x');
  const wrong = await engine.tlab(['load', '-i', archive, '--platform', 'linux/ppc64le']);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /has no manifest for linux\/ppc64le\n.*linux\/\w+, linux\/s390x/);
});

test('an import fetches by http, and refuses what it cannot', options, async () => {
  const folder = `${engine.root}/served`;
  mkdirSync(folder);
  await engine.must('export', '-o', `${folder}/files.tar`, 'made');
  const address = '127.0.0.1:8099';
  const server = start('nsenter', [...engine.enter, 'busybox', 'httpd', '-f', '-p', address, '-h', folder]);
  try {
    const isThere = async () =>
      (await engine.inside('curl', ['-sf', '-o', '/dev/null', `http://${address}/files.tar`])).status === 0;
    await waitUntil(isThere, { what: 'the server' });
    await engine.must('import', '-c', 'CMD ["cat", "/new"]', `http://${address}/files.tar`, 'fetched:1');
    assert.equal(await engine.must('run', '--rm', 'fetched:1'), 'hi');
    assert.match(
      await engine.must('history', '--no-trunc', 'fetched:1'),
      /Imported from http:\/\/127\.0\.0\.1:8099\/files\.tar/,
    );
    const refused: Array<[string, RegExp]> = [
      [`http://${address}/none.tar`, /fetching http:\/\/\S+\/none\.tar: the server answers 404/],
      ['ftp://example.com/x.tar', /fetching by ftp, expected http or https/],
      [`${engine.root}/none.tar`, /open \S+none\.tar: no such file or directory/],
    ];
    for (const [source, message] of refused) {
      const { status, stderr } = await engine.tlab(['import', source, 'refused:1']);
      assert.equal(status, 1, source);
      assert.match(stderr, message);
    }
    assert.doesNotMatch(await engine.must('images'), /refused/);
  } finally {
    await server.stop();
  }
});
