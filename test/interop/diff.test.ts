// A layer of the same changes by tlab-containerd and by a real containerd, asked for by the real ctr: the same entries.
// Needs root, and Debian's containerd, busybox-static.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeArchive } from '../helpers/oci-archive.ts';
import { Containerd, missing } from '../helpers/real-containerd.ts';
import { must, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = new URL('../../src/containerd/main.ts', import.meta.url).pathname;
const options = { skip: missing() };

let folder = '';
let ours = '';
let server: ReturnType<typeof start>;
let real: Containerd;

before(async () => {
  if (options.skip !== false) return;
  folder = mkdtempSync('/var/tmp/tlab-diff-');
  ours = `${folder}/run/containerd/containerd.sock`;
  real = new Containerd({});
  await real.start();
  server = start(process.execPath, [program], {
    env: { TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` },
  });
  await waitUntil(() => existsSync(ours), { what: 'the server to listen' });
  await makeArchive(folder);
  for (const address of [ours, `${real.root}/c.sock`])
    await must('ctr', [
      '-a',
      address,
      'images',
      'import',
      '--base-name',
      'docker.io/library/hello',
      `${folder}/image.tar`,
    ]);
});

after(async () => {
  if (options.skip !== false) return;
  await real.dispose();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that a container does to files: what is new, changed, moved, hidden and replaced. */
const changes = [
  'echo changed >> etc/hello',
  'mkdir -p new/deep && echo x > new/deep/file && ln new/deep/file new/hard',
  'ln -s /nowhere link',
  'mknod console c 5 1 && mkfifo pipe',
  'rm bin/sh',
  'rm -r etc && mkdir etc && echo again > etc/only',
  'chmod 700 bin',
  'chown 3000000:4000000 link -h',
  'touch -h -d @1000000000.5 new/deep/file new/deep new etc etc/only bin console pipe link',
].join(' && ');

/** `ctr snapshots diff` of an active snapshot after the changes: the archive's file. */
async function diffBy(address: string, name: string, flags: string[] = []): Promise<string> {
  const ctr = (...args: string[]) => must('ctr', ['-a', address, ...args]);
  const parent = (await ctr('snapshots', 'ls'))
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/));
  const top = parent.find(([, above]) => above?.startsWith('sha256:'))?.[0] ?? '';
  await ctr('snapshots', 'prepare', name, top);
  const place = `${folder}/${name}`;
  mkdirSync(place);
  const mount = await ctr('snapshots', 'mounts', place, name);
  await must('unshare', ['-m', 'sh', '-ec', `${mount}\ncd ${place}\n${changes}`]);
  const out = `${folder}/${name}.layer`;
  await must('sh', ['-c', `ctr -a ${address} snapshots diff ${flags.join(' ')} ${name} > ${out}`]);
  await ctr('snapshots', 'rm', name);
  return out;
}

/**
 * Whiteouts have no attributes that mean anything. containerd compares the mounted trees, and so names what a new directory in the place
 * of an old one hides, where ours says that it hides all. Its times have no fractions of a second.
 */
async function entries(file: string): Promise<string[]> {
  const lines = (await must('tar', ['--numeric-owner', '--full-time', '-tvf', file])).split('\n');
  return lines
    .map((line) =>
      line
        .replace(/^.*(\s\S*\.wh\.\S+)$/, '$1')
        .replace(/\.\d+ /, ' ')
        .replace('.wh..wh..opq', '.wh.hello')
        .replace(/\s+/g, ' '),
    )
    .sort();
}

test('the layer of a changed snapshot has the entries that containerd gives it', options, async () => {
  const [mine, theirs] = [await diffBy(ours, 'mine'), await diffBy(`${real.root}/c.sock`, 'theirs')];
  assert.deepEqual(await entries(mine), await entries(theirs));
});

test('each media type is what it says, and labels tell the diff id', options, async () => {
  const tar = await diffBy(ours, 'tar', ['--keep', '--media-type', 'application/vnd.oci.image.layer.v1.tar']);
  const gzip = await diffBy(ours, 'gz', ['--keep']);
  const diffId = `sha256:${(await must('sha256sum', [tar])).slice(0, 64)}`;
  writeFileSync(`${gzip}.tar`, '');
  assert.equal(`sha256:${(await must('sh', ['-c', `gunzip < ${gzip} | sha256sum`])).slice(0, 64)}`, diffId);
  const digest = `sha256:${(await must('sha256sum', [gzip])).slice(0, 64)}`;
  const listed = (await must('ctr', ['-a', ours, 'content', 'ls'])).split('\n').find((line) => line.startsWith(digest));
  assert.match(listed ?? '', new RegExp(`containerd.io/uncompressed=${diffId}`));
});

test('mounts that are no snapshot and its parent are refused', options, async () => {
  const ctr = (...args: string[]) => must('ctr', ['-a', ours, ...args]);
  await ctr('snapshots', 'prepare', 'alone');
  const keys = (await ctr('snapshots', 'ls'))
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? '');
  const base = keys.find((key) => key.startsWith('sha256:')) ?? '';
  await assert.rejects(ctr('snapshots', 'diff', '--media-type', 'text/plain', 'alone'), /unsupported diff media type/);
  await ctr('snapshots', 'prepare', 'other', base);
  await assert.rejects(ctr('snapshots', 'diff', 'other', 'alone'), /mounts .* with one more on top/);
});
