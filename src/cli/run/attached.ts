// A container in the foreground: attach, wait, start, carry the streams, hand on the exit status.
// Order that must not change: attach, listening and wait come before start, or output and exit of a quick program are missed.
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { WaitResponse } from '../../daemon/protocol.ts';
import { followSize, rawTerminal } from './raw-terminal.ts';
import { proxySignals } from './signals.ts';
import { carryStreams, leaveRunning } from './streams.ts';

export interface Foreground {
  id: string;
  attached: { stdin: boolean; stdout: boolean; stderr: boolean };
  tty: boolean;
  /** Wait for the removal that --rm brings, not only for the exit. */
  untilRemoved: boolean;
  sigProxy: boolean;
  detachKeys: string | undefined;
  /** False for `attach`: the container runs already. */
  start: boolean;
}

/** Runs until the container has exited or the person has detached; the container's status. */
export async function runInForeground(client: DaemonClient, wanted: Foreground): Promise<number> {
  const path = `/containers/${wanted.id}`;
  const connection = await client.hijack({
    method: 'POST',
    path: `${path}/attach`,
    query: { stream: true, ...wanted.attached, detachKeys: wanted.detachKeys },
  });
  const condition = wanted.untilRemoved ? 'removed' : wanted.start ? 'next-exit' : 'not-running';
  const waiting = await client.stream({ method: 'POST', path: `${path}/wait`, query: { condition } });
  using _signals = wanted.sigProxy ? proxySignals((signal) => forward(client, path, signal)) : nothing;
  using _raw = wanted.tty && wanted.attached.stdin ? rawTerminal() : nothing;
  const { stdin } = wanted.attached;
  // Listening begins before the start: the end of a program that writes nothing is heard once, or never.
  const carried = carryStreams(connection, { stdin, tty: wanted.tty, detachKeys: wanted.detachKeys });
  try {
    if (wanted.start) await client.json({ method: 'POST', path: `${path}/start` });
  } catch (error) {
    connection.socket.destroy();
    waiting.destroy();
    await carried;
    throw error;
  }
  using _size = wanted.tty ? followSize((size) => resize(client, `${path}/resize`, size)) : nothing;
  const end = await carried;
  if (end !== 'closed') {
    waiting.destroy();
    return leaveRunning(end);
  }
  return await exitStatus(waiting);
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/** The program may be gone already: a size that comes too late is nobody's error. */
export function resize(client: DaemonClient, path: string, size: { rows: number; columns: number }): void {
  client.json({ method: 'POST', path, query: { h: size.rows, w: size.columns } }).catch(() => undefined);
}

function forward(client: DaemonClient, path: string, signal: string): void {
  client.json({ method: 'POST', path: `${path}/kill`, query: { signal } }).catch(() => undefined);
}

async function exitStatus(waiting: IncomingMessage): Promise<number> {
  const answered = await text(waiting).catch(() => ''); // cut off: it was killed
  if (answered === '') throw new LabError('unavailable', 'the daemon went away while the container ran');
  const answer = JSON.parse(answered) as WaitResponse;
  if (answer.Error?.Message) throw new LabError('internal', answer.Error.Message);
  return answer.StatusCode;
}
