// Small files that are replaced whole: written beside, made durable, renamed over the old one.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeWhole(path: string, content: string | Uint8Array, temporary: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${temporary}/${randomUUID()}`;
  try {
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** Undefined when it is not there. */
export const readText = (path: string): Promise<string | undefined> => ifThere(readFile(path, 'utf8'));

export const isThere = async (path: string): Promise<boolean> => (await ifThere(stat(path))) !== undefined;

/** Names in a folder, sorted by their bytes; none when it is not there. */
export const namesIn = async (folder: string): Promise<string[]> =>
  ((await ifThere(readdir(folder))) ?? []).sort(byBytes);

export const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
