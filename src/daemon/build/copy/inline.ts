// Folders for files that are made for one instruction: a heredoc's text, a download. Below the data root, private, cleared at the daemon's start.
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { paths } from '../../../base/paths.ts';

const folders = `${paths.build}/made`;

export interface MadeFile {
  root: string;
  name: string;
  remove(): Promise<void>;
}

/** Removes what a daemon that is gone has left. */
export const clearMade = (): Promise<void> => rm(folders, { recursive: true, force: true });

export async function madeFolder(): Promise<{ root: string; remove(): Promise<void> }> {
  const root = `${folders}/${randomBytes(12).toString('hex')}`;
  await mkdir(root, { recursive: true, mode: 0o700 });
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

/** Mode 0644, as BuildKit makes it. */
export async function inlineFolder({ name, text }: { name: string; text: string }): Promise<MadeFile> {
  const folder = await madeFolder();
  const last =
    name
      .split('/')
      .filter((part) => part !== '' && part !== '.' && part !== '..')
      .at(-1) ?? 'heredoc';
  await writeFile(`${folder.root}/${last}`, text, { mode: 0o644 });
  return { ...folder, name: last };
}
