// Shell of a lesson, run with this package's tlab: what the lab does for the learner, and what the proof types.
import { existsSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { Shell } from '../../lesson/run/prepare.ts';
import { Interrupted } from '../prompt/prompter.ts';

/** The package's own bin/, beside dist/ or src/. */
function programFolder(): string {
  const candidates = ['../bin', '../../../bin'].map((one) => `${import.meta.dirname}/${one}`);
  const found = candidates.find((one) => existsSync(`${one}/tlab`));
  if (found !== undefined) return found;
  throw new LabError('notFound', `tlab: no program in ${candidates.join(' or ')}`, {
    hint: 'install the whole package',
  });
}

/** @throws Interrupted when it was stopped, also before it began */
async function ended(program: string, args: string[], stopped?: AbortSignal): Promise<void> {
  refuseWhen(stopped);
  const { spawn } = await import('node:child_process');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const env = { ...process.env, PATH: `${programFolder()}:${process.env.PATH ?? ''}` };
  const child = spawn(program, args, { stdio: 'ignore', env });
  child.on('error', reject).on('exit', () => resolve());
  const stop = (): boolean => child.kill();
  stopped?.addEventListener('abort', stop);
  await promise.finally(() => stopped?.removeEventListener('abort', stop));
  refuseWhen(stopped);
}

function refuseWhen(stopped: AbortSignal | undefined): void {
  if (stopped?.aborted === true) throw new Interrupted('ctrl-c');
}

/** Without a terminal: setup and teardown. */
export const runShell = (shell: string): Promise<void> => ended('sh', ['-c', shell]);

/** In a terminal of its own, as somebody who types. */
const typeShell = (shell: string, stopped?: AbortSignal): Promise<void> =>
  ended('script', ['-qec', `sh -c ${quoted(shell)}`, '/dev/null'], stopped);

/** Ctrl-C ends the shell that is being typed, and no other begins after it; `takeAway` is for what has to be done all the same. */
export async function typing<Result>(
  work: (shells: { type: Shell; takeAway: Shell }) => Promise<Result>,
): Promise<Result> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.on('SIGINT', stop);
  try {
    return await work({ type: (shell) => typeShell(shell, stopped.signal), takeAway: typeShell });
  } finally {
    process.off('SIGINT', stop);
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
