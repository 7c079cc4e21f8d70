// One `tlab run`, untraced, traced, and with strace -f on every process of the engine: what each costs from the first to the last
// moment. They take turns; strace is attached before its turn and gone after it.
import { readFileSync } from 'node:fs';
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
    return figuresOf(median(times.none), median(times.traced), median(times.strace));
  } finally {
    await engine.stop();
  }
}

function figuresOf(none: number, traced: number, strace: number): Figure[] {
  const figure = (what: string, ms: number, beside: string, ratio: number): Figure => {
    return { what, value: `${ms.toFixed(0)} ms`, beside, ratio, budget: undefined };
  };
  return [
    figure('tlab trace run, with every system call', traced, `untraced ${none.toFixed(0)} ms`, traced / none),
    figure('the same by strace -f', strace, `untraced ${none.toFixed(0)} ms`, strace / none),
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
