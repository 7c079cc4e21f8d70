// tlab-unpack where a layer speaks of what only the layers below have: hard links to their files, names in directories that it removed.
// Both snapshotters show the same tree: overlayfs over the layers, and one directory that all were unpacked into.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';
import { bothShow, stack } from '../helpers/stack.ts';
import { directory, entry, hardlink, runUnpack, symlink, tar } from '../helpers/unpack.ts';

const gone = (path: string) => entry(path, { data: Buffer.alloc(0) });

const below = tar(
  directory('bin'),
  entry('bin/tool', { mode: 0o4755, uid: 33, gid: 44 }),
  directory('lib', 0o700),
  entry('lib/old'),
  directory('lib/sub'),
  entry('lib/sub/deep'),
  symlink('sbin', 'bin'),
  symlink('away', '/../../bin/tool'),
);
const shown: Record<string, string> = {
  away: 'l 777 0:0 /../../bin/tool',
  bin: 'd 755 0:0',
  'bin/tool': 'f 4755 33:44 bin/tool',
  lib: 'd 700 0:0',
  'lib/old': 'f 644 0:0 lib/old',
  'lib/sub': 'd 755 0:0',
  'lib/sub/deep': 'f 644 0:0 lib/sub/deep',
  sbin: 'l 777 0:0 bin',
};
/** The lowest layer's tree, changed; undefined is gone. */
const tree = (changes: Record<string, string | undefined>): string[] =>
  Object.entries({ ...shown, ...changes })
    .flatMap(([names, what]) => (what === undefined ? [] : `${names} ${what}`))
    .sort();
const tool = 'f 4755 33:44 bin/tool';

test(
  'a hard link to a file that only a layer below has is that file: mode, owner, attributes and time',
  root(),
  async () => {
    const prepare = (place: string) => must('setfattr', ['-n', 'user.x', '-v', 'y', `${place}/bin/tool`]);
    await bothShow(
      [below, tar(hardlink('h', 'bin/tool'))],
      tree({ 'bin/tool': undefined, 'bin/tool h': 'f 4755 33:44 user.x=y bin/tool' }),
      prepare,
    );
  },
);

