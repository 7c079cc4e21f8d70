// A stack of layers, unpacked as each snapshotter has it: upon each other by overlayfs, and one after the other into one directory.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { must } from './shell.ts';
import { runUnpack } from './unpack.ts';

/** A tree, a line for each thing in it: type, mode, owner, content or target; what is one file has all its names. Without times. */
const describe = `
import os, stat, sys
root, names, lines = sys.argv[1].encode(), {}, []
for folder, folders, files in os.walk(root):
    for path in [os.path.join(folder, one) for one in folders + files]:
        names.setdefault(os.lstat(path).st_ino, []).append(os.path.relpath(path, root).decode())
for several in names.values():
    path = os.path.join(root, several[0].encode())
    what = os.lstat(path)
    kind = stat.S_IFMT(what.st_mode)
    more = os.readlink(path).decode() if kind == stat.S_IFLNK else open(path).read() if kind == stat.S_IFREG else ''
    if kind == stat.S_IFCHR: more = f'{os.major(what.st_rdev)}:{os.minor(what.st_rdev)}'
    xattrs = ''.join(f' {one}={os.getxattr(path, one, follow_symlinks=False).decode()}' for one in sorted(os.listxattr(path, follow_symlinks=False)) if one.startswith('user.'))
    letter = {stat.S_IFLNK: 'l', stat.S_IFREG: 'f', stat.S_IFDIR: 'd', stat.S_IFCHR: 'c', stat.S_IFIFO: 'p'}[kind]
    lines.append(f'{" ".join(sorted(several))} {letter} {what.st_mode & 0o7777:o} {what.st_uid}:{what.st_gid}{xattrs} {more}'.rstrip())
print('\\n'.join(sorted(lines)))`;

const treeOf = async (directory: string): Promise<string[]> =>
  (await must('python3', ['-c', describe, directory])).split('\n').filter((line) => line !== '');

export interface Stack {
  /** What each snapshotter shows, or what the unpacker said when it refused. */
  overlay: string[] | string;
  shared: string[] | string;
}

/** Layers, the lowest first. `prepare` may change the lowest one's directory where a tar cannot say it. Needs root. */
export async function stack(layers: Buffer[], prepare: (directory: string) => unknown = () => {}): Promise<Stack> {
  const base = mkdtempSync('/var/tmp/tlab-stack-');
  try {
    return { overlay: await overlaid(base, layers, prepare), shared: await inOne(base, layers, prepare) };
  } finally {
    rmSync(base, { recursive: true });
  }
}

async function overlaid(
  base: string,
  layers: Buffer[],
  prepare: (directory: string) => unknown,
): Promise<Stack['overlay']> {
  const below: string[] = [];
  for (const [at, layer] of layers.entries()) {
    const own = `${base}/${at}`;
    mkdirSync(own);
    const lowers = below.flatMap((one) => ['--lower', one]);
    const { status, stderr } = await runUnpack(layer, ['--directory', own, '--whiteouts', 'overlay', ...lowers]);
    if (status !== 0) return stderr;
    if (at === 0) await prepare(own);
    below.unshift(own);
  }
  mkdirSync(`${base}/merged`);
  await must('mount', ['-t', 'overlay', 'overlay', '-o', `ro,lowerdir=${below.join(':')}`, `${base}/merged`]);
  try {
    return await treeOf(`${base}/merged`);
  } finally {
    await must('umount', [`${base}/merged`]);
  }
}

async function inOne(
  base: string,
  layers: Buffer[],
  prepare: (directory: string) => unknown,
): Promise<Stack['shared']> {
  const directory = `${base}/shared`;
  mkdirSync(directory);
  for (const [at, layer] of layers.entries()) {
    const { status, stderr } = await runUnpack(layer, ['--directory', directory, '--whiteouts', 'remove']);
    if (status !== 0) return stderr;
    if (at === 0) await prepare(directory);
  }
  return treeOf(directory);
}

/** Both show the same. */
export async function bothShow(
  layers: Buffer[],
  tree: string[],
  prepare?: (directory: string) => unknown,
): Promise<void> {
  const { overlay, shared } = await stack(layers, prepare);
  assert.deepEqual(overlay, tree);
  assert.deepEqual(shared, tree);
}
