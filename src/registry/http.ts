// One HTTP request, with the failures of networks in words. Redirects are followed by the rule that matters: what proves who
// we are (headers, forms, client certificates) goes to the origin that asked for it and to no other, and neither do uploads.
// node:http is loaded when the first request is made: it costs every process that imports it 25 ms.
import type { Agent, ClientRequest, RequestOptions } from 'node:http';
import { LabError } from '../base/errors.ts';
import { traced } from './http-events.ts';
import type { ClientCertificate, HttpBody, HttpRequest, HttpResponse } from './http-message.ts';

export type { ClientCertificate, HttpBody, HttpRequest, HttpResponse } from './http-message.ts';

export interface HttpOptions {
  /** False: certificates are not checked (a registry that the configuration calls insecure). */
  verify: boolean;
  /** Host whose certificate `verify: false` leaves unchecked, and that sees our certificate; any host when undefined. */
  hostname?: string | undefined;
  /** Certificates of authorities to trust; asked when the first https request is made. */
  certificates?: (() => Promise<string[]>) | undefined;
  /** What proves who we are to a registry that asks for it. */
  clientCertificate?: (() => Promise<ClientCertificate | undefined>) | undefined;
  /** Until the connection stands, name look-up and TLS included. */
  connectTimeoutMs?: number;
  /** Longest silence of a connection that stands. */
  idleTimeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Whose requests these are in a trace; `containerd` unless told. */
  stage?: 'containerd' | 'daemon' | undefined;
}

/** A host that drops packets must not hold up the fallback for long. */
const defaultConnectTimeoutMs = 4_000;
const defaultIdleTimeoutMs = 60_000;
const mostRedirects = 5;
const secretHeaders = ['authorization', 'cookie'];

export class HttpTransport {
  readonly #options: HttpOptions;
  readonly #agents = new Map<string, Agent>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Any status but a redirect comes back as an answer. Errors: unavailable, cancelled. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    let { url, headers = {} } = request;
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const response = await traced(this.#options.stage, { ...request, url, headers }, (one) => this.#send(one));
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      response.body.resume();
      const next = redirectTarget(url, location);
      checkRedirect(request, { from: url, to: next, status: response.status });
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
    throw new LabError('unavailable', `${request.url.host}: more than ${mostRedirects} redirects`);
  }

  /** Closes the connections that were kept for the next request. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    const { url } = request;
    const agent = await this.#agent(url);
    const body = request.form === undefined ? request.body : formBody(request.form);
    const module = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
    const options: RequestOptions = { method: request.method ?? 'GET', headers: headersOf(request, body), agent };
    if (this.#options.signal !== undefined) options.signal = this.#options.signal;
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const sent = module.request(url, options);
    this.#limitTimes(sent, url);
    sent.on('error', (error) => reject(networkError(url, error)));
    sent.once('response', (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer, url });
    });
    if (body === undefined) sent.end();
    else writeBody(sent, body).catch((error) => sent.destroy(error));
    return promise;
  }

  #limitTimes(sent: ClientRequest, url: URL): void {
    const connecting = setTimeout(
      () => sent.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
      this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    );
    const connected = () => clearTimeout(connecting);
    sent.once('socket', (socket) => {
      if (!socket.connecting) connected();
      else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
    });
    sent.setTimeout(this.#options.idleTimeoutMs ?? defaultIdleTimeoutMs, () =>
      sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ESILENT' })),
    );
    sent.once('close', connected);
  }

  async #agent(url: URL): Promise<Agent> {
    const isOwn = this.#options.hostname === undefined || url.hostname === this.#options.hostname;
    const key = `${url.protocol} ${isOwn}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    if (url.protocol === 'https:') await this.#mustResolve(url);
    const agent = url.protocol === 'https:' ? await this.#tlsAgent(isOwn) : plainAgent();
    this.#agents.set(key, agent);
    return agent;
  }

  /** Reading certificates takes 100 ms, which a host without network should not wait for. Behind a proxy names need not resolve. */
  async #mustResolve(url: URL): Promise<void> {
    if (process.env.HTTPS_PROXY ?? process.env.https_proxy) return;
    const { lookup } = process.getBuiltinModule('node:dns/promises');
    const timeoutMs = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject({ code: 'EAI_AGAIN', message: 'no answer in time' }), timeoutMs);
    try {
      await Promise.race([lookup(url.hostname.replace(/^\[|\]$/g, '')), late.promise]);
    } catch (error) {
      throw networkError(url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A host that the registry sends us to is checked as any other, and sees nothing of ours. */
  async #tlsAgent(isOwn: boolean): Promise<Agent> {
    const { certificates, clientCertificate } = this.#options;
    const verify = this.#options.verify || !isOwn;
    const ca = verify ? await certificates?.() : undefined;
    const own = isOwn ? await clientCertificate?.() : undefined;
    const options = { ...common, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }), ...own };
    return new (process.getBuiltinModule('node:https').Agent)(options);
  }
}

