// What the docker command line sends of a context, and what ours sends: the same entries, for every .dockerignore of the table. The docker CLI is the
// judge; it sends to a daemon that only listens. Needs no root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { type PackOptions, packContext } from '../../src/cli/build/context.ts';
import { readTar } from '../../src/library/tar.ts';
import { age, makeContext, oldTime } from '../helpers/copy-lab.ts';
import { root as needsRoot } from '../helpers/root.ts';
import { startReceiver } from '../helpers/sent-context.ts';
import { run } from '../helpers/shell.ts';
import { ignoreCases, ignorePaths } from './ignore-cases.ts';

const base = mkdtempSync('/var/tmp/tlab-context-');
const receiver = await startReceiver();
after(async () => {
  await receiver.stop();
  rmSync(base, { recursive: true, force: true });
});

interface Docker {
  path: string;
  isNew: boolean;
}

async function dockers(): Promise<Docker[]> {
  const found = ['/usr/bin/docker', '/usr/local/bin/docker'].filter((path) => existsSync(path));
  return Promise.all(
    found.map(async (path) => {
      const { stdout } = await run(path, ['--version']);
      return { path, isNew: Number(/version (\d+)/.exec(stdout)?.[1] ?? 0) >= 23 };
    }),
  );
}
const judges = await dockers();
const needsDocker = { skip: judges.length === 0 ? 'needs the docker command line' : false };

const defaults: Omit<PackOptions, 'context'> = {
  file: undefined,
  stdin: Readable.from([]),
  target: undefined,
  buildArgs: {},
  triggersOf: async () => undefined,
};

async function packed(context: string, more: Partial<PackOptions> = {}): Promise<Buffer> {
  const { stream } = await packContext({ ...defaults, context, ...more });
  return buffer(stream);
}

const namesIn = (tar: Buffer): string[] => [...readTar(tar)].map(({ path }) => path).sort();

function makePaths(folder: string): void {
  for (const path of ignorePaths) {
    mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true });
    writeFileSync(`${folder}/${path}`, path);
  }
}

const paths = `${base}/paths`;
makePaths(paths);

for (const { text, isDeeper = false, isNewer = false } of ignoreCases)
  test(`.dockerignore ${JSON.stringify(text)} leaves out what docker leaves out`, needsDocker, async () => {
    writeFileSync(`${paths}/.dockerignore`, text);
    const ours = await packed(paths).then(namesIn, (error: Error) => `refused: ${error.message}`);
    for (const { path } of judges.filter(({ isNew }) => isNew || !isNewer)) {
      const { status, body, stderr } = await receiver.build([paths], { docker: path });
      if (typeof ours === 'string') assert.notEqual(status, 0, `${path} takes it; ours: ${ours}`);
      else if (isDeeper)
        assert.ok(namesIn(body).every((name) => ours.includes(name)) && ours.length > namesIn(body).length);
      else assert.deepEqual(ours, namesIn(body), `${path}: ${stderr}`);
    }
  });

test("entries are docker's: types, modes, owners, times, targets, hard links, contents", {
  ...needsDocker,
  ...needsRoot(),
}, async () => {
  const context = `${base}/everything/context`;
  makeContext(context);
  writeFileSync(`${context}/Dockerfile`, 'FROM scratch\nCOPY . /\n');
  execFileSync('mkfifo', [`${context}/fifo`]);
  const socket = createServer().listen(`${context}/socket`);
  await new Promise((resolve) => socket.once('listening', resolve));
  symlinkSync('.', `${context}/loop`);
  writeFileSync(`${context}/${'long'.repeat(30)}`, 'a name that ustar cannot hold');
  age(context);
  try {
    const ours = [...readTar(await packed(context))];
    for (const { path } of judges) {
      const { body } = await receiver.build([context], { docker: path });
      assert.deepEqual(ours, [...readTar(body)], path);
    }
    assert.ok(ours.every(({ mtime, uid }) => mtime === oldTime && uid === 0));
    assert.deepEqual(await packed(context), await packed(context), 'the same bytes every time');
  } finally {
    socket.close();
  }
});

