// How the CLI (and tests) call the daemon: HTTP on its unix socket, one connection a request. Three forms: a JSON answer,
// a streamed answer, and a hijacked connection for attach and exec. Each call is a door: it is traced, carries the
// traceparent, and turns an error body back into the LabError that the daemon threw.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type ErrorKind, errorKinds, LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import type { Provenance } from '../trace/cause.ts';
import { childSpan } from '../trace/context.ts';
import { emit } from '../trace/recorder.ts';
import { redact, redactTarget } from '../trace/redact.ts';
import { apiVersion, type ErrorBody } from './protocol.ts';

export interface ApiRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT';
  /** Without the version: `/containers/create`. */
  path: string;
  /** Undefined values are left out; booleans become 1 and 0; a list is its name many times. */
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  body?: unknown;
  /** Bytes instead of a body: a build's context. They are sent as they come, and no faster than they are read. */
  upload?: { stream: Readable; type: string };
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Where the fields of `body` come from, for the trace: JSON pointer → flag or argument. */
  provenance?: Provenance;
}

/** A connection that left HTTP: bytes both ways. `multiplexed`: output comes in frames (see `demultiplexer`). */
export interface HijackedConnection {
  socket: Socket;
  multiplexed: boolean;
}

export interface DaemonClient {
  /** The parsed JSON answer; `undefined` when there is none (204, 304). */
  json<T>(request: ApiRequest): Promise<T>;
  /** The answer as it comes: logs, events, pull progress. The caller reads it to its end or destroys it. */
  stream(request: ApiRequest): Promise<IncomingMessage>;
  /** Attach and exec start. The caller ends the socket (half-close: end of standard input) and waits for its 'end'. */
  hijack(request: ApiRequest): Promise<HijackedConnection>;
}

/** A client of the daemon at `socketPath`. No connection is made until the first call. */
export function daemonClient(socketPath: string = paths.daemonSocket): DaemonClient {
  return {
    async json<T>(request: ApiRequest): Promise<T> {
      const text = await readText(await open(socketPath, request));
      return (text === '' ? undefined : JSON.parse(text)) as T;
    },
    stream: (request) => open(socketPath, request),
    hijack: (request) => upgrade(socketPath, request),
  };
}

interface Door {
  message: ClientRequest;
  answered(status: number, error?: string): void;
}

