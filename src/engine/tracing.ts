// The system call tracer's life during one trace: started beside the command, ready before its first request, ended with it.
//   this process ── stdin (open: go on) ──▶ tlab-tracer ── parts/calls.bin
//                ◀── stdout: `ready`, at the end one line of counts; stderr: why it cannot ──
// Rule: the command's status never depends on it. Whatever goes wrong becomes a sentence of the trace's `blind`.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { paths } from '../base/paths.ts';
import { printable } from '../base/text.ts';
import { monotonicNow } from '../base/time.ts';
import { packageRoot } from './package.ts';
import { engineProcess } from './processes.ts';

/** Attaching takes some 40 ms; a machine under load is given more, and then the command goes on without. */
const readyDeadlineMs = 5_000;
/** From the end of stdin to the counts: what is still in the ring buffer is written. */
const endDeadlineMs = 10_000;

export const tracerProgram = (): string => join(packageRoot(), 'dist/bin/tlab-tracer');

export const tracerCounts = v.object({
  enters: v.number(),
  exits: v.number(),
  forks: v.number(),
  execs: v.number(),
  ends: v.number(),
  /** Did not fit into the ring buffer. */
  dropped: v.number(),
  /** The tracer's program was running already on that processor. */
  missed: v.number(),
  received: v.number(),
});
export type TracerCounts = v.InferOutput<typeof tracerCounts>;

/** What became of the tracer in one trace; kept in the trace's trace.json. */
export const tracerOutcome = v.object({
  /** Absent: it did not come to its end. */
  counts: v.optional(tracerCounts),
  attachMs: v.optional(v.number()),
  endMs: v.optional(v.number()),
  /** CLOCK_MONOTONIC in nanoseconds: nothing was seen after it. */
  endedNs: v.optional(v.string()),
  /** Why there are no system calls, or not all, and what to do. */
  blind: v.optional(v.string()),
});
export type TracerOutcome = v.InferOutput<typeof tracerOutcome>;

/** A tracer that runs, or why there is none. */
export interface Tracing {
  /** Settles when every call from now on is seen, or when it is known that none will be. Never rejects. */
  ready: Promise<void>;
  /** Why it does not run, once that is known. */
  failure(): string | undefined;
  /** Ends it and tells what became of it. Never rejects. */
  end(): Promise<TracerOutcome>;
}

/** For a command that asked for no system calls. */
export const withoutTracing = (blind: string): Tracing => ({
  ready: Promise.resolve(),
  failure: () => blind,
  end: () => Promise.resolve({ blind }),
});

export interface TracingOptions {
  program?: string;
  /** Processes to follow with all their children; by default this one, and the daemon and containerd that run already. */
  follow?: readonly number[];
}

/** Starts the tracer. */
export function startTracing(traceId: string, options: TracingOptions = {}): Tracing {
  const { program = tracerProgram(), follow = followed() } = options;
  if (!existsSync(program)) return withoutTracing(notBuilt);
  const output = `${paths.traces}/${traceId}/parts/calls.bin`;
  // A session of its own: Ctrl-C on the terminal is for the container, and its end is still to be seen.
  const argv = ['--output', output, '--follow', follow.join(','), ...bufferOption()];
  const child = spawn(program, argv, { detached: true, cwd: '/' });
  return new RunningTracer(child);
}

export const notBuilt =
  'system calls: the tracer is not built; install clang and libbpf-dev and run: sh scripts/setup.sh';

/** The ring buffer between kernel and tracer, in MB: for a host whose processes are faster than the tracer writes. */
function bufferOption(): string[] {
  const given = process.env.TLAB_TRACER_BUFFER_MB;
  return given === undefined ? [] : ['--buffer', given];
}

/** This process, and what runs already of its engine: later ones are its children. */
function followed(): number[] {
  const files = [paths.daemonPidFile, `${paths.runRoot}/tlab-containerd.pid`];
  const running = files.flatMap((file) => {
    try {
      const pid = Number(readFileSync(file, 'utf8'));
      return Number.isSafeInteger(pid) && engineProcess(pid) !== undefined ? [pid] : [];
    } catch {
      return []; // it does not run
    }
  });
  return [process.pid, ...running];
}

class RunningTracer implements Tracing {
  readonly ready: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #startedMs = performance.now();
  readonly #gone = Promise.withResolvers<void>();
  #out = '';
  #errors = '';
  #failure: string | undefined;
  #attachMs: number | undefined;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    const attached = Promise.withResolvers<void>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      if (this.#attachMs !== undefined || !this.#out.startsWith('ready\n')) return;
      this.#attachMs = performance.now() - this.#startedMs;
      attached.resolve();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2_000);
    });
    child.stdin.on('error', () => undefined); // it is gone already
    child.on('error', (error) => this.#fail(error.message));
    child.on('close', (code, signal) => {
      if (signal !== null) this.#fail(`it was ended by ${signal}`);
      else if (code !== 0) this.#fail(lastLine(this.#errors)?.replace(/^tlab-tracer: /, '') ?? `it ended with ${code}`);
      else if (this.#attachMs === undefined) this.#fail('it ended before it was ready');
      this.#gone.resolve();
    });
    this.ready = this.#within(Promise.race([attached.promise, this.#gone.promise]), readyDeadlineMs, 'was not ready');
  }

  failure(): string | undefined {
    return this.#failure;
  }

  async end(): Promise<TracerOutcome> {
    const from = performance.now();
    const endedNs = monotonicNow().toString();
    await this.ready;
    this.#child.stdin.end();
    await this.#within(this.#gone.promise, endDeadlineMs, 'did not end');
    const counts = this.#counts();
    if (counts === undefined) this.#fail('it ended without its counts');
    return {
      ...(counts && { counts }),
      ...(this.#attachMs !== undefined && { attachMs: this.#attachMs }),
      endMs: performance.now() - from,
      endedNs,
      ...(this.#failure !== undefined && { blind: this.#blind(this.#failure) }),
    };
  }

  #counts(): TracerCounts | undefined {
    try {
      return v.parse(tracerCounts, JSON.parse(lastLine(this.#out) ?? ''));
    } catch {
      return undefined;
    }
  }

  #blind(failure: string): string {
    const what = this.#attachMs === undefined ? 'system calls' : 'system calls: not all of them, the tracer failed';
    return `${what}: ${printable(failure)}; run: tlab doctor`;
  }

  /** The first reason is the one that led to the others. */
  #fail(reason: string): void {
    this.#failure ??= reason;
  }

  async #within(event: Promise<void>, deadlineMs: number, words: string): Promise<void> {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), deadlineMs);
    if ((await Promise.race([event, late.promise])) === 'late') {
      this.#fail(`the tracer ${words} within ${deadlineMs / 1000} s`);
      this.#child.kill('SIGKILL');
    }
    clearTimeout(timer);
  }
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;
