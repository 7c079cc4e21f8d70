// Directories of thousands of files go in a process of their own: neither this one's event loop nor its threads wait for them.
import { LabError } from '../../base/errors.ts';
import { runTool } from './tool.ts';

/** Longer lists of arguments are cut. */
const directoriesAtOnce = 200;

/** Resolves when all are gone; what was not there is no error. Errors: internal, in rm's words. */
export async function eraseAll(directories: readonly string[]): Promise<void> {
  for (let at = 0; at < directories.length; at += directoriesAtOnce) {
    const some = directories.slice(at, at + directoriesAtOnce);
    const { status, complaint } = await runTool('rm', ['-rf', '--one-file-system', '--', ...some]);
    if (status !== 0) throw new LabError('internal', `removing the directories of snapshots: ${complaint}`);
  }
}
