// Images in and out of archives: what we commit, import and save is read by skopeo in both forms and loaded again; hostile archives leave nothing.
// Needs root, and Debian's docker.io (its command line) and skopeo.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const needsRoot = root();
let engine: TestEngine;

const docker = (...args: string[]) =>
  engine.inside('/usr/bin/docker', [...engine.dockerHost, ...args], { timeoutMs: 60_000 });
async function out(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(...args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout.trimEnd();
}

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('pull', 'busybox');
  await out('run', '--name', 'made', 'busybox', 'sh', '-c', 'echo hi > /new');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

test(
  'a committed image runs, is saved for skopeo in both forms, and is loaded again as it was',
  needsRoot,
  async () => {
    const change = ['-c', 'CMD ["cat", "/new"]', '-c', 'ENV A=b', '-m', 'why', '-a', 'who'];
    const id = await out('commit', ...change, 'made', 'made:1');
    assert.equal(await out('run', '--rm', 'made:1'), 'hi');
    const config = JSON.parse(await out('inspect', '--format', '{{json .Config}}', 'made:1'));
    assert.ok(config.Env.includes('A=b'));
    const file = `${engine.root}/made.tar`;
    await out('save', '-o', file, 'made:1');
    for (const form of ['docker-archive', 'oci-archive']) {
      const to = `${engine.root}/${form}`;
      await must('skopeo', ['copy', '--quiet', `${form}:${file}`, `dir:${to}`]);
      assert.ok(readdirSync(to).includes('manifest.json'), form);
    }
    await out('rmi', 'made:1');
    assert.equal(await out('load', '-i', file), 'Loaded image: made:1');
    assert.equal(await out('inspect', '--format', '{{.Id}}', 'made:1'), id);
    assert.equal(await out('run', '--rm', 'made:1'), 'hi');
  },
);

test('what skopeo writes is loaded', needsRoot, async () => {
  const from = `oci-archive:${engine.root}/made.tar`;
  await must('skopeo', ['copy', '--quiet', from, `docker-archive:${engine.root}/old.tar:skopeo:old`]);
  assert.equal(await out('load', '-i', `${engine.root}/old.tar`), 'Loaded image: skopeo:old');
  assert.equal(await out('run', '--rm', 'skopeo:old'), 'hi');
});

test('an export is imported, and only instructions that Docker allows change it', needsRoot, async () => {
  const file = `${engine.root}/files.tar`;
  await out('export', '-o', file, 'made');
  await out('import', '-c', 'CMD ["cat", "/new"]', file, 'imported:1');
  assert.equal(await out('run', '--rm', 'imported:1'), 'hi');
  assert.match((await docker('commit', '-c', 'RUN x', 'made')).stderr, /run is not a valid change command/);
});

test('a hostile archive is refused by name and leaves neither image nor folder', needsRoot, async () => {
  const manifest = (Config: string) => JSON.stringify([{ Config, RepoTags: ['evil:1'], Layers: [] }]);
  const attacks: Array<[RegExp, (folder: string) => void]> = [
    [
      /it is not there|leads out/,
      (folder) => writeFileSync(`${folder}/manifest.json`, manifest('../../../etc/hostname')),
    ],
    [
      /file "c": it leads out of the archive/,
      (folder) => {
        symlinkSync('/etc/passwd', `${folder}/c`);
        writeFileSync(`${folder}/manifest.json`, manifest('c'));
      },
    ],
    [/neither index\.json nor manifest\.json/, (folder) => writeFileSync(`${folder}/x`, 'nothing')],
    [/it is not JSON/, (folder) => writeFileSync(`${folder}/manifest.json`, '{')],
  ];
  const images = await out('images', '-q', '--no-trunc');
  for (const [index, [message, prepare]] of attacks.entries()) {
    const folder = `${engine.root}/attack-${index}`;
    mkdirSync(folder);
    prepare(folder);
    await must('tar', ['-C', folder, '-cf', `${folder}.tar`, '.']);
    const { status, stderr } = await docker('load', '-i', `${folder}.tar`);
    assert.equal(status, 1);
    assert.match(stderr, message);
    rmSync(folder, { recursive: true });
  }
  const { status } = await run('sh', ['-c', `head -c 60000 ${engine.root}/made.tar > ${engine.root}/cut.tar`]);
  assert.equal(status, 0);
  assert.match((await docker('load', '-i', `${engine.root}/cut.tar`)).stderr, /[Tt]runcated/);
  assert.equal(await out('images', '-q', '--no-trunc'), images);
  assert.deepEqual(readdirSync(`${engine.root}/data/load`), []);
});