test('a Dockerfile from the standard input or from elsewhere comes under a name that is not copied', async () => {
  const elsewhere = `${base}/elsewhere.Dockerfile`;
  writeFileSync(elsewhere, 'FROM scratch\nCOPY a.txt /\n');
  writeFileSync(`${paths}/.dockerignore`, '*.md');
  for (const more of [
    { file: elsewhere },
    { file: '-', stdin: Readable.from([Buffer.from('FROM scratch\nCOPY a.txt /\n')]) },
  ]) {
    const { stream, dockerfile } = await packContext({ ...defaults, context: paths, ...more });
    const entries = [...readTar(await buffer(stream))];
    assert.match(dockerfile, /^\.dockerfile\.[0-9a-f]{20}$/);
    assert.deepEqual(entries.map(({ path }) => path).sort(), [dockerfile, '.dockerignore', 'a.txt']);
    const ignore = entries.find(({ path }) => path === '.dockerignore');
    assert.equal(Buffer.from(ignore?.data ?? []).toString(), `*.md\n.dockerignore\n${dockerfile}\n`);
  }
});

test('a Dockerfile in the context may have an ignore file of its own', async () => {
  const folder = `${base}/specific`;
  mkdirSync(folder);
  for (const [name, text] of [
    ['prod.Dockerfile', 'FROM scratch\nCOPY . /\n'],
    ['prod.Dockerfile.dockerignore', 'dev'],
    ['.dockerignore', 'prod'],
    ['dev', ''],
    ['prod', ''],
  ] as const)
    writeFileSync(`${folder}/${name}`, text);
  assert.deepEqual(namesIn(await packed(folder, { file: `${folder}/prod.Dockerfile` })), [
    '.dockerignore',
    'prod',
    'prod.Dockerfile',
    'prod.Dockerfile.dockerignore',
  ]);
});

test('a context from the standard input: an archive as it is, a Dockerfile alone', { ...needsDocker }, async () => {
  const text = 'FROM scratch\n';
  const { stream, dockerfile } = await packContext({
    ...defaults,
    context: '-',
    stdin: Readable.from([Buffer.from(text)]),
  });
  const [entry] = readTar(await buffer(stream));
  assert.deepEqual(
    [entry?.path, Buffer.from(entry?.data ?? []).toString(), dockerfile],
    ['Dockerfile', text, 'Dockerfile'],
  );
  for (const flag of ['', '-z', '-j', '-J']) {
    const archive = execFileSync('tar', [...(flag === '' ? [] : [flag]), '-cf', '-', '-C', paths, '.']);
    assert.deepEqual(
      await packed('-', { stdin: Readable.from([archive.subarray(0, 100), archive.subarray(100)]) }),
      archive,
    );
  }
});

interface UsedCase {
  dockerfile: string;
  sent: string[] | 'all';
  more?: Partial<PackOptions>;
}