test('the copy of it that comes up is the bottom one’s, to the nanosecond, with its holes', root(), async () => {
  const base = mkdtempSync('/var/tmp/tlab-up-');
  try {
    for (const name of ['lower', 'upper']) mkdirSync(`${base}/${name}`);
    await must('sh', [
      '-c',
      `cd ${base}/lower; echo x >f; truncate -s 9M f; touch -d @7.000000003 f; setcap cap_net_raw+ep f`,
    ]);
    const args = ['--directory', `${base}/upper`, '--whiteouts', 'overlay', '--lower', `${base}/lower`, '--usage'];
    const { status, stderr, report } = await runUnpack(tar(hardlink('d/h', 'f')), args);
    assert.equal(status, 0, stderr);
    assert.equal(await must('stat', ['-c', '%h %s %.9Y', `${base}/upper/f`]), '2 9437184 7.000000003');
    assert.ok(statSync(`${base}/upper/f`).blocks < 100);
    assert.match(await must('getcap', [`${base}/upper/d/h`]), /cap_net_raw[+=]ep/);
    assert.equal(report?.usage?.inodes, 3);
    assert.equal(statSync(`${base}/lower/f`).nlink, 1);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test(
  'links of all kinds to what is below: twice, over a name that is there, through a symlink, to a symlink, a device, a fifo',
  root(),
  async () => {
    const layer = tar(
      hardlink('one', 'bin/tool'),
      hardlink('lib/old', 'sbin/tool'),
      hardlink('bin/two', '/one'),
      hardlink('l', 'away'),
      hardlink('null', 'made/null'),
      hardlink('made/again', 'made/fifo'),
    );
    const prepare = (place: string) =>
      must('sh', [
        '-c',
        `cd ${place}; mkdir made; mknod -m 640 made/null c 1 3; mkfifo made/fifo; chown 5:6 made/null made/fifo; chmod 644 made/fifo`,
      ]);
    await bothShow(
      [below, layer],
      tree({
        ...{ away: undefined, 'bin/tool': undefined, 'lib/old': undefined, made: 'd 755 0:0' },
        'bin/tool bin/two lib/old one': tool,
        'away l': 'l 777 0:0 /../../bin/tool',
        'made/null null': 'c 640 5:6 1:3',
        'made/again made/fifo': 'p 644 5:6',
      }),
      prepare,
    );
  },
);

test('what a later entry of the layer says of the file below leaves its link alone', root(), async () => {
  const link = hardlink('h', 'bin/tool');
  await bothShow(
    [below, tar(link, entry('bin/tool', { data: Buffer.from('new') }))],
    tree({ h: tool, 'bin/tool': 'f 644 0:0 new' }),
  );
  await bothShow([below, tar(link, gone('bin/.wh.tool'))], tree({ h: tool, 'bin/tool': undefined }));
  await bothShow([below, tar(link, gone('bin/.wh..wh..opq'))], tree({ h: tool, 'bin/tool': undefined }));
  await bothShow([below, tar(link, gone('.wh.bin'))], tree({ h: tool, 'bin/tool': undefined, bin: undefined }));
  await bothShow(
    [below, tar(hardlink('bin/h', 'bin/tool'), gone('.wh.bin'))],
    tree({ 'bin/h': tool, 'bin/tool': undefined }),
  );
  await bothShow(
    [below, tar(link, directory('bin', 0o711), gone('.wh.bin'))],
    tree({ h: tool, 'bin/tool': undefined, bin: 'd 711 0:0' }),
  );
});

test('only what is seen from above can be linked to', root(), async () => {
  const refused = async (layers: Buffer[], message: RegExp) => {
    const { overlay, shared } = await stack(layers);
    assert.match(String(overlay), message);
    assert.match(String(shared), message);
  };
  const link = hardlink('h', 'lib/sub/deep');
  await refused([below, tar(gone('lib/sub/.wh.deep'), link)], /entry "h": linkat\(2\): ENOENT/);
  await refused([below, tar(gone('lib/.wh.sub'), link)], /entry "h": .*: (ENOENT|ENOTDIR)/);
  await refused([below, tar(gone('lib/.wh..wh..opq'), link)], /entry "h": .*: ENOENT/);
  await refused([below, tar(gone('.wh.lib')), tar(link)], /entry "h": .*: ENOENT/);
  await refused([below, tar(directory('lib'), gone('lib/.wh..wh..opq')), tar(link)], /entry "h": .*: ENOENT/);
  await refused(
    [below, tar(hardlink('h', 'lib/sub'))],
    /entry "h": (linkat\(2\): EPERM|it is a hard link to a directory)/,
  );
});

test('nothing outside the layers is linked or copied, whatever their symlinks say', root(), async () => {
  const base = mkdtempSync('/var/tmp/tlab-out-');
  try {
    for (const name of ['lower', 'upper', 'outside']) mkdirSync(`${base}/${name}`);
    writeFileSync(`${base}/outside/secret`, 'secret');
    symlinkSync('../outside', `${base}/lower/way`);
    symlinkSync(`${base}/outside`, `${base}/lower/absolute`);
    symlinkSync('../outside/secret', `${base}/lower/secret`);
    for (const link of ['way/secret', 'absolute/secret', '../outside/secret', 'secret/']) {
      const args = ['--directory', `${base}/upper`, '--whiteouts', 'overlay', '--lower', `${base}/lower`];
      const { status } = await runUnpack(tar(hardlink('h', link)), args);
      const held = status === 0 ? await must('readlink', [`${base}/upper/h`]) : '../outside/secret';
      assert.equal(held, '../outside/secret');
    }
    assert.deepEqual(readdirSync(`${base}/outside`), ['secret']);
    assert.equal(statSync(`${base}/outside/secret`).nlink, 1);
    assert.equal(readFileSync(`${base}/outside/secret`, 'utf8'), 'secret');
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('what comes up counts for the size that a layer may have', root(), async () => {
  const base = mkdtempSync('/var/tmp/tlab-up-');
  try {
    for (const name of ['lower', 'upper']) mkdirSync(`${base}/${name}`);
    for (const name of ['a', 'b']) writeFileSync(`${base}/lower/${name}`, Buffer.alloc(600_000, name));
    const args = [
      '--directory',
      `${base}/upper`,
      '--whiteouts',
      'overlay',
      '--lower',
      `${base}/lower`,
      '--max-bytes',
      '1000000',
    ];
    const { status, stderr } = await runUnpack(tar(hardlink('h', 'a'), hardlink('i', 'a'), hardlink('j', 'b')), args);
    assert.equal(status, 1);
    assert.match(stderr, /entry "j": its hard links bring up more than 1000000 bytes .*--max-bytes/);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('a name in a directory that the layer removed makes a new one, with nothing of the old', root(), async () => {
  const removed = { lib: 'd 755 0:0', 'lib/old': undefined, 'lib/sub': undefined, 'lib/sub/deep': undefined };
  const first = { 'lib/new': 'f 644 0:0 lib/new' };
  await bothShow([below, tar(gone('.wh.lib'), entry('lib/new'))], tree({ ...removed, ...first }));
  await bothShow([below, tar(entry('lib/new'), gone('.wh.lib'))], tree({ ...removed, ...first, lib: 'd 700 0:0' }));
  const made = { 'lib/sub': 'd 755 0:0', 'lib/sub/new': 'f 644 0:0 lib/sub/new' };
  await bothShow([below, tar(gone('.wh.lib'), entry('lib/sub/new'))], tree({ ...removed, ...made }));
  await bothShow([below, tar(gone('lib/.wh.sub'), entry('lib/sub/new'))], tree({ ...made, 'lib/sub/deep': undefined }));
});

test(
  'a directory that a name makes is as the layers below have it, unless one between removed it',
  root(),
  async () => {
    const attribute = (place: string) => must('setfattr', ['-n', 'user.x', '-v', 'y', `${place}/lib`]);
    const made = { 'lib/new': 'f 644 0:0 lib/new' };
    await bothShow([below, tar(entry('lib/new'))], tree({ ...made, lib: 'd 700 0:0 user.x=y' }), attribute);
    // Its own entry says all of it, also when it comes later.
    await bothShow([below, tar(entry('lib/new'), directory('lib'))], tree({ ...made, lib: 'd 755 0:0' }), attribute);
    const emptied = { lib: 'd 755 0:0', 'lib/old': undefined, 'lib/sub': undefined, 'lib/sub/deep': undefined };
    await bothShow([below, tar(gone('.wh.lib')), tar(entry('lib/new'))], tree({ ...emptied, ...made }), attribute);
  },
);

test('a whiteout of a directory that was made only for names that are gone leaves none', root(), async () => {
  const without = { lib: undefined, 'lib/old': undefined, 'lib/sub': undefined, 'lib/sub/deep': undefined };
  await bothShow([below, tar(gone('lib/sub/.wh.deep'), gone('.wh.lib'))], tree(without));
});

test('a file from below in the way of a name gives way to a directory', root(), async () => {
  const made = { 'bin/tool': 'd 755 0:0', 'bin/tool/new': 'f 644 0:0 bin/tool/new' };
  await bothShow([below, tar(entry('bin/tool/new'))], tree(made));
  await bothShow([below, tar(hardlink('h', 'bin/tool'), entry('bin/tool/new'))], tree({ ...made, h: tool }));
  const { overlay, shared } = await stack([below, tar(entry('f'), entry('f/new'))]);
  assert.match(String(overlay), /entry "f\/new": openat2\(2\) of its parent directory: ENOTDIR/);
  assert.equal(overlay, shared);
});
