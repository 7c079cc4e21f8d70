// ADD of a local archive: whether a file is one (its content decides, never its name), and its extraction into the root filesystem.
import { fields, type Native, refuse, runNative } from './native.ts';
import type { Owner } from './owner.ts';
import type { ResolvedSource } from './types.ts';

const noArchiveStatus = 2;

/** A tar with at least one entry, plain or compressed with gzip, bzip2, xz or zstd. */
export async function isArchive(
  native: Native,
  source: Pick<ResolvedSource, 'root' | 'path' | 'entries'>,
): Promise<boolean> {
  if (source.entries[0]?.type !== 'file' || source.entries[0].sizeBytes === 0) return false;
  const ended = await withFile(native, source, [`${native.binaryFolder}/tlab-unpack`, '--probe']);
  if (ended.status !== 0 && ended.status !== noArchiveStatus) refuse(ended, `ADD ${source.path}`);
  return ended.status === 0;
}

/** Modes and times are the archive's, owners too without --chown. `at` is relative to the rootfs, and exists. Returns the entries and bytes of it. */
export async function extract(
  native: Native,
  source: ResolvedSource,
  { rootfs, at, owner }: { rootfs: string; at: string; owner: Owner | undefined },
): Promise<{ entries: number; bytes: number }> {
  const unpack = [
    `${native.binaryFolder}/tlab-unpack`,
    '--directory',
    rootfs,
    '--inside',
    at === '' ? '.' : at,
    '--compression',
    'any',
  ];
  if (owner !== undefined) unpack.push('--owner', `${owner.uid}:${owner.gid}`);
  const ended = await withFile(native, source, unpack);
  if (ended.status !== 0) refuse(ended, `ADD ${source.name}`);
  const { entries, bytesOut } = JSON.parse(ended.stdout.toString()) as { entries: number; bytesOut: number };
  return { entries, bytes: bytesOut };
}

const withFile = (native: Native, { root, path }: Pick<ResolvedSource, 'root' | 'path'>, program: string[]) =>
  runNative(native, ['tlab-copy', 'with', '--root', root, '--', ...program], fields([path]));
