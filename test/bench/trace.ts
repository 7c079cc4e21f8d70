// What a trace of a million system calls costs: its size, the merge, the first screen, filters, memory. Made of the calls that any
// program makes when it starts, since those are what a trace mostly holds.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { callLine } from '../../src/trace/call-line.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { openCalls } from '../../src/tracer/merge.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { traceFile } from '../helpers/trace-file.ts';
import { text } from '../tracer/recording.ts';
import { begin, command, traceOf } from '../tracer/traced.ts';
import { type Figure, sideBySide } from './measure.ts';

const million = 1_000_000;
const mergedCalls = 200_000;
/** Of a first screen and of a filter. */
const budgetMs = 1000;
const budgetKib = 256 * 1024;

const samples: ReadonlyArray<[name: string, args: string[], noise?: boolean]> = [
  ['openat', ['AT_FDCWD</>', '"/lib/x86_64-linux-gnu/libc.so.6"', 'O_RDONLY|O_CLOEXEC']],
  ['read', ['3</lib/x86_64-linux-gnu/libc.so.6>', '0x7ffd4d4bb1a8', '832']],
  [
    'mmap',
    ['NULL', '2125824', 'PROT_READ', 'MAP_PRIVATE|MAP_DENYWRITE', '3</lib/x86_64-linux-gnu/libc.so.6>', '0'],
    true,
  ],
  ['close', ['3</lib/x86_64-linux-gnu/libc.so.6>']],
  ['futex', ['0x7f3c6c000b60', 'FUTEX_WAKE_PRIVATE', '1'], true],
  ['epoll_wait', ['13<anon_inode:[eventpoll]>', '[]', '1024', '-1'], true],
  [
    'newfstatat',
    ['3</lib/x86_64-linux-gnu/libc.so.6>', '""', '{st_mode=S_IFREG|0755, st_size=1922136}', 'AT_EMPTY_PATH'],
  ],
];

function nthCall(i: number): TraceEvent {
  const [name, args, noise] = samples[i % samples.length] ?? ['getpid', []];
  const failed = i % 11 === 0 ? { result: -1, errno: 'ENOENT' } : { result: i % 5 };
  const data = {
    name,
    process: 'runc',
    ...failed,
    durationNs: 600 + (i % 9000),
    operation: 1,
    ...(noise && { noise }),
    args,
  };
  const pid = 4000 + (i % 7);
  return {
    seq: i + 2,
    ts: i * 1500,
    stage: 'kernel',
    pid,
    tid: pid,
    type: 'kernel.syscall-made',
    span: '',
    truth: 'observed',
    data,
  };
}

/** The last one is the only mount. */
function writeMillion(path: string): void {
  const fd = openSync(path, 'w');
  const [head, first] = traceFile([], { calls: million, seen: million + 1 });
  let piece = `${head}\n${first}\n`;
  for (let i = 0; i < million; i++) {
    const call = nthCall(i);
    if (i === million - 1) call.data = { ...call.data, name: 'mount', durationNs: 5e9 };
    piece += `${callLine(call)}\n`;
    if (piece.length < 1 << 20) continue;
    writeSync(fd, piece);
    piece = '';
  }
  writeSync(fd, piece);
  closeSync(fd);
}

export async function traceFigures(): Promise<Figure[]> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-trace-');
  try {
    const path = `${folder}/million.jsonl`;
    writeMillion(path);
    const perThousand = statSync(path).size / (million / 1000) / 1024;
    const size: Figure = {
      what: 'trace file, a thousand calls',
      value: `${perThousand.toFixed(0)} KiB`,
      beside: '',
      ratio: Number.NaN,
      budget: undefined,
    };
    return [size, await mergeFigure(folder), ...(await viewFigures(path)), memoryFigure(path)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function mergeFigure(folder: string): Promise<Figure> {
  const path = `${folder}/calls.bin`;
  const story = begin();
  for (let i = 0; i < mergedCalls; i++) {
    story.bytes.enter(257, [-100n, 0x1000, 0o2000000, 0], [text(1, '/lib/x86_64-linux-gnu/libc.so.6')], {
      pid: command,
    });
    story.bytes.exit(257, -2, [], { pid: command });
  }
  writeFileSync(path, story.counts().bytes.bytes());
  const begun = performance.now();
  const calls = openCalls(path, traceOf());
  let count = 0;
  for (const _ of calls?.lines() ?? []) count++;
  calls?.close();
  const tookMs = performance.now() - begun;
  if (count < mergedCalls) throw new Error(`${count} calls merged of ${mergedCalls}`);
  return {
    what: 'merge of a recording, a thousand calls',
    value: `${(tookMs / (count / 1000)).toFixed(1)} ms`,
    beside: `a million in ${(tookMs / (count / 1e6) / 1000).toFixed(1)} s`,
    ratio: Number.NaN,
    budget: undefined,
  };
}

const views: ReadonlyArray<[what: string, script: string]> = [
  ['a million calls: story', 'show'],
  ['a million calls: first screen of level 3', 'show --level 3 | head -n 50'],
  ['a million calls: why of the last', `show --why ${million + 1}`],
  ['a million calls: filter name=mount', "show --level 3 --filter 'name=mount'"],
  ['a million calls: filter, a bare word', "show --level 3 --filter 'libsystemd'"],
  ['a million calls: filter without a word', "show --level 3 --filter 'dur>1s'"],
  ['a million calls: filter, a word with marks', "show --level 3 --filter 'a*b=2'"],
  ['a million calls: filter with not', "show --level 3 --filter 'not (process=runc or errno=*)'"],
];

async function viewFigures(path: string): Promise<Figure[]> {
  const trace = await readTraceFile(path);
  if (trace.flaws !== undefined) throw new Error(trace.flaws.join());
  const candidates = views.map(([what, script]) => {
    const [verb = '', ...pipe] = script.split(/(?= \| )/);
    return { name: what, program: 'sh', args: ['-c', `${tlabProgram} trace ${verb} ${path}${pipe.join('')}`] };
  });
  const timings = await sideBySide(candidates, { runs: 3, warmUps: 1 });
  return timings.map(({ name, medianMs }) => ({
    what: name,
    value: `${medianMs.toFixed(0)} ms`,
    beside: `limit ${budgetMs} ms`,
    ratio: medianMs / budgetMs,
    budget: 1,
  }));
}

/** The kernel's own count of the most that a listing of everything took. @source man getrusage(2) ru_maxrss */
function memoryFigure(path: string): Figure {
  const script = [
    'import resource, subprocess, sys',
    'subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)',
    'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)',
  ].join('\n');
  const args = ['-c', script, tlabProgram, 'trace', 'show', '--level', '3', path];
  const kib = Number(spawnSync('python3', args, { encoding: 'utf8' }).stdout);
  return {
    what: 'a million calls: memory of the whole list',
    value: `${(kib / 1024).toFixed(0)} MiB`,
    beside: `limit ${budgetKib / 1024} MiB`,
    ratio: kib / budgetKib,
    budget: 1,
  };
}
