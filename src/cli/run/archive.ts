// Archives between the daemon and a file or a stream of the person's: export, save, load, import.
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ErrorKind, errorKinds, LabError } from '../../base/errors.ts';
import type { PullProgress } from '../../daemon/protocol.ts';

/** A line of the daemon's progress. */
export interface ProgressLine extends PullProgress {
  stream?: string;
}

/** The error that a line of progress tells, as the daemon threw it; Docker's daemon tells no kind. */
export function throwIfFailed({ error, errorKind, hint }: PullProgress, kind: ErrorKind = 'internal'): void {
  if (error === undefined) return;
  const known = errorKind !== undefined && errorKind in errorKinds ? errorKind : kind;
  throw new LabError(known, error, hint === undefined ? {} : { hint });
}

/** Writes what the daemon sends; nothing is asked of it when it could only go to a terminal. Errors: usage. */
export async function archiveTo(file: string | undefined, ask: () => Promise<Readable>): Promise<void> {
  if (file === undefined && process.stdout.isTTY)
    throw new LabError('usage', 'an archive is not for a terminal', { hint: 'use --output FILE, or redirect it' });
  const stream = await ask();
  if (file === undefined) await pipeline(stream, process.stdout, { end: false });
  else await pipeline(stream, createWriteStream(file));
}

/** A file, or standard input. Errors: usage when that is a terminal; notFound and permissionDenied for the file. */
export function archiveFrom(file: string | undefined): Readable {
  if (file !== undefined) return createReadStream(file, { fd: opened(file) });
  if (process.stdin.isTTY)
    throw new LabError('usage', 'an archive does not come from a terminal', { hint: 'name a file, or redirect one' });
  return process.stdin;
}

/** Before anything is asked of the daemon. */
function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new LabError('notFound', `open ${file}: no such file or directory`);
    throw new LabError('permissionDenied', `open ${file}: ${code}`, { cause });
  }
}

/** `repo` and `tag`: the last colon after the last slash parts them. */
export function nameQuery(name: string | undefined): { repo?: string; tag?: string } {
  const [, repo = name, tag] = /^(.*):([^/:]+)$/.exec(name ?? '') ?? [];
  return repo === undefined ? {} : { repo, ...(tag === undefined ? {} : { tag }) };
}
