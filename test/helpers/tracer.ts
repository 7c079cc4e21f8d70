// tlab-tracer in tests: traces a command from its first exec on, and reads the records as they are, without the decoder.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileSource, RecordFile, recordTypes, type TracerCounts } from '../../src/tracer/records.ts';
import { binaries } from './binaries.ts';

export const tracerProgram = `${binaries}/tlab-tracer`;
const fixtures = new URL('../fixtures/tracer', import.meta.url).pathname;

/** Flags of a record. @source native/tracer/records.h */
export const recordFlags = { compat: 1, x32: 2, refused: 4 } as const;

export interface TracedRecord {
  type: keyof typeof recordTypes;
  flags: number;
  number: number;
  timeNs: bigint;
  pid: number;
  tid: number;
  /** exit: the result; end: the code as wait(2) encodes it. */
  result: number;
  /** fork: the child's ids; exec: `oldTid`. */
  childPid: number;
  childTid: number;
  childInnerTid: number;
  oldTid: number;
  threadsLeft: number;
  arguments: bigint[];
  captures: { argument: number; part: number; whole: number; text: string }[];
}

/** A call as one thread made it: result undefined where it did not return. */
export interface TracedCall {
  number: number;
  flags: number;
  result: number | undefined;
  enter: TracedRecord;
  exit: TracedRecord | undefined;
}

export interface Traced {
  path: string;
  /** Of the traced command, the pid of its first process. */
  pid: number;
  status: number;
  stdout: string;
  stderr: string;
  counts: TracerCounts;
}

/** The option object of a test that needs root and eBPF: without them it is skipped and says why. */
export const ebpf = (): { skip: string | false } => ({ skip: reasonWithout });
const reasonWithout = withoutEbpf();

function withoutEbpf(): string | false {
  if (process.getuid?.() !== 0) return 'needs root: it loads BPF programs';
  const folder = mkdtempSync('/var/tmp/tlab-tracer-test-');
  const { status, stderr } = spawnSync(tracerProgram, ['--output', `${folder}/x`, '--follow', '1'], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  // 3: the host cannot. Anything else is the tracer's own fault, and the tests shall show it.
  return status === 3 ? stderr.trim() : false;
}

/** A folder for compiled fixtures and recordings; removed with everything in it. */
export class TracerPlace {
  readonly folder = mkdtempSync('/var/tmp/tlab-tracer-test-');
  #count = 0;

  /** Compiles test/fixtures/tracer/<name>.c, once, and returns the program. */
  program(name: string): string {
    const program = `${this.folder}/${name}`;
    if (!existsSync(program))
      execFileSync('gcc', ['-D_GNU_SOURCE', '-Wall', '-O1', '-pthread', '-o', program, `${fixtures}/${name}.c`]);
    return program;
  }

  newPath(): string {
    return `${this.folder}/${++this.#count}`;
  }

  /** Runs a command under the tracer; it begins when the tracer is attached. `stopped`: the tracer reads nothing until it has ended. */
  async trace(command: readonly string[], options: { buffer?: number; stopped?: boolean } = {}): Promise<Traced> {
    const path = this.newPath();
    const child = spawn('sh', ['-c', 'read go; exec "$@" </dev/null', 'sh', ...command], { stdio: 'pipe' });
    const output = [text(child.stdout), text(child.stderr)] as const;
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 255)));
    const tracer = await startTracer(path, [child.pid ?? 0], options.buffer ? ['--buffer', `${options.buffer}`] : []);
    if (options.stopped) process.kill(tracer.pid, 'SIGSTOP');
    child.stdin.end('\n');
    const status = await ended;
    if (options.stopped) process.kill(tracer.pid, 'SIGCONT');
    const counts = await tracer.stop();
    const [stdout, stderr] = await Promise.all(output);
    return { path, pid: child.pid ?? 0, status, stdout, stderr, counts };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves when it is attached. `stop` ends it and answers what it printed. */
