// Runs one fuzzer of native/fuzz in a folder of its own, which is also the root that it confines itself to.
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeSeeds } from './fuzz-seeds.ts';
import { must, type Ran, run } from './shell.ts';

const dist = new URL('../../dist/fuzz', import.meta.url).pathname;
const native = new URL('../../native', import.meta.url).pathname;

export const buildFuzzers = (): Promise<string> =>
  must('make', ['-C', native, '--silent', 'fuzz'], { timeoutMs: 300_000 });

export interface Fuzzed extends Ran {
  executions: number;
  /** Inputs that ended it: kept below dist/fuzz. */
  found: string[];
}

/** From the seeds, with a fixed seed of its own, for some seconds. */
export async function fuzz(name: string, seconds: number): Promise<Fuzzed> {
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(`${dist}/${name}-`);
  for (const part of ['corpus', 'found', 'bun']) mkdirSync(`${folder}/${part}`);
  writeSeeds(name, `${folder}/corpus`);
  // Confined it is nobody, and writes what it finds as that.
  if (process.getuid?.() === 0)
    for (const path of [folder, ...['corpus', 'found', 'bun'].map((part) => `${folder}/${part}`)])
      chownSync(path, 65534, 65534);
  const limits = ['-seed=1', `-max_total_time=${seconds}`, '-rss_limit_mb=1024', '-timeout=20', '-print_final_stats=1'];
  const ran = await run(`${dist}/bin/${name}`, [...limits, '-artifact_prefix=found/', 'corpus'], {
    cwd: folder,
    // What is confined cannot be looked through for leaks: that needs /proc.
    env: { ASAN_OPTIONS: /^(task|state|runtime-options|unpack)$/.test(name) ? 'detect_leaks=0' : '' },
    timeoutMs: (seconds + 60) * 1000,
  });
  const found = readdirSync(`${folder}/found`).map((file) => `${folder}/found/${file}`);
  if (found.length === 0) rmSync(folder, { recursive: true, force: true });
  const executions = Number(/number_of_executed_units: (\d+)/.exec(ran.stderr)?.[1] ?? 0);
  return { ...ran, executions, found };
}
