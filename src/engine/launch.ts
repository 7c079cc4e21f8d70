// Starts and stops the daemon. Ready means that its socket takes a connection; nothing waits a fixed time.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { patience } from '../base/patience.ts';
import { childSpan } from '../trace/context.ts';
import { emit } from '../trace/recorder.ts';
import { answers } from './answers.ts';
import { packageRoot } from './package.ts';
import { endProcess, engineProcesses } from './processes.ts';

/** Of a daemon that lives and is slow, as in an emulated machine: one that ends is seen at once. Longer than containerd's (supervisor.ts). */
const startDeadlineMs = 90_000 * patience;
const stopDeadlineMs = 15_000;
/** How soon to try again when no file changed: the socket's file is there a moment before it listens. */
const retryMs = 20 * patience;

export const daemonLog = (): string => join(paths.runRoot, 'tlabd.log');

/** Starts the daemon, detached from this terminal, and returns when it answers. Errors: unavailable, with its last words. */
export async function launchDaemon(): Promise<void> {
  mkdirSync(paths.runRoot, { recursive: true, mode: 0o711 });
  const log = openSync(daemonLog(), 'a', 0o640);
  const from = readFileSync(daemonLog()).length;
  const span = childSpan();
  const door = { door: 'exec', peer: 'daemon', method: 'start' } as const;
  if (span !== undefined) {
    emit('cli.request-sent', { span: span.context.spanId, data: { ...door, parent: span.parent } });
  }
  const env = span === undefined ? process.env : { ...process.env, TRACEPARENT: span.traceparent };
  const child = spawn(process.execPath, daemonProgram(), {
    detached: true,
    cwd: '/',
    env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const failure = await untilReady(child);
  if (span !== undefined) {
    const end = failure === undefined ? { status: 0 } : { status: 1, error: failure };
    emit('cli.response-received', { span: span.context.spanId, data: { ...door, ...end } });
  }
  if (failure === undefined) return;
  if (await hasLostItsSocket()) {
    throw new LabError('unavailable', `the daemon runs, but the file of its socket ${paths.daemonSocket} is gone`, {
      hint: 'tlab system stop, then tlab system start; containers run on',
    });
  }
  const words = readFileSync(daemonLog()).subarray(from).toString('utf8').trim().split('\n');
  throw new LabError('unavailable', `starting the daemon: ${lastWords(words) ?? failure}`, {
    hint: hintIn(words) ?? `read ${daemonLog()}, and run: tlab doctor`,
  });
}

const lastWords = (lines: readonly string[]): string | undefined =>
  lines
    .findLast((line) => line.startsWith('tlabd: '))
    ?.slice('tlabd: '.length)
    .trim();

/** The daemon's own advice. */
const hintIn = (lines: readonly string[]): string | undefined =>
  lines
    .findLast((line) => /^\s*try: /.test(line))
    ?.trim()
    .slice('try: '.length);

function daemonProgram(): string[] {
  const bundle = join(packageRoot(), 'dist/tlabd.cjs');
  return [existsSync(bundle) ? bundle : join(packageRoot(), 'src/daemon/main.ts')];
}

/** Undefined once the daemon answers; else why it will not. */
async function untilReady(child: ChildProcess): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const attempt = async (): Promise<void> => {
    if ((await answers(paths.daemonSocket)) === 'yes') resolve(undefined);
  };
  // Somebody else may have started one in the same moment: then ours ends, and theirs answers. One that lost its socket never does.
  child.on('exit', (code, signal) => {
    void attempt().then(async () => {
      const isAlone = !engineProcesses().some((other) => other.kind === 'tlabd');
      if (isAlone || (await hasLostItsSocket())) resolve(`it ended with ${signal ?? code}`);
    });
  });
  const watcher = watch(paths.runRoot, () => void attempt());
  const retry = setInterval(() => void attempt(), retryMs);
  const deadline = setTimeout(() => resolve(`it does not answer within ${startDeadlineMs / 1000} s`), startDeadlineMs);
  try {
    return await promise;
  } finally {
    watcher.close();
    clearInterval(retry);
    clearTimeout(deadline);
    child.removeAllListeners('exit');
  }
}

/** Somebody listens at the daemon's socket, and its file was removed or replaced. @source uapi linux/net.h: the flag of one that listens */
async function hasLostItsSocket(): Promise<boolean> {
  const bound = readFileSync('/proc/net/unix', 'utf8').split('\n');
  const listens = bound.some((line) => line.endsWith(` ${paths.daemonSocket}`) && line.split(' ')[3] === '00010000');
  return listens && (await answers(paths.daemonSocket)) === 'no';
}

/** Ends daemon and containerd; shims and containers stay. The names of what was stopped. */
export async function stopEngine(): Promise<string[]> {
  const stopped: string[] = [];
  for (const kind of ['tlabd', 'tlab-containerd'] as const) {
    for (const { pid } of engineProcesses().filter((each) => each.kind === kind)) {
      const gone = await endProcess(pid, 'SIGTERM', stopDeadlineMs);
      if (!gone) await endProcess(pid, 'SIGKILL', stopDeadlineMs);
      stopped.push(`${kind} (${pid})`);
    }
  }
  for (const file of [paths.daemonSocket, paths.daemonPidFile]) rmSync(file, { force: true });
  return stopped;
}