function send(socketPath: string, request: ApiRequest, extraHeaders: Record<string, string> = {}): Door {
  const span = childSpan();
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const target = `/v${apiVersion}${request.path}${queryString(request.query)}`;
  const method = `${request.method} ${request.path}`;
  const data = { door: 'http' as const, peer: 'daemon', method };
  if (span !== undefined) {
    emit('cli.request-sent', {
      span: span.context.spanId,
      data: {
        ...data,
        parent: span.parent,
        ...(request.body === undefined ? {} : { body: redact(request.body) }),
        ...(request.provenance === undefined ? {} : { provenance: request.provenance }),
      },
      twin: twinOf(
        `--unix-socket ${socketPath} -X ${request.method}`,
        redactTarget(target),
        redactedText(request.body),
      ),
    });
  }
  const message = httpRequest({
    method: request.method,
    path: target,
    createConnection: () => createConnection({ path: socketPath }),
    headers: {
      Host: 'tlab',
      ...(body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': `${Buffer.byteLength(body)}` }),
      ...(request.upload === undefined ? {} : { 'Content-Type': request.upload.type }),
      ...(request.method === 'POST' && body === undefined && request.upload === undefined
        ? { 'Content-Length': '0' }
        : {}),
      ...(span === undefined ? {} : { traceparent: span.traceparent }),
      ...request.headers,
      ...extraHeaders,
    },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  if (request.upload === undefined) message.end(body);
  else sendUpload(message, request.upload.stream);
  return {
    message,
    answered: (status, error) => {
      if (span === undefined) return;
      emit('cli.response-received', {
        span: span.context.spanId,
        data: { ...data, status, ...(error === undefined ? {} : { error }) },
      });
    },
  };
}

/** The daemon may answer, and refuse, before it has read everything: then the rest is not sent. */
function sendUpload(message: ClientRequest, stream: Readable): void {
  stream.on('error', (error) => message.destroy(error));
  message.on('response', (answer) => {
    if ((answer.statusCode ?? 0) < 400) return;
    stream.destroy();
    answer.once('end', () => message.destroy());
  });
  message.on('close', () => stream.destroy());
  stream.pipe(message);
}

function open(socketPath: string, request: ApiRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const door = send(socketPath, request);
  door.message.on('error', (error) => reject(connectionError(socketPath, error)));
  door.message.on('response', (answer) => {
    settle(answer, door).then(resolve, reject);
  });
  return promise;
}

async function settle(answer: IncomingMessage, door: Door): Promise<IncomingMessage> {
  const status = answer.statusCode ?? 0;
  if (status < 400) {
    door.answered(status);
    return answer;
  }
  const error = errorOfAnswer(status, await readText(answer));
  door.answered(status, error.message);
  throw error;
}

function upgrade(socketPath: string, request: ApiRequest): Promise<HijackedConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<HijackedConnection>();
  const door = send(socketPath, request, { Connection: 'Upgrade', Upgrade: 'tcp' });
  door.message.on('error', (error) => reject(connectionError(socketPath, error)));
  door.message.on('upgrade', (answer, socket, head) => {
    door.answered(answer.statusCode ?? 101);
    if (head.length > 0) socket.unshift(head);
    resolve({
      socket: socket as Socket,
      multiplexed: answer.headers['content-type']?.includes('multiplexed') ?? false,
    });
  });
  door.message.on('response', (answer) => {
    settle(answer, door).then(
      () => reject(new LabError('internal', `the daemon did not upgrade ${request.method} ${request.path}`)),
      reject,
    );
  });
  return promise;
}

function queryString(query: ApiRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) for (const each of value) parameters.append(key, each);
    else if (value !== undefined) parameters.set(key, typeof value === 'boolean' ? `${Number(value)}` : `${value}`);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

const redactedText = (body: unknown): string | undefined =>
  body === undefined ? undefined : JSON.stringify(redact(body));

function twinOf(options: string, target: string, body: string | undefined): string {
  const quoted = body === undefined ? '' : ` -H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`;
  return `curl ${options}${quoted} 'http://localhost${target}'`;
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function connectionError(socketPath: string, error: NodeJS.ErrnoException): LabError {
  // What was to be sent could not be read: that is no matter of the connection.
  if (error instanceof LabError) return error;
  if (error.name === 'AbortError') return new LabError('cancelled', 'the request was given up', { cause: error });
  return new LabError('unavailable', `connecting to the daemon at ${socketPath}: ${error.code ?? error.message}`, {
    cause: error,
    hint: 'start it with: sudo tlab system start',
    data: { errno: error.code },
  });
}

/** Docker's daemon sends only a message; then the kind is the first with that status. */
function errorOfAnswer(status: number, text: string): LabError {
  let body: Partial<ErrorBody> = {};
  try {
    body = JSON.parse(text) as Partial<ErrorBody>;
  } catch {
    body = { message: text.trim() };
  }
  const known = body.kind !== undefined && body.kind in errorKinds ? body.kind : kindOfStatus(status);
  return new LabError(known, body.message ?? `the daemon answered ${status}`, {
    ...(body.hint === undefined ? {} : { hint: body.hint }),
    data: { ...body.data, status },
  });
}

function kindOfStatus(status: number): ErrorKind {
  if (status === 409) return 'conflict';
  const found = Object.entries(errorKinds).find(([, row]) => row.http === status);
  return (found?.[0] ?? 'internal') as ErrorKind;
}

/** The values of a stream of JSON lines (events, pull progress), one by one. */
export async function* jsonLines<T>(stream: AsyncIterable<Buffer | string>): AsyncGenerator<T> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as T;
}

export type OutputStream = 'stdin' | 'stdout' | 'stderr';
const streamNames: readonly OutputStream[] = ['stdin', 'stdout', 'stderr'];

/**
 * Takes Docker's multiplexed frames apart: `push` bytes as they come, `deliver` gets the payloads in order.
 * @source docker-api POST /containers/{id}/attach: type, three zero bytes, length as 32-bit big-endian, payload
 */
export function demultiplexer(deliver: (stream: OutputStream, payload: Buffer) => void) {
  let pending: Buffer = Buffer.alloc(0);
  return {
    push(bytes: Buffer): void {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32BE(4)) {
        const end = 8 + pending.readUInt32BE(4);
        deliver(streamNames[pending[0] ?? 1] ?? 'stdout', pending.subarray(8, end));
        pending = pending.subarray(end);
      }
    },
  };
}
