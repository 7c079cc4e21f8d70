// A whole tree into an empty directory, as it is: owners, modes, times to the nanosecond, extended attributes, hard links, holes, devices.
// By reflinks where the file system has them.
import { LabError } from '../../base/errors.ts';
import { runTool } from './tool.ts';

/** Errors: resourceExhausted on a full disk; internal, in cp's words. */
export async function copyTree(from: string, to: string): Promise<void> {
  const { status, complaint } = await runTool('cp', ['-a', '--reflink=auto', '--', `${from}/.`, to]);
  if (status === 0) return;
  const isFull = /No space left on device|Disk quota exceeded/.test(complaint);
  throw new LabError(isFull ? 'resourceExhausted' : 'internal', `copying ${from}: ${complaint}`);
}