function headersOf(request: HttpRequest, body: HttpBody | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'tlab', ...request.headers };
  if (request.form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (body !== undefined) headers['content-length'] = `${body.sizeBytes}`;
  else if (request.method === 'POST' || request.method === 'PUT') headers['content-length'] = '0';
  return headers;
}

function formBody(form: Record<string, string>): HttpBody {
  const bytes = Buffer.from(new URLSearchParams(form).toString());
  return bodyOf(bytes);
}

/** Bytes in memory as a body. */
export const bodyOf = (bytes: Uint8Array): HttpBody => ({ sizeBytes: bytes.length, open: () => [bytes] });

/** Stops quietly when the other side has answered and closed: its answer says why. */
async function writeBody(sent: ClientRequest, body: HttpBody): Promise<void> {
  for await (const chunk of body.open()) {
    if (sent.destroyed) return;
    if (!sent.write(chunk)) await untilDrained(sent);
  }
  sent.end();
}

function untilDrained(sent: ClientRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    sent.off('drain', done).off('close', done);
    resolve();
  };
  sent.on('drain', done).on('close', done);
  return promise;
}

/** Connections are kept for the next request; HTTPS_PROXY and NO_PROXY are heeded. */
const common = { keepAlive: true, proxyEnv: process.env };

const plainAgent = (): Agent => new (process.getBuiltinModule('node:http').Agent)(common);

function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from)) throw new LabError('unavailable', `${from.host}: it redirects to "${location}"`);
  const to = new URL(location, from);
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw new LabError('unavailable', `${from.host}: it redirects from https to ${to.protocol.replace(':', '')}`);
}

/** A body (an upload, a form with a token) stays with the origin that it was meant for. @source RFC 9110 15.4 */
function checkRedirect(request: HttpRequest, how: { from: URL; to: URL; status: number }): void {
  const { from, to, status } = how;
  const { method = 'GET' } = request;
  if (method === 'GET' || method === 'HEAD') return;
  if (to.origin === from.origin && (status === 307 || status === 308)) return;
  throw new LabError(
    'permissionDenied',
    `${from.host}: it redirects a ${method} to ${to.host} (${status}): what is sent stays with ${from.host}`,
  );
}

const withoutSecrets = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.includes(name.toLowerCase())));

/** What codes of Node and OpenSSL mean for a person. @source man connect(2), getaddrinfo(3) */
const reasons: Record<string, string> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve: no name server answers',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  ENETUNREACH: 'this host has no route to it',
  EHOSTUNREACH: 'this host has no route to it',
  ETIMEDOUT: 'it does not answer',
  ESILENT: 'it stopped answering',
};

const isTlsCode = (code: string): boolean => /CERT|TLS|SSL|^EPROTO|UNABLE_TO|SELF_SIGNED|HOSTNAME/.test(code);

/** Why no answer came. `data.reachable` is false when not even a connection stood. */
export function networkError(url: URL, thrown: unknown): LabError {
  const error = thrown as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  if (error.name === 'AbortError')
    return new LabError('cancelled', `${url.host}: the request was cancelled`, { cause: error });
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  if (isTlsCode(code)) {
    return new LabError('unavailable', `${url.host} cannot be reached: no trusted TLS connection (${code})`, {
      cause: error,
      hint: `if it is a registry of your own, name ${url.host} under "insecure-registries" in daemon.json`,
      data: { code, tls: true },
    });
  }
  const reason = reasons[code] ?? error.message;
  const suffix = code === '' ? '' : ` (${code})`;
  return new LabError('unavailable', `${url.host} cannot be reached: ${reason}${suffix}`, {
    cause: error,
    data: { code },
  });
}

/** A small body as bytes. Errors: dataLoss when it is larger, unavailable when it breaks off. */
export async function readBody(response: HttpResponse, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkError(response.url, error);
  }
  if (length > mostBytes) throw new LabError('dataLoss', `${response.url.host}: it sent more than ${mostBytes} bytes`);
  return Buffer.concat(chunks);
}
