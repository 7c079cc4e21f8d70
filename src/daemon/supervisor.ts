// containerd, kept alive: started when its socket does not answer and none is configured, started again when it dies.
// Rule: it is never stopped together with the daemon unless this daemon is told to stop, and containers outlive both.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { patience } from '../base/patience.ts';
import { emit } from '../trace/recorder.ts';

const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** Of one that lives and is slow: one that ends is seen at once. */
const startTimeoutMs = 75_000 * patience;
const retryMs = 100 * patience;

export interface Supervisor {
  /** Socket to talk to. */
  address: string;
  /** Ends containerd if this daemon or an earlier one started it. */
  stop(): Promise<void>;
}

const pidFile = (): string => `${paths.runRoot}/tlab-containerd.pid`;

/** `options`: of our own containerd. Errors: unavailable when a configured containerd does not answer or ours does not come up. */
export async function superviseContainerd(
  configured: string | undefined,
  options: readonly string[],
): Promise<Supervisor> {
  if (configured !== undefined) {
    if (await answers(configured)) return { address: configured, stop: async () => {} };
    throw new LabError('unavailable', `containerd at ${configured}: it does not answer`, {
      hint: 'start it, or remove the key "containerd" from daemon.json',
    });
  }
  const keeper = new Keeper(options);
  if (!(await answers(paths.containerdSocket))) await keeper.start();
  else keeper.adopt();
  return { address: paths.containerdSocket, stop: () => keeper.stop() };
}

class Keeper {
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #delayMs = firstDelayMs;
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: readonly string[]) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const program = programPath();
    mkdirSync(dirname(paths.containerdSocket), { recursive: true, mode: 0o711 });
    const log = openSync(logFile(), 'a', 0o640);
    const argv = [program, ...this.#options];
    // Detached: it must not die with the daemon's session.
    const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', log, log], env: process.env });
    this.#child = child;
    emit('kernel.process-executed', {
      data: {
        executable: process.execPath,
        argv: [process.execPath, ...argv],
        ...(child.pid === undefined ? {} : { childPid: child.pid }),
      },
      cause: 'default:engine-housekeeping',
    });
    child.unref();
    if (child.pid !== undefined) writeFileSync(pidFile(), `${child.pid}\n`);
    child.on('exit', () => this.#exited());
    await this.#comesUp(child);
    this.#delayMs = firstDelayMs;
  }

  /** One that an earlier daemon started: watched by its socket file only when we must start it again. */
  adopt(): void {
    const pid = readPid();
    if (pid === undefined) return;
    this.#watchForeign(pid);
  }

  #watchForeign(pid: number): void {
    this.#timer = setInterval(() => {
      if (readPid() === pid) return; // a pid that is in use may be a zombie's, or another program's by now
      clearInterval(this.#timer);
      this.#exited();
    }, 1000);
    this.#timer.unref();
  }

  #exited(): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, longestDelayMs);
    this.#timer = setTimeout(() => {
      this.start().catch((error: Error) => process.emitWarning(`starting containerd: ${error.message}`));
    }, delayMs);
  }

  /** Woken by the socket's file, and from time to time: that file is there a moment before somebody listens, and no other may follow. */
  async #comesUp(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const attempt = (): void => {
      answers(paths.containerdSocket).then((isUp) => isUp && resolve(), reject);
    };
    const watcher = watch(dirname(paths.containerdSocket), attempt);
    const retry = setInterval(attempt, retryMs);
    const died = (): void => reject(new LabError('unavailable', `containerd ended while starting${lastWords()}`));
    child.once('exit', died);
    const timer = setTimeout(() => reject(new LabError('unavailable', 'containerd does not come up')), startTimeoutMs);
    attempt();
    try {
      await promise;
    } finally {
      watcher.close();
      clearInterval(retry);
      clearTimeout(timer);
      child.off('exit', died);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    clearInterval(this.#timer);
    const pid = this.#child?.pid ?? readPid();
    if (pid === undefined || !isAlive(pid)) return;
    process.kill(pid, 'SIGTERM');
  }
}

const logFile = (): string => `${paths.runRoot}/tlab-containerd.log`;

/** Why it ended: its log's last lines from the one that it says itself. */
function lastWords(): string {
  const text = readFileSync(logFile(), 'utf8').trimEnd();
  const at = text.lastIndexOf('tlab-containerd: ');
  return at < 0 ? `; see ${logFile()}` : `: ${text.slice(at)}`;
}

function programPath(): string {
  const here = import.meta.dirname;
  const places = [`${here}/tlab-containerd.cjs`, `${here}/../../dist/tlab-containerd.cjs`];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new LabError('unavailable', 'tlab-containerd.cjs: not built', { hint: 'run `npm run build`' });
}

/** Of a process that is still ours: pids are used again. */
function readPid(): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile(), 'utf8'));
    return Number.isSafeInteger(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('tlab-containerd')
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: socketPath });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
