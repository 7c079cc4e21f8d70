// Programs of the host that the engine runs, found by name.
import { existsSync } from 'node:fs';

const folders = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/bin', '/bin'];

/** The full path of a program, also when PATH has no sbin, as an ordinary user's has not; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const inPath = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...inPath, ...folders].map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}
