// One result of a step on disk: a small JSON file named by its key, written beside and renamed. The layer itself is in containerd, held by a
// lease of the record's own; a record without its lease, or a lease without its record, goes at the next start.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Digest, digestHex, isDigest } from '../../../oci/digest.ts';
import { descriptorSchema } from '../../../oci/image.ts';
import { filesSuffix, removeFiles } from './files.ts';

const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));

const recordSchema = v.object({
  version: v.literal(1),
  key: digest,
  parts: v.record(v.string(), v.string()),
  /** Where it stood in a Dockerfile: its text as written, its stage and its number there. */
  place: v.object({ text: v.string(), stage: v.string(), index: v.number() }),
  /** RFC 3339, as it stands in histories. */
  created: v.string(),
  /** Undefined: the step changed no file. */
  layer: v.optional(v.object({ descriptor: descriptorSchema, diffId: digest })),
  /** Snapshot after the step. */
  chainId: v.optional(digest),
  /** On disk: of the layer's blob and of its files. */
  sizeBytes: v.number(),
  /** Milliseconds since 1970. */
  lastUsedMs: v.number(),
  uses: v.number(),
});
export type CacheRecord = v.InferOutput<typeof recordSchema>;

const fileOf = (folder: string, key: Digest): string => `${folder}/${digestHex(key)}.json`;

export function saveRecord(folder: string, record: CacheRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${fileOf(folder, record.key)}.new`;
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
  renameSync(temporary, fileOf(folder, record.key));
}

export function removeRecord(folder: string, key: Digest): void {
  rmSync(fileOf(folder, key), { force: true });
  removeFiles(folder, key);
}

/** Every record that can be read; a file that cannot be is removed: it is only a cache. */
export function loadRecords(folder: string): CacheRecord[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = readdirSync(folder);
  const there = new Set(names);
  return names.flatMap((name) => {
    if (name.endsWith(filesSuffix) && there.has(name.replace(filesSuffix, '.json'))) return [];
    try {
      const record = v.parse(recordSchema, JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')));
      if (name === `${digestHex(record.key)}.json`) return [record];
    } catch {
      // As below.
    }
    rmSync(`${folder}/${name}`, { recursive: true, force: true });
    return [];
  });
}
