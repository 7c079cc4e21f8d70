// The daemon's HTTP door: a unix socket, Docker's paths with or without version, JSON, streams and hijacked connections.
// Transport only: what an endpoint does stands in routes/. Every request is one span of its client's trace.
import { createServer, type IncomingMessage, maxHeaderSize, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { arch, release } from 'node:os';
import type { Duplex } from 'node:stream';
import { withRoom } from '../base/disk.ts';
import { errorKinds, LabError } from '../base/errors.ts';
import { endWhenRead, hasBody } from '../base/late-answer.ts';
import { paths } from '../base/paths.ts';
import { currentTrace } from '../trace/context.ts';
import { emit, traceDoor } from '../trace/recorder.ts';
import { redact } from '../trace/redact.ts';
import type { Engine } from './engine.ts';
import { apiVersion, type ErrorBody, minApiVersion } from './protocol.ts';
import { type Answer, type Call, type Match, type Route, router } from './router.ts';
import { parseBody } from './schema/fields.ts';

const serverName = `tlab/0.1.0 (linux; ${arch()}; ${release().split('-')[0]})`;

/** Sent with every answer: clients negotiate by them. @source docker-api GET /_ping */
export const commonHeaders = {
  'Api-Version': apiVersion,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: serverName,
};

/** A create request is a few kilobytes; nothing here needs more than this. */
const largestBodyBytes = 4 * 1024 * 1024;
/** Nothing in the API is deeper than a dozen. */
const deepestBody = 64;

export function createApiServer(engine: Engine, routes: readonly Route[]): Server {
  const find = router(routes);
  const door = traceDoor(paths.traces, 'daemon');
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
  const serve = (request: IncomingMessage, response: ServerResponse, connection: Connection | undefined): void => {
    const traceparent = request.headers.traceparent;
    door.run(typeof traceparent === 'string' ? traceparent : undefined, () => {
      answer({ engine, find, request, response, connection }).catch(() => response.destroy());
    });
  };
  server.on('request', (request, response) => serve(request, response, undefined));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // An upgrade has no response object of its own; this one writes plain answers (errors, most of all) on the socket.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => socket.end());
    socket.on('error', () => {});
    serve(request, response, { socket, head });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable) socket.end(unreadable(error.code === 'HPE_HEADER_OVERFLOW'));
  });
  return server;
}

/** The whole answer to bytes that are no HTTP request: there is no response object for them. */
function unreadable(isTooLarge: boolean): string {
  const [status, message] = isTooLarge
    ? ['431 Request Header Fields Too Large', `request headers: more than ${maxHeaderSize} bytes`]
    : [
        '400 Bad Request',
        'this is no HTTP request: expected a request line, headers and as much body as they announce',
      ];
  const body = `${JSON.stringify({ message, kind: 'invalidArgument' } satisfies ErrorBody)}\n`;
  const headers = `Content-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n`;
  return `HTTP/1.1 ${status}\r\n${headers}\r\n${body}`;
}

interface Connection {
  socket: Duplex;
  head: Buffer;
}

interface Exchange {
  engine: Engine;
  find: ReturnType<typeof router>;
  request: IncomingMessage;
  response: ServerResponse;
  connection: Connection | undefined;
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const method = request.method ?? 'GET';
  if (method !== 'GET' && method !== 'HEAD') exchange.engine.lastDeedAt = Date.now();
  let name = `${method} ${request.url}`;
  try {
    const url = urlOf(request.url ?? '/');
    const { version, path } = versionOf(url.pathname);
    name = `${method} ${path}`;
    checkVersion(version);
    const match = exchange.find(method, path);
    if (match === undefined) throw new LabError('notFound', 'page not found', { data: { path } });
    if (match === 'wrong-method') throw methodRefused(method, path);
    const result = await match.route.handler(callOf(exchange, { url, version, match, name }));
    received(name, request, undefined);
    if (result !== undefined) {
      send(response, result);
      sent(name, result.status);
    } else sent(name, response.headersSent ? response.statusCode : 101);
  } catch (thrown) {
    received(name, request, undefined);
    refuse(response, name, thrown);
  }
}

function urlOf(target: string): URL {
  const url = URL.parse(target, 'http://localhost');
  if (url === null) throw new LabError('invalidArgument', `request target "${target}": expected a path`);
  return url;
}

const methodRefused = (method: string, path: string): LabError =>
  new LabError('notImplemented', `${method} ${path}: this method is not there`, { data: { path } });

/** `/v1.47/info` → `[1, 47]` and `/info`. */
function versionOf(pathname: string): { version: readonly [number, number]; path: string } {
  const match = /^\/v(\d{1,3})\.(\d{1,3})(\/.*)$/.exec(pathname);
  if (match === null) return { version: numbersOf(apiVersion), path: pathname };
  return { version: [Number(match[1]), Number(match[2])], path: match[3] ?? '/' };
}

const numbersOf = (version: string): readonly [number, number] => {
  const [major = '1', minor = '0'] = version.split('.');
  return [Number(major), Number(minor)];
};

