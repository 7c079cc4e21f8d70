// One `tlab run`, untraced, traced, and with strace -f on every process of the engine: what each costs from the first to the last
// moment. They take turns. strace is attached before its turn and gone after it, which is not counted; that the tracer is attached and
// ended, and the story told, is.
import { readdirSync, readFileSync } from 'node:fs';
import type { TracerCounts } from '../../src/tracer/records.ts';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { type Candidate, type Figure, median, once } from './measure.ts';

const turns = 9;

export async function wholeRunFigures(): Promise<Figure[]> {
  const engine = await startEngine();
  try {
    await engine.must('run', '--rm', 'busybox', 'true');
    await engine.must('trace', 'run', '--rm', 'busybox', 'true');
    const times = { none: [] as number[], traced: [] as number[], strace: [] as number[] };
    for (let turn = 0; turn < turns; turn++) {
      times.none.push(await once(inside(engine, [tlabProgram, 'run', '--rm', 'busybox', 'true'])));
      times.traced.push(await once(inside(engine, [tlabProgram, 'trace', 'run', '--rm', 'busybox', 'true'])));
      times.strace.push(await underStrace(engine));
    }
    return figuresOf(median(times.none), median(times.traced), median(times.strace), recordedIn(engine));
  } finally {
    await engine.stop();
  }
}

interface Recorded {
  traces: number;
  calls: number;
  lost: number;
  attachMs: number;
}

/** What the traces of an engine say of their tracers. */
function recordedIn(engine: TestEngine): Recorded {
  const folder = `${engine.root}/data/traces`;
  const tracers = readdirSync(folder).map((id) => {
    const { tracer } = JSON.parse(readFileSync(`${folder}/${id}/trace.json`, 'utf8'));
    const { enters, dropped, missed } = tracer.counts as TracerCounts;
    return { calls: enters, lost: dropped + missed, attachMs: tracer.attachMs as number };
  });
  const sum = (of: (one: (typeof tracers)[number]) => number): number => tracers.reduce((all, one) => all + of(one), 0);
  return {
    traces: tracers.length,
    calls: sum((one) => one.calls),
    lost: sum((one) => one.lost),
    attachMs: median(tracers.map((one) => one.attachMs)),
  };
}

function figuresOf(noneMs: number, tracedMs: number, straceMs: number, recorded: Recorded): Figure[] {
  const figure = (what: string, ms: number): Figure => {
    return {
      what,
      value: `${ms.toFixed(0)} ms`,
      beside: `untraced ${noneMs.toFixed(0)} ms`,
      ratio: ms / noneMs,
      budget: undefined,
    };
  };
  return [
    figure('tlab trace run, with every system call', tracedMs),
    figure(`the same, without attaching (${recorded.attachMs.toFixed(0)} ms)`, tracedMs - recorded.attachMs),
    figure('tlab run, by strace -f, attached before', straceMs),
    {
      what: `records lost, in ${recorded.traces} tlab trace run`,
      value: `${recorded.lost}`,
      beside: `of ${recorded.calls} calls`,
      ratio: recorded.lost / recorded.calls,
      budget: 0,
    },
  ];
}

const inside = (engine: TestEngine, [program = '', ...args]: string[]): Candidate => ({
  name: program,
  program: 'nsenter',
  args: [...engine.enter, program, ...args],
  env: engine.env,
});

async function underStrace(engine: TestEngine): Promise<number> {
  const servers = ['tlabd.pid', 'tlab-containerd.pid'].map((file) =>
    readFileSync(`${engine.root}/run/${file}`, 'utf8').trim(),
  );
  const strace = ['-f', '-o', `${engine.root}/strace`];
  const attached = start('strace', [...strace, ...servers.flatMap((pid) => ['-p', pid])]);
  try {
    const isTraced = (pid: string): boolean => !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    await waitUntil(() => servers.every(isTraced), { what: 'strace to attach' });
    return await once(inside(engine, ['strace', ...strace, tlabProgram, 'run', '--rm', 'busybox', 'true']));
  } finally {
    await attached.stop('SIGINT');
  }
}
