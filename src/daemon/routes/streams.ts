// Answers that flow: attach, logs, stats, events.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { LabError } from '../../base/errors.ts';
import { attachContainer } from '../container/attach.ts';
import { hasLog } from '../container/logging.ts';
import { statsOf } from '../container/stats.ts';
import { eventFilters, streamEvents } from '../event-stream.ts';
import { parseFilters } from '../filters.ts';
import { readLog } from '../log/reader.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { commonHeaders } from '../server.ts';
import { frameOf, unframed } from '../stdio/output.ts';
import { parseTimeNs } from '../time.ts';
import { containerOf } from './containers.ts';

/** Frames need another content type since 1.42; a terminal's bytes are always raw. @source docker-api version history */
export const streamType = (isTerminal: boolean, [, minor]: readonly [number, number]): string =>
  isTerminal || minor < 42 ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream';

const timeOf = (query: URLSearchParams, name: string): bigint | undefined => {
  const text = query.get(name);
  return text === null || text === '' || text === '0' ? undefined : parseTimeNs(text, name);
};

function tailOf(query: URLSearchParams): number | undefined {
  const text = query.get('tail') ?? '';
  if (text === '' || text === 'all' || text.startsWith('-')) return undefined;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

async function attach(call: Call): Promise<undefined> {
  const container = containerOf(call);
  if (container.status === 'paused')
    throw new LabError('conflict', `cannot attach to container "${container.name}": it is paused, must be running`);
  const { query } = call;
  const options = {
    stdin: boolean(query, 'stdin'),
    stdout: boolean(query, 'stdout'),
    stderr: boolean(query, 'stderr'),
    stream: boolean(query, 'stream'),
    logs: boolean(query, 'logs'),
  };
  const connection = call.hijack(streamType(container.record.config.Tty ?? false, call.version));
  await attachContainer(call.engine, { container, connection, options });
  return undefined;
}

async function logs(call: Call): Promise<undefined> {
  const container = containerOf(call);
  const { query, response, signal } = call;
  const wanted = { stdout: boolean(query, 'stdout'), stderr: boolean(query, 'stderr') };
  if (!wanted.stdout && !wanted.stderr)
    throw new LabError('invalidArgument', 'Bad parameters: you must choose at least one stream');
  if (!hasLog(container)) throw new LabError('notImplemented', 'configured logging driver does not support reading');
  const isTerminal = container.record.config.Tty ?? false;
  const options = {
    path: container.logPath,
    tail: tailOf(query),
    sinceNs: timeOf(query, 'since'),
    untilNs: timeOf(query, 'until'),
    follow: boolean(query, 'follow') ? container.log : undefined,
    signal,
  };
  response.writeHead(200, { ...commonHeaders, 'Content-Type': streamType(isTerminal, call.version) });
  response.flushHeaders();
  const frame = isTerminal ? unframed : frameOf;
  const hasTimes = boolean(query, 'timestamps');
  // The attributes of a line, of which we keep none, and a space.
  const details = boolean(query, 'details') ? ' ' : '';
  for await (const entry of readLog(options)) {
    if (!wanted[entry.stream]) continue;
    const line = Buffer.from(`${hasTimes ? `${entry.time} ` : ''}${details}${entry.log}`);
    if (!response.write(frame(entry.stream, line))) await drained(call);
    if (signal.aborted) break;
  }
  response.end();
  return undefined;
}

/** Returns when more can be written or the client is gone; leaves no listener on a signal that lives as long as the request. */
async function drained({ response, signal }: Call): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => undefined);
}

async function stats(call: Call): Promise<ReturnType<typeof json> | undefined> {
  const container = containerOf(call);
  const isStream = call.query.get('stream') === null || boolean(call.query, 'stream');
  if (!isStream) return json(await statsOf(call.engine, container, undefined));
  const { response, signal } = call;
  response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
  let previous: Awaited<ReturnType<typeof statsOf>> | undefined;
  while (!signal.aborted && call.engine.containers.has(container.id)) {
    previous = await statsOf(call.engine, container, previous);
    response.write(`${JSON.stringify(previous)}\n`);
    await everySecond(signal);
  }
  response.end();
  return undefined;
}

/** A measurement a second is what the API promises. @source docker-api GET /containers/{id}/stats */
async function everySecond(signal: AbortSignal): Promise<void> {
  await setTimeout(1000, undefined, { signal }).catch(() => undefined);
}

async function events(call: Call): Promise<undefined> {
  const { query, response } = call;
  const filters = parseFilters(query.get('filters'), eventFilters);
  const sinceNs = timeOf(query, 'since');
  const untilNs = timeOf(query, 'until');
  response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
  response.flushHeaders();
  await streamEvents(call.engine, response, { filters, sinceNs, untilNs, signal: call.signal });
  response.end();
  return undefined;
}

export const streamRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/containers/{id}/attach', handler: attach },
  { method: 'GET', pattern: '/containers/{id}/logs', handler: logs },
  { method: 'GET', pattern: '/containers/{id}/stats', handler: stats },
  { method: 'GET', pattern: '/events', handler: events },
];
