// Which files a COPY took, beside its record: a line a path with a short sum of what it was. Read only when such a step misses, to name what changed.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Digest, digestHex } from '../../../oci/digest.ts';
import type { FileChange } from '../../protocol.ts';

/** Beyond this only the checksum tells that something changed. */
const mostFiles = 100_000;

/** Names of such files end in this; they belong to the record of the same name. */
export const filesSuffix = '.files';

const fileOf = (folder: string, key: Digest): string => `${folder}/${digestHex(key)}${filesSuffix}`;

/** Paths may hold line breaks, not NUL. */
export function saveFiles(folder: string, key: Digest, files: ReadonlyMap<string, string>): void {
  if (files.size > mostFiles) return;
  const lines = [...files].map(([path, sum]) => `${sum} ${path}\0`);
  writeFileSync(`${fileOf(folder, key)}.new`, lines.join(''), { mode: 0o600 });
  renameSync(`${fileOf(folder, key)}.new`, fileOf(folder, key));
}

export const removeFiles = (folder: string, key: Digest): void => rmSync(fileOf(folder, key), { force: true });

/** Undefined when nothing was kept. */
export function loadFiles(folder: string, key: Digest): Map<string, string> | undefined {
  try {
    const lines = readFileSync(fileOf(folder, key), 'utf8').split('\0').filter(Boolean);
    return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
  } catch {
    return undefined;
  }
}

/** In order of paths. Of directories only what they are themselves counts, not what is in them. */
export function filesBetween(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): FileChange[] {
  const paths = [...new Set([...before.keys(), ...now.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    const [was, is] = [before.get(path), now.get(path)];
    if (was === is) return [];
    return [{ path, how: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed' }];
  });
}
