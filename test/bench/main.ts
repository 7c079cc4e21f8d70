// `npm run bench`: tlab beside the real docker, runc and crun on this machine, in one run. Prints medians, ratios and the budget of each.
// Arguments choose groups: `npm run bench -- images`.
import { statSync } from 'node:fs';
import { binaries } from '../helpers/binaries.ts';
import { startEngine, tlabProgram } from '../helpers/engine.ts';
import { startRealDocker } from '../helpers/real-docker.ts';
import { run } from '../helpers/shell.ts';
import { buildFigures } from './build.ts';
import { crowdFigures } from './crowd.ts';
import { imageFigures } from './images.ts';
import { type Candidate, compared, type Figure, sideBySide } from './measure.ts';
import { registryFigures } from './registry.ts';
import { runtimeFigures } from './runtimes.ts';
import { traceFigures } from './trace.ts';
import { tracerFigures } from './tracer.ts';
import { wholeRunFigures } from './whole-run.ts';

if (process.getuid?.() !== 0) {
  console.error('the benchmark makes containers and so needs root\ntry: sudo npm run bench');
  process.exit(1);
}

async function startUpFigure(): Promise<Figure> {
  const timings = await sideBySide([
    { name: 'tlab', program: tlabProgram, args: ['--version'] },
    { name: 'node -e 0', program: process.execPath, args: ['-e', '0'] },
  ]);
  return compared(timings, ['tlab', 'node -e 0'], { what: 'tlab --version', budget: 2 });
}

async function* besideDocker(): AsyncGenerator<Figure> {
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
    yield compared(timings, ['tlab', 'docker'], { what: 'run --rm busybox true', budget: 0.6 });
    yield compared(timings, ['tlab traced', 'docker'], { what: 'the same, traced', budget: 1 });
    yield* await crowdFigures(engine, docker);
    yield* await buildFigures(engine, docker);
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

const kib = (path: string): number => statSync(path).size / 1024;

/** crun is dynamic: its libraries are not counted. */
function sizeFigures(): Figure[] {
  const rows = [
    ['tlab-runc', 'runc', '/usr/sbin/runc'],
    ['tlab-runc', 'crun', '/usr/bin/crun'],
    ['containerd-shim-tlab-v2', 'containerd-shim-runc-v2', '/usr/bin/containerd-shim-runc-v2'],
    ['tlab-init', 'tini', '/usr/bin/tini-static'],
  ] as const;
  const beside = rows.map(([name, other, path]): Figure => {
    const [ours, theirs] = [kib(`${binaries}/${name}`), kib(path)];
    const value = `${ours.toFixed(0)} KiB`;
    return {
      what: `size of ${name}`,
      value,
      beside: `${other} ${theirs.toFixed(0)} KiB`,
      ratio: ours / theirs,
      budget: undefined,
    };
  });
  const alone = ['tlab-unpack', 'tlab-tracer'].map((name): Figure => {
    const value = `${kib(`${binaries}/${name}`).toFixed(0)} KiB`;
    return { what: `size of ${name}, dynamic`, value, beside: '', ratio: Number.NaN, budget: undefined };
  });
  return [...beside, ...alone];
}

/** The word that chooses a group, its title, and what measures it: each figure is printed as soon as it is known. */
const groups: ReadonlyArray<readonly [string, string, () => AsyncGenerator<Figure>]> = [
  [
    'engine',
    'The engine, beside the real programs',
    async function* () {
      yield await startUpFigure();
      yield* await runtimeFigures();
      yield* besideDocker();
    },
  ],
  [
    'images',
    'Images',
    async function* () {
      yield* imageFigures();
      yield* await registryFigures();
    },
  ],
  [
    'tracer',
    'System calls: what the tracer costs and sees',
    async function* () {
      yield* await tracerFigures();
      yield* await wholeRunFigures();
    },
  ],
  [
    'trace',
    'A trace of many system calls',
    async function* () {
      yield* await traceFigures();
    },
  ],
  [
    'programs',
    'Programs',
    async function* () {
      yield* sizeFigures();
    },
  ],
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((word) => !groups.some(([name]) => name === word));
if (unknown !== undefined) {
  console.error(`there is no group ${unknown}: ${groups.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
console.log(`${(await run('uname', ['-srm'])).stdout.trim()}; medians of whole processes, taking turns`);
for (const [name, title, measure] of groups) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${title}`);
  for await (const figure of measure()) console.log(rowOf(figure));
}
