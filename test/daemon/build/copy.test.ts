// COPY and ADD where no docker of the test knows them: --parents, --exclude, --chmod, heredocs, downloads; and what the checksum depends on.
// Root: owners are set.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { binaries } from '../../helpers/binaries.ts';
import { makeBase, makeContext, oldTime, treeLines } from '../../helpers/copy-lab.ts';
import { root } from '../../helpers/root.ts';

const base = mkdtempSync('/var/tmp/tlab-copy-');
process.env.TLAB_DATA_ROOT = `${base}/data`;
const { resolveSources } = await import('../../../src/daemon/build/copy/resolve.ts');
const { copySources } = await import('../../../src/daemon/build/copy/copy.ts');
const { copyOf } = await import('../../../src/daemon/build/copy/request.ts');
const { parseDockerfile } = await import('../../../src/dockerfile/parse.ts');
type Options = Parameters<typeof resolveSources>[2];
const isRoot = process.getuid?.() === 0;
const context = `${base}/lab/context`;
if (isRoot) makeContext(context);

after(() => {
  assert.deepEqual(
    existsSync(`${base}/data/build/made`) ? readdirSync(`${base}/data/build/made`) : [],
    [],
    'nothing made is left',
  );
  rmSync(base, { recursive: true, force: true });
});

const variables: Record<string, string> = { NAME: 'value' };

async function resolve(lines: string, from = context, options: Partial<Options> = {}) {
  const [instruction] = parseDockerfile(`FROM x\n${lines}\n`).stages[0]?.instructions ?? [];
  if (instruction === undefined) throw new Error(lines);
  const request = copyOf(instruction, { lookup: (name) => variables[name] });
  return resolveSources(from, request, { binaryFolder: binaries, isContext: from === context, ...options });
}

async function checksum(lines: string, from = context, options: Partial<Options> = {}): Promise<string> {
  const resolved = await resolve(lines, from, options);
  await resolved.release();
  return resolved.checksum;
}

/** What is in a new, empty root afterwards. */
async function copied(
  lines: string,
  {
    from = context,
    newestTime,
    hasLines = true,
    ...options
  }: Partial<Options> & { from?: string; newestTime?: number; hasLines?: boolean } = {},
) {
  const rootfs = mkdtempSync(`${base}/rootfs-`);
  const resolved = await resolve(lines, from, options);
  try {
    await copySources(resolved, {
      binaryFolder: binaries,
      rootfs,
      workdir: '/work',
      ...(newestTime === undefined ? {} : { newestTime }),
    });
  } finally {
    await resolved.release();
  }
  return { rootfs, lines: hasLines ? treeLines(rootfs) : [] };
}

const paths = async (lines: string): Promise<string[]> =>
  (await copied(lines)).lines.map((line) => line.split(' ')[0] ?? '');

const tables: Array<[string, string[]]> = [
  [
    'COPY --parents deep/a/b/c/f.txt /to/',
    ['/to', '/to/deep', '/to/deep/a', '/to/deep/a/b', '/to/deep/a/b/c', '/to/deep/a/b/c/f.txt'],
  ],
  ['COPY --parents ./deep/a/./b/c/f.txt /to/', ['/to', '/to/b', '/to/b/c', '/to/b/c/f.txt']],
  [
    'COPY --parents deep/**/f.txt /to/',
    [
      '/to',
      '/to/deep',
      '/to/deep/a',
      '/to/deep/a/b',
      '/to/deep/a/b/c',
      '/to/deep/a/b/c/f.txt',
      '/to/deep/d',
      '/to/deep/d/f.txt',
    ],
  ],
  ['COPY --parents deep/d /to/', ['/to', '/to/deep', '/to/deep/d', '/to/deep/d/f.txt']],
  ['COPY --parents a.txt b.txt /to/', ['/to', '/to/a.txt', '/to/b.txt']],
  ['COPY --parents --exclude=deep/a deep /to/', ['/to', '/to/deep', '/to/deep/d', '/to/deep/d/f.txt']],
  ['COPY --exclude=b* *.txt /to/', ['/to', '/to/a.txt', '/to/arr[0].txt']],
  ['COPY --exclude=y --exclude=**/link dir /to', ['/to', '/to/absolute', '/to/broken', '/to/empty', '/to/x']],
  ['COPY --exclude=* --exclude=!y dir /to', ['/to', '/to/y', '/to/y/z']],
  ['COPY --exclude=**/f.txt deep /to', ['/to', '/to/a', '/to/a/b', '/to/a/b/c', '/to/d']],
  ['ADD --unpack=false plain.tar /to/', ['/to', '/to/plain.tar']],
  ['ADD zstd.tar.zst /to/', ['/to', '/to/inner', '/to/inner/f', '/to/inner/l']],
];
for (const [lines, wanted] of tables)
  test(`${lines} copies ${wanted.at(-1)}`, root(), async () => assert.deepEqual(await paths(lines), wanted));

