// What a directory tree takes on disk: allocated bytes, and inodes with hard links counted once. Symbolic links are not followed.
import { lstatSync, readdirSync } from 'node:fs';
import { Slices } from '../../base/slices.ts';

export interface Usage {
  sizeBytes: number;
  inodes: number;
}

export interface MeasuredUsage extends Usage {
  /** The lengths of all that is no directory: what Docker calls the size of a layer. @source docker pkg/directory */
  fileBytes: number;
}

/** @source man stat(2): st_blocks counts 512-byte units */
export async function diskUsage(directory: string): Promise<MeasuredUsage> {
  const slices = new Slices();
  const seen = new Set<number>();
  let sizeBytes = 0;
  let fileBytes = 0;
  const waiting = [directory];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (slices.isOver) await slices.next();
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || seen.has(stat.ino)) continue;
    seen.add(stat.ino);
    sizeBytes += stat.blocks * 512;
    if (!stat.isDirectory()) fileBytes += stat.size;
    else for (const name of readdirSync(path)) waiting.push(`${path}/${name}`);
  }
  return { sizeBytes, fileBytes, inodes: seen.size };
}
