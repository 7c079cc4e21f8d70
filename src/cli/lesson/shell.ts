// Shell of a lesson, run with this package's tlab: what the lab does for the learner, and what the proof types.
import { existsSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';

/** The package's own bin/, beside dist/ or src/. */
function programFolder(): string {
  const candidates = ['../bin', '../../../bin'].map((one) => `${import.meta.dirname}/${one}`);
  const found = candidates.find((one) => existsSync(`${one}/tlab`));
  if (found !== undefined) return found;
  throw new LabError('notFound', `tlab: no program in ${candidates.join(' or ')}`, {
    hint: 'install the whole package',
  });
}

async function ended(program: string, args: string[]): Promise<void> {
  const { spawn } = await import('node:child_process');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const env = { ...process.env, PATH: `${programFolder()}:${process.env.PATH ?? ''}` };
  const child = spawn(program, args, { stdio: 'ignore', env });
  child.on('error', reject).on('exit', () => resolve());
  await promise;
}

/** Without a terminal: setup and teardown. */
export const runShell = (shell: string): Promise<void> => ended('sh', ['-c', shell]);

/** In a terminal of its own, as somebody who types. */
export const typeShell = (shell: string): Promise<void> =>
  ended('script', ['-qec', `sh -c ${quoted(shell)}`, '/dev/null']);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
