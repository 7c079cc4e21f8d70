// What tracing costs the traced program, and everybody else: nanoseconds per system call without a tracer, beside one, under it, and
// under strace -f. Interleaved, medians. The records that were lost are counted by the kernel side; whether calls are missing is
// asked of strace, on the same execution.
import { readFileSync } from 'node:fs';
import { seeTwice } from '../helpers/observers.ts';
import { must } from '../helpers/shell.ts';
import { ebpf, startTracer, TracerPlace } from '../helpers/tracer.ts';
import { seeEngineTwice } from '../helpers/whole-engine.ts';
import { type Figure, median } from './measure.ts';

/** In the order in which test/fixtures/tracer/cost.c prints them. */
const loops = ['getppid', 'access of a path', 'write + read of a pipe'] as const;
const modes = ['none', 'beside', 'traced', 'strace -f'] as const;
type Mode = (typeof modes)[number];

const turns = 5;
const rounds = 100_000;
/** What the tracer may add to a call, of what strace adds. */
const shareBudget = 1 / 20;

/** Empty, with the reason printed, where eBPF cannot be used. */
export async function tracerFigures(): Promise<Figure[]> {
  const { skip } = ebpf();
  if (skip !== false) {
    console.error(`system call tracer: not measured: ${skip}`);
    return [];
  }
  const place = new TracerPlace();
  try {
    return [...(await costFigures(place)), ...(await completeFigures(place))];
  } finally {
    place.remove();
  }
}

async function costFigures(place: TracerPlace): Promise<Figure[]> {
  const program = place.program('cost');
  const seen = { received: 0, lost: 0, bytes: 0 };
  const readyMs: number[] = [];
  const runs: Record<Mode, () => Promise<string>> = {
    none: () => must(program, [`${rounds}`]),
    beside: async () => {
      const begun = performance.now();
      const tracer = await startTracer(place.newPath(), [process.ppid]);
      readyMs.push(performance.now() - begun);
      const output = await must(program, [`${rounds}`]);
      await tracer.stop();
      return output;
    },
    traced: async () => {
      const { counts, stdout, path } = await place.trace([program, `${rounds}`]);
      seen.received += counts.received;
      seen.lost += counts.dropped + counts.missed;
      seen.bytes += readFileSync(path).length;
      return stdout;
    },
    'strace -f': () => must('strace', ['-f', '-o', place.newPath(), program, `${rounds / 20}`]),
  };
  const found = new Map<Mode, number[][]>(modes.map((mode) => [mode, []]));
  for (let turn = 0; turn < turns; turn++)
    for (const mode of modes) found.get(mode)?.push((await runs[mode]()).trim().split(' ').map(Number));
  const nsOf = (mode: Mode, loop: number): number =>
    median((found.get(mode) ?? []).map((values) => values[loop] ?? Number.NaN));
  return [
    ...loops.flatMap((name, loop) => loopFigures(name, (mode) => nsOf(mode, loop))),
    {
      what: 'attaching the tracer',
      value: `${median(readyMs).toFixed(0)} ms`,
      beside: 'aim 60 ms on an idle host',
      ratio: median(readyMs) / 60,
      budget: undefined,
    },
    {
      what: 'records lost, at full speed',
      value: `${seen.lost}`,
      beside: `of ${seen.received + seen.lost}`,
      ratio: seen.lost / seen.received,
      budget: 0,
    },
    {
      what: 'recorded, per thousand calls',
      value: `${(seen.bytes / (seen.received / 2) / 1.024).toFixed(0)} KiB`,
      beside: 'limit 128 KiB',
      ratio: seen.bytes / (seen.received / 2) / 1.024 / 128,
      budget: 1,
    },
  ];
}

function loopFigures(name: string, ns: (mode: Mode) => number): Figure[] {
  const added = (mode: Mode): number => ns(mode) - ns('none');
  return [
    {
      what: `tracing adds to ${name}`,
      value: `${added('traced').toFixed(0)} ns`,
      beside: `strace -f ${added('strace -f').toFixed(0)} ns`,
      ratio: added('traced') / added('strace -f'),
      budget: shareBudget,
    },
    {
      what: `${name}, another process is traced`,
      value: `${ns('beside').toFixed(0)} ns`,
      beside: `none is ${ns('none').toFixed(0)} ns`,
      ratio: ns('beside') / ns('none'),
      budget: undefined,
    },
  ];
}

/** Throws where strace saw another call or another result, in any thread. */
async function completeFigures(place: TracerPlace): Promise<Figure[]> {
  const script = 'for i in 1 2 3 4 5; do /bin/true; done; find /etc -maxdepth 1 | sort | tail -3 >/dev/null';
  const figure = (what: string, calls: number): Figure => ({
    what,
    value: `${calls}`,
    beside: `strace -f ${calls}`,
    ratio: 1,
    budget: 1,
  });
  return [
    figure('calls of a shell script, names and results', await seeTwice(place, ['sh', '-c', script])),
    figure('calls of an engine and its tlab run', await seeEngineTwice(place)),
  ];
}