test('--parents keeps mode and time of the directories on the way', root(), async () => {
  const { lines } = await copied('COPY --parents dir/y/z /to/');
  assert.deepEqual(lines.slice(1, 3), ['/to/dir directory 755 0:0 old', '/to/dir/y directory 750 0:0 old']);
});

test('--chmod is for files and directories, and not for links', root(), async () => {
  const { rootfs } = await copied('COPY --chmod=2711 --chown=3:4 dir /to');
  for (const path of ['to/x', 'to/y', 'to/y/z'])
    assert.equal((statSync(`${rootfs}/${path}`).mode & 0o7777).toString(8), '2711', path);
  assert.equal(lstatSync(`${rootfs}/to/link`).uid, 3);
});

test('a heredoc is a file, its variables replaced unless its name is quoted', root(), async () => {
  const { rootfs, lines } = await copied('COPY <<one <<"two" /to/\n$NAME "x" \\$NAME\none\n$NAME\ntwo');
  assert.deepEqual(
    lines.map((line) => line.split(' ').slice(0, 4).join(' ')),
    ['/to directory 755 0:0', '/to/one file 644 0:0', '/to/two file 644 0:0'],
  );
  assert.equal(readFileSync(`${rootfs}/to/one`, 'utf8'), 'value "x" $NAME\n');
  assert.equal(readFileSync(`${rootfs}/to/two`, 'utf8'), '$NAME\n');
});

test('no time is later than SOURCE_DATE_EPOCH', root(), async () => {
  const { rootfs } = await copied('COPY dir a.txt /to/deep/', { newestTime: oldTime - 1000 });
  for (const path of ['to', 'to/deep', 'to/deep/a.txt', 'to/deep/y', 'to/deep/y/z'])
    assert.equal(statSync(`${rootfs}/${path}`).mtimeMs / 1000, oldTime - 1000, path);
});

test('capabilities, other attributes, holes and names of any bytes are copied', root(), async () => {
  const from = mkdtempSync(`${base}/tree-`);
  writeFileSync(`${from}/sparse`, '');
  execFileSync('truncate', ['-s', '64M', `${from}/sparse`]);
  writeFileSync(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff, 0x61, 0xfe])]), 'bytes');
  execFileSync('python3', [
    '-c',
    `import os; open('${from}/cap','w'); os.setxattr('${from}/cap','security.capability',bytes.fromhex('0100000200040000000000000000000000000000')); os.setxattr('${from}/cap','user.mine',b'1')`,
  ]);
  const { rootfs } = await copied('COPY . /to', { from, hasLines: false });
  const names = readdirSync(Buffer.from(`${rootfs}/to`), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  assert.deepEqual(names.sort(), ['cap', 'sparse', 'ÿaþ']);
  const { size, blocks } = statSync(`${rootfs}/to/sparse`);
  assert.ok(size === 64 * 1024 ** 2 && blocks * 512 < 1024 ** 2, `${blocks} blocks`);
  const attributes = execFileSync('python3', ['-c', `import os; print(sorted(os.listxattr('${rootfs}/to/cap')))`], {
    encoding: 'utf8',
  });
  assert.match(attributes, /security\.capability.*user\.mine/);
});

const setAttribute = (path: string, name: string, value: string): void =>
  void execFileSync('python3', ['-c', `import os; os.setxattr('${path}','${name}',b'${value}')`]);

