// The images that a lesson starts from: what is neither in the engine nor in the offline library is told before somebody runs into it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../../base/paths.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import { connectAsItIs } from '../connection.ts';
import { say } from '../terminal.ts';

/** Says it, and nothing when everything is there. It starts nothing and asks no registry. */
export async function sayMissingImages({ images }: Pick<Lesson, 'images'>): Promise<void> {
  const absent: string[] = [];
  for (const image of images) if (!(await isHere(image))) absent.push(image);
  if (absent.length === 0) return;
  const they = absent.length === 1 ? 'it is' : 'they are';
  say(
    `Not on this machine yet: ${absent.join(', ')}. Without a registry ${they} made from this system's packages: sudo tlab library build ${absent.join(' ')}`,
  );
}

async function isHere(image: string): Promise<boolean> {
  if (existsSync(join(paths.library, image))) return true;
  const asked = connectAsItIs().json({ method: 'GET', path: `/images/${image}/json` });
  return await asked.then(
    () => true,
    () => false,
  );
}
