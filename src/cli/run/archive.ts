// Archives between the daemon and a file or a stream of the person's: export, save, load, import.
import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../../base/errors.ts';

/** A line of the daemon's progress. */
export interface ProgressLine {
  stream?: string;
  status?: string;
  error?: string;
}

export function throwIfFailed({ error }: ProgressLine): void {
  if (error !== undefined) throw new LabError('internal', error);
}

/** Writes what the daemon sends; nothing is asked of it when it could only go to a terminal. Errors: usage. */
export async function archiveTo(file: string | undefined, ask: () => Promise<Readable>): Promise<void> {
  if (file === undefined && process.stdout.isTTY)
    throw new LabError('usage', 'an archive is not for a terminal', { hint: 'use --output FILE, or redirect it' });
  const stream = await ask();
  if (file === undefined) await pipeline(stream, process.stdout, { end: false });
  else await pipeline(stream, createWriteStream(file));
}

/** A file, or standard input. Errors: usage when that is a terminal. */
export function archiveFrom(file: string | undefined): Readable {
  if (file !== undefined) return createReadStream(file);
  if (process.stdin.isTTY)
    throw new LabError('usage', 'an archive does not come from a terminal', { hint: 'name a file, or redirect one' });
  return process.stdin;
}

/** `repo` and `tag`: the last colon after the last slash parts them. */
export function nameQuery(name: string | undefined): { repo?: string; tag?: string } {
  const [, repo = name, tag] = /^(.*):([^/:]+)$/.exec(name ?? '') ?? [];
  return repo === undefined ? {} : { repo, ...(tag === undefined ? {} : { tag }) };
}