test('the checksum depends on names, types, modes, targets and contents, and on no time', root(), async () => {
  const from = mkdtempSync(`${base}/sum-`);
  mkdirSync(`${from}/d`);
  writeFileSync(`${from}/d/f`, 'one');
  symlinkSync('f', `${from}/d/l`);
  const seen = new Set<string>();
  const isNew = async (what: string, lines = 'COPY d /to'): Promise<void> => {
    const before = seen.size;
    seen.add(await checksum(lines, from));
    assert.equal(seen.size, before + 1, what);
  };
  await isNew('at first');
  utimesSync(`${from}/d/f`, 5, 5);
  utimesSync(`${from}/d`, 5, 5);
  assert.ok(seen.has(await checksum('COPY d /elsewhere', from)), 'times and destination are not in it');
  writeFileSync(`${from}/d/f`, 'two');
  await isNew('content of the same size');
  chmodSync(`${from}/d/f`, 0o600);
  await isNew('mode');
  chownSync(`${from}/d/f`, 5, 6);
  await isNew('owner in a stage');
  renameSync(`${from}/d/f`, `${from}/d/g`);
  await isNew('name');
  setAttribute(`${from}/d/g`, 'user.one', '1');
  await isNew('attribute');
  setAttribute(`${from}/d/g`, 'user.one', '2');
  await isNew('value of an attribute');
  setAttribute(`${from}/d`, 'user.one', '');
  assert.ok(seen.has(await checksum('COPY d /to', from)), 'a directory that gives only its content');
  await isNew('attribute of a directory', 'COPY . /to');
  rmSync(`${from}/d/l`);
  symlinkSync('g', `${from}/d/l`);
  await isNew('target');
  mkdirSync(`${from}/d/empty`);
  await isNew('an empty directory');
  await isNew('less of it', 'COPY --exclude=empty --exclude=l d /to');
  mkdirSync(`${from}/p/q/r`, { recursive: true });
  for (const [at, path] of ['p/q/g', 'p/q/r/g', 'p/q/g'].entries()) {
    writeFileSync(`${from}/${path}`, `${at}`);
    const lines = `COPY --parents ${at === 1 ? 'p/q/r' : path} /to/`;
    await isNew('with its directories', lines);
    chmodSync(`${from}/p/q`, 0o700 + at);
    await isNew('mode of a directory on the way', lines);
  }
  const sums = ['isContext', 'stage'].map((kind) => checksum('COPY d /to', from, { isContext: kind === 'isContext' }));
  const [asContext] = await Promise.all(sums);
  chownSync(`${from}/d/g`, 0, 0);
  assert.equal(await checksum('COPY d /to', from, { isContext: true }), asContext, 'owners of a context are not in it');
});

test('a file that changes at once and keeps its size is read again', root(), async () => {
  const from = mkdtempSync(`${base}/quick-`);
  for (const text of ['aa', 'bb', 'cc']) {
    writeFileSync(`${from}/f`, text);
    const sum = await checksum('COPY f /', from);
    writeFileSync(`${from}/f`, `${text[0]}x`);
    assert.notEqual(await checksum('COPY f /', from), sum);
  }
});

const refused: Array<[string, RegExp]> = [
  ['ADD git@github.com:x/y.git /', /git repositories are not fetched/],
  ['ADD https://github.com/x/y.git#main /', /git repositories are not fetched/],
  ['COPY --chmod=rwx a.txt /', /expected an octal number/],
  ['COPY --chown=a:b:c a.txt /', /expected USER or USER:GROUP/],
  ['COPY --chown=99999999999 a.txt /', /expected ids from 0/],
  ['ADD --checksum=sha256:1 https://x.invalid/y /', /expected sha256/],
  [`ADD --checksum=sha256:${'0'.repeat(64)} a.txt /`, /takes one source, a URL/],
  ['COPY "$NONE" /', /a source is empty/],
  ['COPY a.txt "$NONE"', /the destination is empty/],
  ['COPY [ /', /closed brackets/],
  ['COPY *.txt /new', /more than one source file/],
];
for (const [lines, message] of refused)
  test(`${lines} is refused`, root(), () => assert.rejects(copied(lines), message));

