// The checksum of sources: a line an entry, hashed. Contents are hashed natively, and a file that has not changed since (inode, size, change time) is not
// read again.
// Rule: what differs in the result must differ here, and nothing else: no times, no owners where they do not count.
import { createHash, hash } from 'node:crypto';
import { LabError } from '../../../base/errors.ts';
import { Slices } from '../../../base/slices.ts';
import type { Digest } from '../../../oci/digest.ts';
import { fields, fieldsOf, type ListedEntry, type Native, refuse, runNative } from './native.ts';
import type { CopyRequest, ResolvedSource, TreeEntry } from './types.ts';

/** `files`: each entry's path in its tree, and what stands for its line: for saying which of them changed. */
export interface Checksum {
  digest: Digest;
  files: Map<string, string>;
}

export async function checksumOf(
  sources: readonly ResolvedSource[],
  request: CopyRequest,
  native: Native,
): Promise<Checksum> {
  const sum = createHash('sha256');
  const files = new Map<string, string>();
  const slices = new Slices();
  for (const source of sources) {
    const contents = await contentsOf(source, native);
    const { name, parent, isDirectory, isArchive } = source;
    sum.update(`${JSON.stringify([name, parent, isDirectory, isArchive])}\n`);
    const hasOwner = !source.isOwnedByRoot && request.chown === undefined;
    // A directory named as source gives its content only: what it looks like itself is not copied.
    const isContentOnly = isDirectory && parent === '';
    for (const entry of source.parentEntries ?? []) sum.update(`${lineOf(entry, 'on the way', hasOwner)}\n`);
    for (const [index, entry] of source.entries.entries()) {
      if (slices.isOver) await slices.next();
      if (entry.path === '' && isContentOnly) continue;
      const line = lineOf(entry, contents[index] ?? '', hasOwner);
      sum.update(`${line}\n`);
      files.set([source.path || source.name, entry.path].filter(Boolean).join('/'), shortSum(line));
    }
  }
  return { digest: `sha256:${sum.digest('hex')}`, files };
}

/** Enough to tell versions of one file apart. */
const shortSum = (line: string): string => hash('sha256', line).slice(0, 12);

function lineOf(entry: TreeEntry & { attributes?: string }, content: string, hasOwner: boolean): string {
  const { type, mode, path, link, device, attributes = '', uid, gid } = entry;
  const isDevice = type === 'character' || type === 'block';
  return JSON.stringify([
    type,
    mode.toString(8),
    path,
    link,
    isDevice ? device : '',
    attributes,
    hasOwner ? [uid, gid] : [],
    content,
  ]);
}

/** Digests of files that were read, the oldest first. */
const known = new Map<string, string>();
const knownMax = 200_000;
/** A file that changed less than this before it was read may change again without a new time. */
const steadyNs = 2_000_000_000n;

const keyOf = ({ identity, sizeBytes, changedNs }: ListedEntry): string => `${identity}:${sizeBytes}:${changedNs}`;

/** One digest an entry, '' for what is no file. */
async function contentsOf({ root, path, entries, name }: ResolvedSource, native: Native): Promise<string[]> {
  const listed = entries as readonly ListedEntry[];
  const now = BigInt(Date.now()) * 1_000_000n;
  const read = new Map<ListedEntry, string>();
  const changed = (path: string): LabError =>
    new LabError('conflict', `${path}: it has changed while the build looked at it`);
  for (const entry of listed)
    if (entry.sum === '-') throw changed(entry.path || name);
    else if (entry.sum !== undefined) read.set(entry, entry.sum);
  const wanted = listed.filter((entry) => entry.type === 'file' && !read.has(entry) && !known.has(keyOf(entry)));
  if (wanted.length > 0) {
    const names = wanted.map((entry) => [path, entry.path].filter(Boolean).join('/'));
    const ended = await runNative(native, ['tlab-copy', 'sum', '--root', root], fields(names));
    if (ended.status !== 0) refuse(ended, `hashing ${name}`);
    for (const [index, digest] of [...fieldsOf(ended.stdout)].entries()) {
      const entry = wanted[index];
      if (digest === '-' || entry === undefined) throw changed(names[index] ?? name);
      read.set(entry, digest);
      if (now - entry.changedNs > steadyNs) remember(keyOf(entry), digest);
    }
  }
  return listed.map((entry) => (entry.type === 'file' ? (read.get(entry) ?? known.get(keyOf(entry)) ?? '') : ''));
}

function remember(key: string, digest: string): void {
  known.set(key, digest);
  for (const oldest of known.keys()) {
    if (known.size <= knownMax) return;
    known.delete(oldest);
  }
}