function checkVersion([major, minor]: readonly [number, number]): void {
  const asked = `${major}.${minor}`;
  if (major !== 1 || minor > numbersOf(apiVersion)[1]) {
    throw new LabError(
      'invalidArgument',
      `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  if (minor < numbersOf(minApiVersion)[1]) {
    throw new LabError(
      'invalidArgument',
      `client version ${asked} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
    );
  }
}

interface Target {
  url: URL;
  version: readonly [number, number];
  match: Match;
  name: string;
}

function callOf({ engine, request, response, connection }: Exchange, { url, version, match, name }: Target): Call {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  if (!hasDocument(request)) received(name, request, undefined);
  const rawBody = async (): Promise<unknown> => {
    const body = await readBody(request);
    if (body !== undefined) received(name, request, body);
    return body;
  };
  return {
    engine,
    request,
    response,
    version,
    parameters: Object.fromEntries(Object.entries(match.parameters).map(([key, value]) => [key, decode(value)])),
    query: url.searchParams,
    signal: controller.signal,
    rawBody,
    body: async (schema) => parseBody(schema, (await rawBody()) ?? {}),
    end: () => endWhenRead(response),
    hijack: (contentType) => hijack(response, connection, contentType),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new LabError('invalidArgument', `path segment "${text}": expected percent-encoded UTF-8`);
  }
}

/** Requests that were told of. */
const told = new WeakSet<IncomingMessage>();

/** Only requests that are traced are described. One with a document is told of when that was read; one with a stream (a context) before. */
function received(name: string, request: IncomingMessage, body: unknown): void {
  if (currentTrace() === undefined || told.has(request)) return;
  told.add(request);
  const peer = /^tlab/.test(request.headers['user-agent'] ?? 'tlab') ? 'cli' : 'client';
  const shown = body === undefined ? {} : { body: redact(body) };
  emit('daemon.request-received', { data: { door: 'http', peer, method: name, ...shown } });
}

/** Its handler may read it; it may also refuse before, and then it is told of with the answer. */
const hasDocument = (request: IncomingMessage): boolean => hasBody(request) && isJson(request.headers['content-type']);

const isJson = (type: string | undefined): boolean => /^(application|text)\/json\b/i.test(type ?? '');

function sent(name: string, status: number, error?: string): void {
  const failure = error === undefined ? {} : { error };
  emit('daemon.response-sent', { data: { door: 'http', peer: 'cli', method: name, status, ...failure } });
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > largestBodyBytes)
      throw new LabError('invalidArgument', `request body: more than ${largestBodyBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  const document = Buffer.concat(chunks).toString('utf8');
  if (document.trim() === '') return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!isJson(type)) {
    throw new LabError('invalidArgument', `unsupported Content-Type header (${type}): must be 'application/json'`);
  }
  // Those who walk what is parsed are recursive.
  if (nestingOf(document) > deepestBody)
    throw new LabError('invalidArgument', `request body: it is nested deeper than ${deepestBody} levels`);
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new LabError('invalidArgument', `request body: it is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** How deep JSON is, without parsing it. What stands in strings does not count. */
function nestingOf(document: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < document.length; at++) {
    const character = document[at];
    if (character === '"') isInString = !isInString;
    else if (isInString) at += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

function send(response: ServerResponse, { status, json, text, headers }: Answer): void {
  const body = json === undefined ? text : `${JSON.stringify(json)}\n`;
  const type = json === undefined ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, {
    ...commonHeaders,
    ...(body === undefined ? {} : { 'Content-Type': type, 'Content-Length': `${Buffer.byteLength(body)}` }),
    ...headers,
  });
  if (body !== undefined && response.req.method !== 'HEAD') response.write(body);
  endWhenRead(response);
}

function refuse(response: ServerResponse, name: string, thrown: unknown): void {
  const error = withRoom(thrown, paths.dataRoot);
  if (error.kind === 'internal') process.emitWarning(error.stack ?? error.message, { code: 'TLAB_INTERNAL' });
  const status = statusOf(error);
  sent(name, status, error.message);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body: ErrorBody = { message: error.message, kind: error.kind };
  if (error.hint !== undefined) body.hint = error.hint;
  if (error.data !== undefined) body.data = error.data;
  // A request whose body was not read must not be mistaken for the next one.
  send(response, { status, json: body, headers: response.req.complete ? {} : { Connection: 'close' } });
}

/** 499 is not a status that clients know. */
const statusOf = (error: LabError): number => (error.kind === 'cancelled' ? 500 : errorKinds[error.kind].http);

/** @source docker-api POST /containers/{id}/attach: 101 when the client asks for an upgrade, 200 when it just expects raw bytes */
function hijack(response: ServerResponse, connection: Connection | undefined, contentType: string): Duplex {
  const shared = Object.entries(commonHeaders).map(([key, value]) => `${key}: ${value}\r\n`);
  if (connection === undefined) {
    const socket = response.socket;
    if (socket === null) throw new LabError('cancelled', 'the client went away');
    response.detachSocket(socket);
    socket.removeAllListeners('data');
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n${shared.join('')}\r\n`);
    return socket;
  }
  const { socket, head } = connection;
  response.detachSocket(socket as Socket);
  if (head.length > 0) socket.unshift(head);
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${shared.join('')}\r\n`,
  );
  return socket;
}