async function serving(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('ADD downloads: mode 0600, time of Last-Modified, name of the URL; its checksum is checked', root(), async () => {
  const modified = 'Sun, 09 Sep 2001 01:46:40 GMT';
  await serving(
    (_, response) => response.writeHead(200, { 'Last-Modified': modified }).end('downloaded'),
    async (url) => {
      const { rootfs, lines } = await copied(`ADD ${url}/some/file%20name?x=1 /to/`);
      assert.match(lines[1] ?? '', /^\/to\/file name file 600 0:0 \w+ old$/);
      assert.equal(readFileSync(`${rootfs}/to/file name`, 'utf8'), 'downloaded');
      assert.match(
        (await copied(`ADD --chown=5:6 --chmod=755 ${url}/x /named`)).lines[0] ?? '',
        /^\/named file 755 5:6/,
      );
      const digest = execFileSync('sh', ['-c', 'printf downloaded | sha256sum'], { encoding: 'utf8' }).slice(0, 64);
      await copied(`ADD --checksum=sha256:${digest} ${url}/x /`);
      await assert.rejects(
        copied(`ADD --checksum=sha256:${digest.replace(/^./, (c) => (c === '0' ? '1' : '0'))} ${url}/x /`),
        { kind: 'dataLoss' },
      );
      await assert.rejects(copied(`ADD ${url}/ /to/`), /cannot determine a file name/);
      await assert.rejects(copied(`ADD ${url}/x /`, { mostDownloadBytes: 9 }), { kind: 'resourceExhausted' });
    },
  );
});

test('an archive that was downloaded stays one, unless --unpack is given', root(), async () => {
  await serving(
    (_, response) => response.end(readFileSync(`${context}/gz.tgz`)),
    async (url) => {
      assert.deepEqual(
        (await copied(`ADD ${url}/x.tgz /to/`)).lines.map((line) => line.split(' ')[0]),
        ['/to', '/to/x.tgz'],
      );
      assert.ok((await copied(`ADD --unpack ${url}/x.tgz /to/`)).lines.some((line) => line.startsWith('/to/inner/f')));
    },
  );
});

test('a download follows few redirects, and gives a password to its own host only', root(), async () => {
  const got: Array<[string, string | undefined]> = [];
  const other: RequestListener = (request, response) => {
    got.push(['other', request.headers.authorization]);
    response.end('there');
  };
  await serving(other, (elsewhere) =>
    serving(
      (request, response) => {
        got.push(['own', request.headers.authorization]);
        const to = { '/away': `${elsewhere}/x`, '/here': '/away', '/loop': '/loop', '/file': 'file:///etc/passwd' }[
          request.url ?? ''
        ];
        response.writeHead(to === undefined ? 404 : 302, to === undefined ? {} : { Location: to }).end();
      },
      async (url) => {
        const { rootfs } = await copied(`ADD ${url.replace('://', '://me:secret@')}/here /x`);
        assert.equal(readFileSync(`${rootfs}/x`, 'utf8'), 'there');
        const own = `Basic ${Buffer.from('me:secret').toString('base64')}`;
        assert.deepEqual(got, [
          ['own', own],
          ['own', own],
          ['other', undefined],
        ]);
        await assert.rejects(copied(`ADD ${url}/loop /x`), /redirected more than 10 times/);
        await assert.rejects(copied(`ADD ${url}/file /x`), /redirected to file:/);
        await assert.rejects(copied(`ADD ${url.replace('://', '://me:secret@')}/none /x`), (error: Error) => {
          assert.match(error.message, /answers 404/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        });
      },
    ),
  );
});

test('a download that is cut short is refused', root(), async () => {
  await serving(
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    },
    (url) => assert.rejects(copied(`ADD ${url}/x /`), /ADD http/),
  );
});

test('a destination that is longer than a path may be is refused before anything is made', root(), async () => {
  const [from, rootfs] = [mkdtempSync(`${base}/long-`), mkdtempSync(`${base}/rootfs-`)];
  const deep = (depth: number): string => Array.from({ length: depth }, () => 'd'.repeat(200)).join('/');
  mkdirSync(`${from}/${deep(18)}`, { recursive: true });
  writeFileSync(`${from}/${deep(18)}/f`, '');
  symlinkSync('.', `${from}/link`);
  const resolved = await resolve(`COPY --parents link/${deep(18)}/f /${deep(18)}/`, from);
  await assert.rejects(copySources(resolved, { binaryFolder: binaries, rootfs, workdir: '' }), {
    kind: 'invalidArgument',
    message: /: its path is longer than 4095 bytes$/,
  });
  await resolved.release();
});

test("a stage's own accounts are those of --chown", root(), async () => {
  const rootfs = `${base}/accounts`;
  makeBase(rootfs);
  const resolved = await resolve('COPY --chown=bob:staff a.txt /new');
  const link = mkdtempSync(`${base}/link-`);
  await copySources(resolved, { binaryFolder: binaries, rootfs: link, accounts: rootfs, workdir: '' });
  await resolved.release();
  assert.match(treeLines(link)[0] ?? '', /^\/new file 644 1000:50/);
});