export async function startTracer(path: string, pids: readonly number[], more: readonly string[] = []) {
  const child = spawn(tracerProgram, ['--output', path, '--follow', pids.join(','), ...more], { stdio: 'pipe' });
  const errors = text(child.stderr);
  let output = '';
  const ready = Promise.withResolvers<void>();
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 255)));
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
    if (output.startsWith('ready\n')) ready.resolve();
  });
  void ended.then(async (status) => ready.reject(new Error(`status ${status}: ${await errors}`)));
  await ready.promise;
  return {
    pid: child.pid ?? 0,
    ended,
    async stop(): Promise<TracerCounts> {
      child.stdin.end();
      const status = await ended;
      if (status !== 0) throw new Error(`tlab-tracer: status ${status}: ${await errors}`);
      return JSON.parse(output.slice('ready\n'.length)) as TracerCounts;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

const typeNames = Object.fromEntries(Object.entries(recordTypes).map(([name, value]) => [value, name]));

/** All records of a file; it must be whole. */
export function readRecords(path: string): TracedRecord[] {
  const file = new RecordFile(fileSource(path));
  const found: TracedRecord[] = [];
  for (const record of file.records()) {
    const type = typeNames[record.type] as TracedRecord['type'];
    const is = (name: TracedRecord['type']): boolean => type === name;
    found.push({
      type,
      flags: record.flags,
      number: record.number,
      timeNs: record.timeNs,
      pid: record.pid,
      tid: record.tid,
      result: is('exit') ? Number(record.signed64(0)) : is('end') ? record.signed32(0) : 0,
      childPid: is('fork') ? record.unsigned32(0) : 0,
      childTid: is('fork') ? record.unsigned32(4) : 0,
      childInnerTid: is('fork') ? record.unsigned32(8) : 0,
      oldTid: is('exec') ? record.unsigned32(0) : 0,
      threadsLeft: is('end') ? record.unsigned32(4) : 0,
      arguments: is('enter') ? [0, 1, 2, 3, 4, 5].map((at) => record.unsigned64(8 * at)) : [],
      captures: record.captures().map(({ argument, part, whole, bytes }) => ({
        argument,
        part,
        whole,
        text: Buffer.from(bytes).toString('latin1'),
      })),
    });
  }
  file.close();
  if (file.damage) throw new Error(`${path}: ${file.damage.reason} at ${file.damage.offset}`);
  return found;
}

/**
 * Calls by thread, in order. A new thread's first return, that of its parent's clone, is no call of its own. Throws where enter and
 * exit do not alternate.
 */
export function callsByThread(records: readonly TracedRecord[]): Map<number, TracedCall[]> {
  const threads = new Map<number, TracedCall[]>();
  const open = new Map<number, TracedCall>();
  const born = new Set<number>();
  for (const record of records) {
    const { tid } = record;
    if (record.type === 'fork') born.add(record.childTid);
    else if (record.type === 'exec') moveCall(open, record);
    else if (record.type === 'enter') {
      if (open.has(tid)) throw new Error(`thread ${tid} enters call ${record.number} inside of another`);
      const call = { number: record.number, flags: record.flags, result: undefined, enter: record, exit: undefined };
      const calls = threads.get(tid) ?? [];
      calls.push(call);
      threads.set(tid, calls);
      open.set(tid, call);
    } else if (record.type === 'exit') {
      const call = open.get(tid);
      if (call) Object.assign(call, { result: record.result, exit: record });
      else if (!born.has(tid) && threads.has(tid)) throw new Error(`thread ${tid} leaves ${record.number} unentered`);
      if (call && call.number !== record.number)
        throw new Error(`thread ${tid}: ${call.number} ends as ${record.number}`);
      open.delete(tid);
      born.delete(tid);
    } else if (record.type === 'end') open.delete(tid);
  }
  return threads;
}

/** exec by another thread than the first: the call goes on under the first one's id. */
function moveCall(open: Map<number, TracedCall>, { tid, oldTid }: TracedRecord): void {
  const call = open.get(oldTid);
  if (oldTid === tid || !call) return;
  open.delete(oldTid);
  open.set(tid, call);
}
