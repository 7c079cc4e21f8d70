// Running real programs in tests and benchmarks: output in full, a deadline always.
import { execFile, spawn } from 'node:child_process';

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  timeoutMs?: number;
  input?: string;
}

/** Runs a program to its end; a status other than 0 is an answer, not an error. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = execFile(
    program,
    args,
    {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 60_000,
      maxBuffer: 64 * 1024 * 1024,
    },
    (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ status, stdout, stderr: stderr || (status === 255 ? String(error) : '') });
    },
  );
  // A program that ends before it has read its input is not an error.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return promise;
}

/** The same, for a program that must succeed: returns its output without the last line break. */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(program, args, options);
  if (ran.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: status ${ran.status}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout.trimEnd();
}

/** Starts a program that stays, and returns how to end it (by its own pid). */
export function start(program: string, args: readonly string[], options: RunOptions & { log?: number } = {}) {
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', options.log ?? 'ignore', options.log ?? 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid ?? 0,
    ended,
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}
