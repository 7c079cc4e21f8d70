// One layer out of packages: their files merged, the merged /usr applied, what no container needs left out, what maintainer
// scripts would have made added, sorted. The same packages and recipe give the same bytes.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import { LabError } from '../base/errors.ts';
import { type Addition, type LayerRecipe, skippedPaths } from './recipes.ts';
import { readTar, type TarEntry, writeTar } from './tar.ts';

export type Files = Map<string, TarEntry>;

/** @source debian-policy: Debian 12 and later have /bin, /sbin and /lib* in /usr */
const mergedRoots = /^(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/;

/** Where a path of a package really is once /usr is merged. A layer must name real places: unpacking replaces symlinks. */
const merged = (path: string): string => path.replace(mergedRoots, 'usr/$1');

function mergedLink(entry: TarEntry): string {
  if (entry.type === 'hardlink') return merged(entry.link);
  if (entry.type !== 'symlink' || !entry.link.startsWith('../')) return entry.link;
  // A link that climbs out of its directory would climb one step short from /usr.
  return `/${merged(posix.join(posix.dirname(entry.path), entry.link))}`;
}

const isSkipped = (path: string): boolean => skippedPaths.some((form) => form.test(path));

/** Adds a package's files; a later package's directory does not change an earlier one's attributes. */
function addPackage(files: Files, archive: Uint8Array): void {
  for (const entry of readTar(archive)) {
    const path = merged(entry.path);
    // The roots themselves are made by addMergedRoots, whether the release's packages bring directories or symlinks.
    if (path === '' || /^(?:bin|sbin|lib|lib32|lib64|libx32)$/.test(entry.path) || isSkipped(path)) continue;
    if (entry.type === 'directory' && files.has(path)) continue;
    files.set(path, { ...entry, path, link: mergedLink(entry) });
  }
}

/** The symlinks of the merged /usr; lib64 only where the machine's loader is named by it. */
function addMergedRoots(files: Files, hasLib64: boolean, mtime: number): void {
  for (const name of hasLib64 ? ['bin', 'sbin', 'lib', 'lib64'] : ['bin', 'sbin', 'lib']) {
    put(files, { path: `usr/${name}`, type: 'directory', mode: 0o755, mtime });
    put(files, { path: name, type: 'symlink', mode: 0o777, mtime, link: `usr/${name}` });
  }
}

function put(files: Files, entry: Pick<TarEntry, 'path' | 'type' | 'mode' | 'mtime'> & Partial<TarEntry>): void {
  files.set(entry.path, { uid: 0, gid: 0, link: '', data: new Uint8Array(), ...entry });
}

function applyAddition(files: Files, addition: Addition, mtime: number): void {
  const { path } = addition;
  if (addition.kind === 'symlink') {
    put(files, { path, type: 'symlink', mode: 0o777, mtime, link: addition.to });
    return;
  }
  const owner = addition.owner ?? 0;
  if (addition.kind === 'directory') {
    put(files, { path, type: 'directory', mode: addition.mode ?? 0o755, mtime, uid: owner, gid: owner });
    return;
  }
  const data = addition.kind === 'file' ? Buffer.from(addition.text) : files.get(addition.from)?.data;
  if (data === undefined) throw new LabError('notFound', `recipe: no package brings ${path}'s source`);
  put(files, { path, type: 'file', mode: addition.mode ?? 0o644, mtime, uid: owner, gid: owner, data });
}

/** A symlink beside busybox for each tool that it is, unless a package brings the tool itself. */
async function addApplets(files: Files, mtime: number): Promise<void> {
  const busybox = files.get('usr/bin/busybox');
  if (busybox === undefined) throw new LabError('notFound', 'recipe: no package brings busybox');
  for (const name of await listApplets(busybox.data)) {
    const path = `usr/bin/${name}`;
    if (!files.has(path)) put(files, { path, type: 'symlink', mode: 0o777, mtime, link: 'busybox' });
  }
}

/** Asks the program itself, as nobody. */
async function listApplets(program: Uint8Array): Promise<string[]> {
  const directory = await mkdtemp(`${tmpdir()}/tlab-busybox-`);
  try {
    await chmod(directory, 0o755);
    await writeFile(`${directory}/busybox`, program, { mode: 0o755 });
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const { stdout } = await promisify(execFile)(`${directory}/busybox`, ['--list'], { env: {}, ...nobody });
    return stdout.split('\n').filter((name) => /^[\w.[-]+$/.test(name));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Every directory that an entry lies in has an entry itself, with the attributes that it has in the layers below:
 * a directory of an upper layer hides those of the lower one's.
 */
function completeDirectories(files: Files, below: Files, mtime: number): void {
  for (const path of [...files.keys()]) {
    for (let parent = posix.dirname(path); parent !== '.' && !files.has(parent); parent = posix.dirname(parent)) {
      put(files, { path: parent, type: 'directory', mode: 0o755, mtime });
    }
  }
  for (const [path, entry] of files) {
    const lower = below.get(path);
    if (entry.type === 'directory' && lower?.type === 'directory') files.set(path, lower);
  }
}

export interface BuiltFiles {
  tar: Buffer;
  /** What the stack up to this layer holds; data of files included, so keep it no longer than needed. */
  files: Files;
  /** Seconds: the newest file of the packages. */
  mtime: number;
}

/** The layer's tar. `below` holds the entries of the layers under it, empty for the lowest. */
export async function layerTar(
  recipe: LayerRecipe,
  archives: readonly Uint8Array[],
  below: Files,
): Promise<BuiltFiles> {
  const files: Files = new Map();
  for (const archive of archives) addPackage(files, archive);
  const mtime = Math.max(0, ...[...files.values()].map((entry) => entry.mtime));
  if (below.size === 0) addMergedRoots(files, process.arch === 'x64', mtime);
  if (recipe.busyboxApplets) await addApplets(files, mtime);
  for (const addition of recipe.add) applyAddition(files, addition, mtime);
  completeDirectories(files, below, mtime);
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { tar: writeTar(hardLinksLast(sorted)), files: new Map([...below, ...files]), mtime };
}

/** A hard link must follow what it links to; path order alone does not promise that. */
const hardLinksLast = (entries: readonly TarEntry[]): TarEntry[] => [
  ...entries.filter((entry) => entry.type !== 'hardlink'),
  ...entries.filter((entry) => entry.type === 'hardlink'),
];
