// The CLI's connection to the daemon: which socket, and what to do when nothing answers there.
// Rule: the daemon is started only as root, only on its usual socket, and only after a call found nobody there.
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { type ApiRequest, type DaemonClient, daemonClient } from '../daemon/client.ts';
import { isTraced } from '../trace/recorder.ts';
import { say } from './terminal.ts';
import { requestsMayGo } from './trace/hold.ts';

/** `--host` or TLAB_HOST, `unix:///path`; else the usual socket. */
export function socketPath(host: string | undefined = process.env.TLAB_HOST): string {
  if (host === undefined || host === '') return paths.daemonSocket;
  const path = /^unix:\/\/(\/.*)$/.exec(host)?.[1];
  if (path === undefined) throw new LabError('usage', `--host "${host}": expected unix:///PATH`);
  return path;
}

/** A client that starts nothing: for looking at what is there. */
export const connectAsItIs = (): DaemonClient => daemonClient(socketPath());

/** A client that starts the daemon when its first call finds none. */
export function connect(): DaemonClient {
  const path = socketPath();
  const client = daemonClient(path);
  let ready: Promise<void> | undefined = isTraced()
    ? Promise.all([ensureDaemon(path), requestsMayGo()]).then(() => undefined)
    : undefined;
  const calling = async <T>(call: () => Promise<T>): Promise<T> => {
    if (ready !== undefined) await ready;
    try {
      return await call();
    } catch (error) {
      if (ready !== undefined || !isNobodyThere(error)) throw error;
      ready = ensureDaemon(path);
      await ready;
      return await call();
    }
  };
  return {
    json: <T>(request: ApiRequest) => calling(() => client.json<T>(request)),
    stream: (request) => {
      // What is sent can be read once: there is no second call.
      if (request.upload !== undefined) ready ??= ensureDaemon(path);
      return calling(() => client.stream(request));
    },
    hijack: (request) => calling(() => client.hijack(request)),
  };
}

const isNobodyThere = (error: unknown): boolean =>
  error instanceof LabError &&
  error.kind === 'unavailable' &&
  ['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(String(error.data?.errno));

/** Returns when the daemon answers; starts it when nobody does and this is root. */
export async function ensureDaemon(path: string = socketPath()): Promise<void> {
  const { answers } = await import('../engine/answers.ts');
  const state = await answers(path);
  if (state === 'yes') return;
  if (state === 'forbidden') {
    throw new LabError('permissionDenied', `the daemon's socket ${path} is for root and the group tlab`, {
      hint: 'sudo tlab …, or join the group: sudo usermod -aG tlab $USER',
    });
  }
  if (path !== paths.daemonSocket || process.getuid?.() !== 0) {
    throw new LabError('unavailable', `the daemon is not running at ${path}`, { hint: 'sudo tlab system start' });
  }
  await requestsMayGo();
  say('starting the daemon');
  const { launchDaemon } = await import('../engine/launch.ts');
  await launchDaemon();
}