const used: UsedCase[] = [
  { dockerfile: 'FROM scratch\nCOPY a.txt /', sent: ['a.txt'] },
  {
    dockerfile: 'FROM scratch\nCOPY src/lib /',
    sent: ['src', 'src/lib', 'src/lib/deep', 'src/lib/deep/deep.go', 'src/lib/lib.go', 'src/lib/lib.txt'],
  },
  { dockerfile: 'FROM scratch\nCOPY *.txt /\nADD https://example.com/x /', sent: ['a.txt', 'b.txt'] },
  { dockerfile: 'FROM scratch\nCOPY src/*.go /', sent: ['src', 'src/main.go', 'src/main_test.go'] },
  { dockerfile: 'FROM scratch AS one\nCOPY a.txt /\nFROM scratch\nCOPY b.txt /', sent: ['b.txt'] },
  { dockerfile: 'FROM scratch AS one\nCOPY a.txt /\nFROM scratch\nCOPY --from=one a.txt /', sent: ['a.txt'] },
  { dockerfile: 'FROM scratch AS one\nCOPY a.txt /\nFROM one\nCOPY b.txt /', sent: ['a.txt', 'b.txt'] },
  {
    dockerfile: 'FROM scratch AS one\nCOPY a.txt /\nFROM scratch\nCOPY b.txt /',
    sent: ['a.txt'],
    more: { target: 'ONE' },
  },
  { dockerfile: 'FROM scratch\nARG F=a.txt\nCOPY $F /', sent: ['a.txt'] },
  { dockerfile: 'FROM scratch\nARG F=a.txt\nCOPY $F /', sent: ['b.txt'], more: { buildArgs: { F: 'b.txt' } } },
  { dockerfile: 'FROM scratch\nCOPY $F /', sent: 'all' },
  { dockerfile: 'FROM image\nCOPY a.txt /', sent: 'all' },
  { dockerfile: 'FROM image\nCOPY a.txt /', sent: ['a.txt'], more: { triggersOf: async () => [] } },
  {
    dockerfile: 'FROM image\nCOPY a.txt /',
    sent: ['LICENSE', 'a.txt'],
    more: { triggersOf: async () => ['COPY LICENSE /'] },
  },
  { dockerfile: 'FROM scratch\nRUN --mount=source=b.txt,target=/b true', sent: ['b.txt'] },
  { dockerfile: 'FROM scratch\nRUN --mount=type=bind,target=/b true', sent: 'all' },
  { dockerfile: 'FROM scratch\nRUN --mount=type=cache,target=/b true\nCOPY <<A a.txt /\nx\nA', sent: ['a.txt'] },
  { dockerfile: 'FROM scratch\nNONSENSE', sent: 'all' },
];

for (const { dockerfile, sent, more } of used)
  test(`only what is used is sent: ${JSON.stringify(dockerfile)} ${more === undefined ? '' : Object.keys(more).join()}`, async () => {
    writeFileSync(`${paths}/.dockerignore`, '');
    writeFileSync(`${paths}/Dockerfile`, dockerfile);
    const names = namesIn(await packed(paths, more));
    if (sent === 'all') assert.ok(names.length > ignorePaths.length);
    else assert.deepEqual(names, ['.dockerignore', 'Dockerfile', ...sent].sort());
  });

test('a symlink brings what it leads to, inside of the context', async () => {
  const folder = `${base}/links`;
  mkdirSync(`${folder}/dir/inner`, { recursive: true });
  for (const name of ['dir/inner/file', 'other', 'more']) writeFileSync(`${folder}/${name}`, name);
  symlinkSync('dir/inner', `${folder}/link`);
  symlinkSync('/../../more', `${folder}/absolute`);
  symlinkSync('loop', `${folder}/loop`);
  writeFileSync(`${folder}/Dockerfile`, 'FROM scratch\nCOPY link/file absolut* loop /\n');
  assert.deepEqual(namesIn(await packed(folder)), [
    'Dockerfile',
    'absolute',
    'dir',
    'dir/inner',
    'dir/inner/file',
    'link',
    'loop',
    'more',
  ]);
});

test('what cannot be a context is refused by name', async () => {
  for (const remote of ['https://example.com/x.tar', 'git@github.com:x/y', 'git://x/y', 'github.com/x/y'])
    await assert.rejects(packed(remote), /remote contexts are not fetched/);
  await assert.rejects(packed(`${base}/none`), /path ".*none" not found/);
  await assert.rejects(packed(`${paths}/a.txt`), /context must be a directory/);
  await assert.rejects(packed(paths, { file: `${base}/none` }), /no such file or directory/);
  await assert.rejects(packed('-', { file: '-' }), /can't use stdin for both/);
  assert.ok(readdirSync(paths).length > 0);
});
