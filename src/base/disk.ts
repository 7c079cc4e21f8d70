// A full disk, told so that a person can act: what could not be written, how much room there is and where, and how to make some.
import { statfsSync } from 'node:fs';
import { asLabError, LabError } from './errors.ts';

/** What the database calls it, and what the kernel and our programs do. */
const fullWords = /\bENOSPC\b|\bEDQUOT\b|\bdisk of the image store is full\b/;

/** Any thrown thing as a LabError; one of a full disk says how much room the file system of `folder` has. */
export function withRoom(thrown: unknown, folder: string): LabError {
  const error = asLabError(thrown);
  if (!isDiskFull(error) || error.data?.freeBytes !== undefined) return error;
  const room = roomOf(folder);
  if (room === undefined) return error;
  const { freeBytes, totalBytes } = room;
  return new LabError(
    'resourceExhausted',
    `${error.message}: ${size(freeBytes)} free of ${size(totalBytes)} at ${folder}`,
    {
      cause: error,
      hint: error.hint ?? 'remove what nobody uses (tlab system prune, tlab rmi IMAGE) or make room on that disk',
      data: { ...error.data, ...room, folder },
    },
  );
}

export const isDiskFull = (error: LabError): boolean =>
  error.kind === 'resourceExhausted' && fullWords.test(error.message);

function roomOf(folder: string): { freeBytes: number; totalBytes: number } | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** @source docker go-units HumanSize: decimal, three digits */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`;
}
