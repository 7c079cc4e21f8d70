// tlab's registry: the distribution API 1.1 over HTTP or HTTPS. Each request goes: fault on demand → limit → who may → handler.
// Rule: whatever comes in, the answer is one of the specification's, and the next request finds the store whole.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabError } from '../../base/errors.ts';
import { Access, type AccessOptions } from './access.ts';
import { Refused, refusalOf, sendRefusal } from './errors.ts';
import { type Limits, type Parts, sendJson } from './exchange.ts';
import { type Fault, Faults } from './faults.ts';
import { takeStorage } from './lock.ts';
import { type ProxyOptions, PullThrough } from './pull-through.ts';
import { routeOf } from './routes.ts';
import { Store } from './store.ts';
import { Uploads } from './uploads.ts';

export interface RegistryServerOptions {
  /** `127.0.0.1`, `0.0.0.0`, `::` */
  address: string;
  /** 0: any that is free. */
  port: number;
  storage: string;
  tls?: { cert: string; key: string };
  access: Omit<AccessOptions, 'isTls'>;
  limits?: Partial<Limits>;
  faults?: readonly Fault[];
  proxy?: ProxyOptions;
  /** A line for each request. */
  log?: (line: RequestLine) => void;
}

export interface RequestLine {
  address: string;
  method: string;
  /** With its query, at most 300 characters. */
  path: string;
  status: number;
  durationMs: number;
}

export const usualLimits: Limits = { blobBytes: 10 * 1024 ** 3, manifestBytes: 4 * 1024 ** 2, requests: 256 };

/** A client that says nothing for so long is gone. */
const silenceMs = 60_000;
const mostConnections = 2048;
const sweepMs = 3600 * 1000;

export interface RegistryServer extends AsyncDisposable {
  port: number;
  close(): Promise<void>;
}

/** Errors: unavailable when the address is taken or the storage has another server. */
export async function startRegistry(options: RegistryServerOptions): Promise<RegistryServer> {
  const lock = await takeStorage(options.storage);
  try {
    const store = new Store(options.storage);
    await store.open();
    const uploads = new Uploads(store);
    await uploads.sweep();
    const proxy = options.proxy === undefined ? undefined : new PullThrough(store, uploads, options.proxy);
    const parts: Parts = { store, uploads, limits: { ...usualLimits, ...options.limits }, proxy };
    const server = await listen(options, handlerOf(parts, options));
    const sweeping = setInterval(() => void uploads.sweep().catch(() => undefined), sweepMs).unref();
    const close = async (): Promise<void> => {
      clearInterval(sweeping);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      proxy?.close();
      lock.close();
    };
    return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function listen(
  { address, port, tls }: RegistryServerOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  const timing = { requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 30_000 };
  const server =
    tls === undefined ? http.createServer(timing, handler) : https.createServer({ ...timing, ...tls }, handler);
  server.maxConnections = mostConnections;
  server.setTimeout(silenceMs);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause: NodeJS.ErrnoException) =>
    reject(new LabError('unavailable', `listening on ${address}:${port}: ${cause.code ?? cause.message}`, { cause })),
  );
  server.listen(port, address, resolve);
  await promise;
  return server;
}

function handlerOf(parts: Parts, options: RegistryServerOptions) {
  const access = new Access({ ...options.access, isTls: options.tls !== undefined });
  const faults = new Faults(options.faults ?? []);
  let running = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const begin = performance.now();
    const { method = 'GET', url = '/' } = request;
    const address = request.socket.remoteAddress ?? '';
    running++;
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('close', () => {
      running--;
      const durationMs = performance.now() - begin;
      options.log?.({ address, method, path: url.slice(0, 300), status: response.statusCode, durationMs });
    });
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    answer({ parts, access, faults, request, response, isBusy: running > parts.limits.requests }).catch((error) => {
      const refused = refusalOf(error);
      // An upload that was not read to its end: the connection is not fit for another request.
      if (!request.complete) response.setHeader('connection', 'close');
      sendRefusal(response, refused);
    });
  };
}

interface Arrival {
  parts: Parts;
  access: Access;
  faults: Faults;
  request: IncomingMessage;
  response: ServerResponse;
  isBusy: boolean;
}

async function answer({ parts, access, faults, request, response, isBusy }: Arrival): Promise<void> {
  const { method = 'GET', url: target = '/' } = request;
  const base = 'http://registry';
  if (!target.startsWith('/') || !URL.canParse(target, base)) throw new Refused('NAME_INVALID', 'the path is none');
  const url = new URL(target, base);
  if (isBusy) {
    throw new Refused('TOOMANYREQUESTS', 'the registry is busy', { headers: { 'retry-after': '1' } });
  }
  if (url.pathname === '/token') {
    sendJson(response, await access.token(request, await tokenParameters(request, url)));
    return;
  }
  const fault = faults.meet(request, response, url.pathname);
  const { repository, rest, action, handler } = routeOf(method, url.pathname);
  const client = await access.check(request, repository, action);
  if (parts.proxy !== undefined && action !== 'pull') {
    throw new Refused('UNSUPPORTED', 'this registry is a cache of another: push there');
  }
  await handler({ ...parts, request, response, url, repository, client, rest, fault });
}

const largestFormBytes = 64 * 1024;

async function tokenParameters(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  if (request.method === 'GET') return url.searchParams;
  if (request.method !== 'POST') throw new Refused('UNSUPPORTED', 'a token is asked for with GET or POST');
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > largestFormBytes) throw new Refused('SIZE_INVALID', 'the form is too large');
  }
  return new URLSearchParams(text);
}
