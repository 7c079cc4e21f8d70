// Timing of whole processes, side by side: the candidates take turns in one run, so that a machine that slows down slows all of them.
import { spawn } from 'node:child_process';

export interface Candidate {
  name: string;
  program: string;
  args: string[];
  env?: Record<string, string>;
}

/** One line of the printed table. */
export interface Figure {
  what: string;
  value: string;
  beside: string;
  ratio: number;
  budget: number | undefined;
}

export interface Timing {
  name: string;
  medianMs: number;
  minimumMs: number;
}

/** Milliseconds of one run. */
export function once(candidate: Candidate): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const begin = process.hrtime.bigint();
  const child = spawn(candidate.program, candidate.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...candidate.env },
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  child.once('error', reject);
  child.once('exit', (status) => {
    if (status === 0) resolve(Number(process.hrtime.bigint() - begin) / 1e6);
    else reject(new Error(`${candidate.name}: status ${status}\n${said}`));
  });
  return promise;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Runs each candidate `runs` times, in turn, after `warmUps` uncounted rounds. */
export async function sideBySide(candidates: Candidate[], { runs = 15, warmUps = 2 } = {}): Promise<Timing[]> {
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < runs + warmUps; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const took = await once(candidate);
      if (round >= warmUps) times[i]?.push(took);
    }
  }
  return candidates.map(({ name }, i) => ({
    name,
    medianMs: median(times[i] ?? []),
    minimumMs: Math.min(...(times[i] ?? [])),
  }));
}

export const medianOf = (timings: readonly Timing[], name: string): number =>
  timings.find((one) => one.name === name)?.medianMs ?? Number.NaN;

/** Ours beside theirs, by name; `overheadMs` is what both spend on being started. */
export function compared(
  timings: readonly Timing[],
  [ours, theirs]: readonly [string, string],
  { what, budget, overheadMs = 0 }: { what: string; budget?: number; overheadMs?: number },
): Figure {
  const [a, b] = [medianOf(timings, ours) - overheadMs, medianOf(timings, theirs) - overheadMs];
  return { what, value: `${a.toFixed(1)} ms`, beside: `${theirs} ${b.toFixed(1)} ms`, ratio: a / b, budget };
}
