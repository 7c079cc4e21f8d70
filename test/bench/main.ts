// `npm run bench`: tlab beside the real docker, runc and crun on this machine, in one run. Prints medians, ratios and the budget of each.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { makeBundle } from '../helpers/bundle.ts';
import { startEngine, tlabProgram } from '../helpers/engine.ts';
import { startRealDocker } from '../helpers/real-docker.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { type Candidate, type Figure, sideBySide, type Timing } from './measure.ts';
import { traceFigures } from './trace.ts';
import { tracerFigures } from './tracer.ts';
import { wholeRunFigures } from './whole-run.ts';

if (process.getuid?.() !== 0) {
  console.error('the benchmark makes containers and so needs root\ntry: sudo npm run bench');
  process.exit(1);
}

const figures: Figure[] = [];

const native = (name: string): string => new URL(`../../dist/bin/${name}`, import.meta.url).pathname;
const medianOf = (timings: Timing[], name: string): number =>
  timings.find((one) => one.name === name)?.medianMs ?? Number.NaN;

function compare(
  timings: Timing[],
  ours: string,
  theirs: string,
  options: { what: string; budget?: number; overheadMs?: number },
): void {
  const overhead = options.overheadMs ?? 0;
  const [a, b] = [medianOf(timings, ours) - overhead, medianOf(timings, theirs) - overhead];
  figures.push({
    what: options.what,
    value: `${a.toFixed(1)} ms`,
    beside: `${theirs} ${b.toFixed(1)} ms`,
    ratio: a / b,
    budget: options.budget,
  });
}

async function benchStartUp(): Promise<void> {
  const timings = await sideBySide([
    { name: 'tlab', program: tlabProgram, args: ['--version'] },
    { name: 'node -e 0', program: process.execPath, args: ['-e', '0'] },
  ]);
  compare(timings, 'tlab', 'node -e 0', { what: 'tlab --version', budget: 2 });
}

/** @source man cgroups(7): crun 1.8 refuses a hybrid layout, so its own mount namespace lacks the version 2 hierarchy; all three run there. */
async function benchRuntimes(): Promise<void> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-');
  const hidden = start('unshare', [
    '--mount',
    'sh',
    '-c',
    'umount /sys/fs/cgroup/unified 2>/dev/null; exec sleep infinity',
  ]);
  await waitUntil(() => readFileSync(`/proc/${hidden.pid}/comm`, 'utf8').trim() === 'sleep', {
    what: 'a mount namespace',
  });
  try {
    await makeBundle(folder);
    const enter = [`--mount=/proc/${hidden.pid}/ns/mnt`];
    // Compiled where it will run: a plan holds the host's cgroup layout.
    await must('nsenter', [...enter, native('tlab-runc'), 'compile', '--bundle', folder, '--id', 'bench']);
    const cycle = (runtime: string): string => {
      const call = `${runtime} --root ${folder}/state`;
      return `${call} create --bundle ${folder} bench </dev/null >/dev/null && ${call} start bench && ${call} delete --force bench`;
    };
    const candidate = (name: string, script: string): Candidate => ({
      name,
      program: 'nsenter',
      args: [...enter, 'sh', '-c', script],
    });
    const timings = await sideBySide(
      [
        candidate('nothing', 'true && true && true'),
        candidate('tlab-runc', cycle(native('tlab-runc'))),
        candidate('crun', cycle('crun')),
        candidate('runc', cycle('runc')),
      ],
      { runs: 25 },
    );
    const overheadMs = medianOf(timings, 'nothing');
    compare(timings, 'tlab-runc', 'crun', {
      what: 'runtime create + start + delete, with plan',
      budget: 1.5,
      overheadMs,
    });
    compare(timings, 'tlab-runc', 'runc', { what: 'the same', overheadMs });
  } finally {
    await hidden.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}

/** Processes whose command line holds a text: how a shim of one engine is told from another's. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false; // gone meanwhile
      }
    });
}

async function benchEngines(): Promise<void> {
  const docker = await startRealDocker();
  const engine = await startEngine();
  try {
    await engine.must('run', '--rm', 'busybox', 'true');
    const enter = ['nsenter', ...engine.enter, tlabProgram] as const;
    const tlab = (name: string, args: string[]): Candidate => ({
      name,
      program: enter[0],
      args: [...enter.slice(1), ...args],
      env: engine.env,
    });
    const timings = await sideBySide([
      { name: 'docker', program: '/usr/bin/docker', args: [...docker.host, 'run', '--rm', 'busybox', 'true'] },
      tlab('tlab', ['run', '--rm', 'busybox', 'true']),
      tlab('tlab traced', ['trace', 'run', '--rm', 'busybox', 'true']),
    ]);
    compare(timings, 'tlab', 'docker', { what: 'run --rm busybox true', budget: 0.6 });
    compare(timings, 'tlab traced', 'docker', { what: 'the same, traced', budget: 1 });

    await docker.docker('run', '-d', '--name', 'idle', 'busybox', 'sleep', '600');
    const id = await engine.must('run', '-d', '--name', 'idle', 'busybox', 'sleep', '600');
    const ours = Math.max(...processesWith(id).map(residentKib));
    const theirId = await docker.docker('inspect', '--format', '{{.Id}}', 'idle');
    const theirs = Math.max(...processesWith(theirId).map(residentKib));
    const mib = (kib: number): string => `${(kib / 1024).toFixed(2)} MiB`;
    figures.push({
      what: 'shim of an idle container, resident',
      value: mib(ours),
      beside: `containerd-shim-runc-v2 ${mib(theirs)}`,
      ratio: ours / theirs,
      budget: undefined,
    });
    figures.push({
      what: 'the same against its limit',
      value: mib(ours),
      beside: 'limit 1.50 MiB',
      ratio: ours / 1536,
      budget: 1,
    });
    await docker.docker('rm', '-f', 'idle');
  } finally {
    await engine.stop();
    await docker.stop();
  }
}

const row = (what: string, value: string, beside: string, ratio: string, verdict: string): string =>
  `${what.padEnd(48)} ${value.padStart(10)}   ${beside.padEnd(34)} ${ratio.padStart(8)}  ${verdict}`.trimEnd();

function rowOf({ what, value, beside, ratio, budget }: Figure): string {
  const verdict = budget === undefined ? '' : `${ratio <= budget ? 'PASS' : 'FAIL'} (budget ${budget})`;
  return row(what, value, beside, Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)} ×`, verdict);
}

function printGroup(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  for (const one of figures) console.log(rowOf(one));
}

function printSizes(): void {
  console.log('\nPrograms');
  for (const name of ['tlab-runc', 'containerd-shim-tlab-v2', 'tlab-init', 'tlab-unpack', 'tlab-tracer']) {
    console.log(row(`size of ${name}`, `${(statSync(native(name)).size / 1024).toFixed(0)} KiB`, '', '', ''));
  }
}

console.log(`${(await run('uname', ['-srm'])).stdout.trim()}; medians of whole processes, taking turns`);
await benchStartUp();
await benchRuntimes();
await benchEngines();
printGroup('The engine, beside the real programs', figures);
printGroup('System calls: what the tracer costs and sees', [...(await tracerFigures()), ...(await wholeRunFigures())]);
printGroup('A trace of many system calls', await traceFigures());
printSizes();
