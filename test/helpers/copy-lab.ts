// A context and a base image for COPY and ADD, with everything in them that a copy may meet; and a tree's entries as lines, to compare results.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

export interface FileOptions {
  mode?: number;
  owner?: [uid: number, gid: number];
}

export function file(path: string, text: string, { mode = 0o644, owner = [0, 0] }: FileOptions = {}): void {
  writeFileSync(path, text);
  chownSync(path, ...owner);
  chmodSync(path, mode);
}

export function folder(path: string, { mode = 0o755, owner = [0, 0] }: FileOptions = {}): void {
  mkdirSync(path, { recursive: true });
  chownSync(path, ...owner);
  chmodSync(path, mode);
}

/** 2001-09-09T01:46:40Z: every file of both trees, so that a copied time is told from a new one. */
export const oldTime = 1_000_000_000;

export function age(path: string): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) age(`${path}/${name}`);
  lutimesSync(path, oldTime, oldTime);
}

export function makeContext(root: string): void {
  folder(root);
  file(`${root}/a.txt`, 'a');
  file(`${root}/b.txt`, 'bb', { mode: 0o600 });
  file(`${root}/run.sh`, '#!/bin/sh\n', { mode: 0o4755 });
  file(`${root}/with space`, 'space');
  file(`${root}/ünï`, 'unicode');
  file(`${root}/arr[0].txt`, 'brackets');
  file(`${root}/owned`, 'owned', { owner: [11, 12] });
  folder(`${root}/dir/y`, { mode: 0o750, owner: [7, 8] });
  folder(`${root}/dir/empty`, { mode: 0o1777 });
  file(`${root}/dir/x`, 'x');
  file(`${root}/dir/y/z`, 'z', { mode: 0o640 });
  symlinkSync('x', `${root}/dir/link`);
  symlinkSync('/etc/passwd', `${root}/dir/absolute`);
  symlinkSync('nope', `${root}/dir/broken`);
  folder(`${root}/hard`);
  file(`${root}/hard/one`, 'hard');
  linkSync(`${root}/hard/one`, `${root}/hard/two`);
  for (const path of ['deep', 'deep/a', 'deep/a/b', 'deep/a/b/c', 'deep/d']) folder(`${root}/${path}`);
  file(`${root}/deep/a/b/c/f.txt`, 'deep');
  file(`${root}/deep/d/f.txt`, 'other');
  symlinkSync('a.txt', `${root}/filelink`);
  symlinkSync('dir', `${root}/dirlink`);
  symlinkSync('/a.txt', `${root}/rootlink`);
  symlinkSync('../../../../dir/x', `${root}/dotdotlink`);
  // Directories of the base image as something else, and the reverse.
  folder(`${root}/clash/bin`);
  file(`${root}/clash/bin/tool`, 'tool');
  folder(`${root}/clashdir/file`);
  file(`${root}/clashdir/file/in`, 'in');
  folder(`${root}/clashfile`);
  file(`${root}/clashfile/dir`, 'a file where the image has a directory');
  folder(`${root}/merge/sub`, { mode: 0o700 });
  file(`${root}/merge/sub/new`, 'new');
  file(`${root}/merge/existing`, 'replaced');
  makeArchives(root);
  age(root);
}

function makeArchives(root: string): void {
  const from = `${root}/../archive-source`;
  folder(`${from}/inner`, { mode: 0o710, owner: [21, 22] });
  file(`${from}/inner/f`, 'archived', { mode: 0o604, owner: [23, 24] });
  symlinkSync('f', `${from}/inner/l`);
  age(from);
  for (const [letter, name] of [
    ['', 'plain.tar'],
    ['z', 'gz.tgz'],
    ['j', 'bz.tar.bz2'],
    ['J', 'xz.tar.xz'],
    ['I', 'zstd.tar.zst'],
  ] as const)
    execFileSync('tar', [letter === 'I' ? '--zstd' : `-${letter}p`, '-cf', `${root}/${name}`, '-C', from, 'inner']);
  execFileSync('sh', ['-c', `cp ${root}/gz.tgz ${root}/unnamed; gzip -nc ${root}/a.txt > ${root}/text.gz`]);
}

export function makeBase(root: string): void {
  folder(root);
  for (const path of ['etc', 'usr', 'usr/bin', 'tmp'])
    folder(`${root}/${path}`, path === 'tmp' ? { mode: 0o1777 } : {});
  file(
    `${root}/etc/passwd`,
    'root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1001:bob:/home/bob:/bin/sh\nsolo:x:1500:1600::/:/bin/sh\n',
  );
  file(`${root}/etc/group`, 'root:x:0:\nbob:x:1002:\nstaff:x:50:bob\n');
  symlinkSync('usr/bin', `${root}/bin`);
  folder(`${root}/dir/sub`, { mode: 0o711, owner: [3, 4] });
  chownSync(`${root}/dir`, 5, 6);
  chmodSync(`${root}/dir`, 0o751);
  file(`${root}/dir/existing`, 'existing', { owner: [3, 4], mode: 0o606 });
  file(`${root}/file`, 'file');
  folder(`${root}/fifos`);
  execFileSync('mkfifo', ['-m', '640', `${root}/fifos/fifo`]);
  symlinkSync('/dir', `${root}/link`);
  symlinkSync('dir/sub', `${root}/relative`);
  symlinkSync('/nowhere/else', `${root}/dangling`);
  symlinkSync('/file', `${root}/filelink`);
  symlinkSync('../../../../../../../tmp', `${root}/climbs`);
  age(root);
}

/** `path type mode owner size-or-target content-hash time`; times after 2001 are `now`; overlay's marks are told apart. */
export function treeLines(root: string): string[] {
  const lines: string[] = [];
  const inodes = new Map<number, string>();
  const walk = (path: string): void => {
    for (const name of readdirSync(`${root}${path}`).sort()) {
      const own = `${path}/${name}`;
      lines.push(lineOf(root, own, inodes));
      if (lstatSync(`${root}${own}`).isDirectory()) walk(own);
    }
  };
  walk('');
  return lines;
}

function lineOf(root: string, own: string, inodes: Map<number, string>): string {
  const s = lstatSync(`${root}${own}`);
  const time = s.mtimeMs / 1000 === oldTime ? 'old' : s.mtimeMs / 1000 < oldTime ? 'older' : 'now';
  const mode = (s.mode & 0o7777).toString(8);
  const owner = `${s.uid}:${s.gid}`;
  if (s.isSymbolicLink()) return `${own} link ${owner} ${readlinkSync(`${root}${own}`)} ${time}`;
  if (s.isDirectory()) return `${own} directory ${mode} ${owner} ${time}`;
  if (s.isFIFO()) return `${own} fifo ${mode} ${owner} ${time}`;
  if (s.isCharacterDevice() || s.isBlockDevice()) return `${own} device ${s.rdev} ${mode} ${owner}`;
  const same = inodes.get(s.ino);
  inodes.set(s.ino, own);
  const hash = createHash('sha256')
    .update(readFileSync(`${root}${own}`))
    .digest('hex')
    .slice(0, 8);
  return `${own} file ${mode} ${owner} ${hash} ${time}${same === undefined ? '' : ` = ${same}`}`;
}
