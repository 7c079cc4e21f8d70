// Shell of a lesson, run with this package's tlab: what the lab does for the learner, and what the proof types.
import { existsSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { patience } from '../../base/patience.ts';
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

/** So long a shell of a proof may take: what hangs is told, and the proof goes on with the next lesson. */
const typedLimitMs = 120_000 * patience;

interface EndedOptions {
  stopped?: AbortSignal | undefined;
  limitMs?: number;
}

/** @throws Interrupted when it was stopped, also before it began; LabError deadlineExceeded when it took too long, and was ended */
async function ended(program: string, args: string[], { stopped, limitMs }: EndedOptions = {}): Promise<void> {
  refuseWhen(stopped);
  const { spawn } = await import('node:child_process');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const env = { ...process.env, PATH: `${programFolder()}:${process.env.PATH ?? ''}` };
  const child = spawn(program, args, { stdio: 'ignore', env });
  child.on('error', reject).on('exit', () => resolve());
  const stop = (): boolean => child.kill();
  stopped?.addEventListener('abort', stop);
  const limit = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
  limit?.addEventListener('abort', stop);
  await promise.finally(() => {
    stopped?.removeEventListener('abort', stop);
    limit?.removeEventListener('abort', stop);
  });
  refuseWhen(stopped);
  if (limit?.aborted !== true) return;
  const seconds = Math.round((limitMs ?? 0) / 1000);
  throw new LabError('deadlineExceeded', `it had not ended after ${seconds} s: ${args.join(' ')}`);
}

function refuseWhen(stopped: AbortSignal | undefined): void {
  if (stopped?.aborted === true) throw new Interrupted('ctrl-c');
}

/** Without a terminal: setup and teardown. */
export const runShell = (shell: string): Promise<void> => ended('sh', ['-c', shell]);

/** In a terminal of its own, as somebody who types. */
const typeShell = (shell: string, stopped?: AbortSignal): Promise<void> =>
  ended('script', ['-qec', `sh -c ${quoted(shell)}`, '/dev/null'], { stopped, limitMs: typedLimitMs });

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
